import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const BLOCK = 512;

/**
 * Takes one file out of a .tar.gz.
 * @param member its path in the archive
 * @throws Error when the archive is none, is cut off, or has no such file
 */
export async function takeFromTarGz(archive: string, member: string, to: string): Promise<void> {
  const packed = createReadStream(archive);
  const unpacked = createGunzip();
  const flow = pipeline(packed, unpacked);
  // What goes wrong with the flow shows in the reading of it.
  flow.catch(() => {});
  const blocks = new Blocks(unpacked);
  try {
    await take(blocks, member, to);
  } finally {
    packed.destroy();
    unpacked.destroy();
    await flow.catch(() => {});
  }
}

async function take(blocks: Blocks, member: string, to: string): Promise<void> {
  let longName: string | null = null;
  for (;;) {
    const header = await blocks.read(BLOCK);
    // An archive ends with blocks of zeros.
    if (header === null || header.every((byte) => byte === 0)) throw new Error(`it has no file ${member}`);
    const { name, size, type } = parseHeader(header);
    if (type === 'L' || type === 'x') {
      const data = (await blocks.readWhole(size)).toString('utf8');
      longName = type === 'L' ? data.replace(/\0.*$/s, '') : (paxPath(data) ?? longName);
      continue;
    }
    const path = (longName ?? name).replace(/^(?:\.\/)+/, '');
    longName = null;
    if (path === member && (type === '0' || type === '\0')) {
      await pipeline(Readable.from(blocks.pieces(size)), createWriteStream(to));
      return;
    }
    await blocks.skip(size);
  }
}

function parseHeader(header: Buffer): { name: string; size: number; type: string } {
  const text = (from: number, length: number) =>
    header
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (Number.parseInt(text(148, 8), 8) !== sum) throw new Error('it is no tar archive, or a damaged one');
  const prefix = text(257, 5) === 'ustar' && text(345, 155);
  return {
    name: prefix ? `${prefix}/${text(0, 100)}` : text(0, 100),
    // More than eight GiB would be in base 256; no program is that large.
    size: Number.parseInt(text(124, 12), 8) || 0,
    type: String.fromCharCode(header[156]!),
  };
}

/** Of records `<length> <key>=<value>\n`. */
function paxPath(records: string): string | null {
  return records.match(/(?:^|\n)\d+ path=([^\n]*)\n/)?.[1] ?? null;
}

/** A stream in pieces of the length that is asked for. */
class Blocks {
  readonly #parts: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#parts = stream[Symbol.asyncIterator]();
  }

  /** null: it has ended before. */
  async read(length: number): Promise<Buffer | null> {
    while (this.#rest.length < length) {
      const next = await this.#next();
      if (next === null) return null;
      this.#rest = Buffer.concat([this.#rest, next]);
    }
    const piece = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return piece;
  }

  /** The data of a member, without what fills its last block. */
  async readWhole(size: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(size)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async skip(size: number): Promise<void> {
    for await (const _ of this.pieces(size));
  }

  /** The data of a member as it comes; then what fills its last block is gone too. */
  async *pieces(size: number): AsyncGenerator<Buffer> {
    for (let left = size; left > 0; ) {
      const part = this.#rest.length > 0 ? this.#rest : await this.#next();
      if (part === null) throw new Error('it ends in the middle');
      this.#rest = part.subarray(left);
      yield part.subarray(0, left);
      left -= Math.min(left, part.length);
    }
    await this.read((BLOCK - (size % BLOCK)) % BLOCK);
  }

  async #next(): Promise<Buffer | null> {
    const { done, value } = await this.#parts.next();
    return done ? null : value;
  }
}
