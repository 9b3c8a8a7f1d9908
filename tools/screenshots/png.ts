import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** What a palette holds. */
const MOST_COLOURS = 256;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

interface Pixels {
  width: number;
  height: number;
  /** RGBA, row by row. */
  data: Uint32Array;
}

/**
 * The same picture with a palette of the 256 colours that it has most of, the others replaced by the nearest of them: a third of
 * the size for pages, which are made of few colours.
 * @param png as browsers write it: 8 bits, RGB or RGBA, not interlaced
 * @throws Error when it is another kind of PNG
 */
export function withPalette(png: Buffer): Buffer {
  const { width, height, data } = decode(png);
  const counts = new Map<number, number>();
  for (const colour of data) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, MOST_COLOURS);
  const colours = palette.map(([colour]) => colour);
  const indices = new Map([...counts.keys()].map((colour) => [colour, nearest(colour, colours)]));
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    // The first byte of a row says that it is not filtered.
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indices.get(data[y * width + x]!)!;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(colours.flatMap((c) => [c >>> 24, (c >>> 16) & 255, (c >>> 8) & 255]))),
    chunk('tRNS', Buffer.from(colours.map((c) => c & 255))),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function nearest(colour: number, colours: readonly number[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < colours.length && least > 0; i++) {
    const distance = [24, 16, 8, 0].reduce(
      (sum, shift) => sum + (((colour >>> shift) & 255) - ((colours[i]! >>> shift) & 255)) ** 2,
      0,
    );
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

/** @throws Error when it is no PNG as browsers write them */
export function decode(png: Buffer): Pixels {
  if (!png.subarray(0, 8).equals(SIGNATURE)) throw new Error('it is no PNG');
  const parts: Buffer[] = [];
  let header: Buffer = Buffer.alloc(0);
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') parts.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, type, , , interlaced] = header.subarray(8);
  if (depth !== 8 || (type !== 2 && type !== 6) || interlaced !== 0) {
    throw new Error(`a PNG of ${depth} bits, colour type ${type}, interlaced ${interlaced}`);
  }
  const bytes = unfiltered(inflateSync(Buffer.concat(parts)), { width, height, size: type === 6 ? 4 : 3 });
  return { width, height, data: bytes };
}

/** Rows as they were before each was written as a difference to what is left of it or above (PNG, 9.2), as RGBA. */
function unfiltered(raw: Buffer, { width, height, size }: { width: number; height: number; size: 3 | 4 }): Uint32Array {
  const stride = width * size;
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]!;
    const row = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let i = 0; i < stride; i++) {
      const left = i >= size ? row[i - size]! : 0;
      const corner = i >= size ? above[i - size]! : 0;
      row[i]! += predicted(filter, left, above[i]!, corner);
    }
    for (let x = 0; x < width; x++) {
      const [r, g, b, a] = row.subarray(x * size, (x + 1) * size);
      pixels[y * width + x] = ((r! << 24) | (g! << 16) | (b! << 8) | (a ?? 255)) >>> 0;
    }
    above = row;
  }
  return pixels;
}

function predicted(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const guess = left + above - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - above), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
