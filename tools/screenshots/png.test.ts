import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decode, withPalette } from './png.ts';

function chunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

/** RGB, rows with the byte of their filter. */
function rgb(width: number, rows: number[][]): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(rows.length, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const data = deflateSync(Uint8Array.from(rows.flat()));
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())]);
}

/** The colours of a picture with a palette, RRGGBBAA. */
function shown(png: Buffer): string[] {
  const body = (type: string) => {
    const at = png.indexOf(type, 0, 'latin1');
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4));
  };
  const [palette, alpha, width] = [body('PLTE'), body('tRNS'), body('IHDR').readUInt32BE(0)];
  const rows = inflateSync(body('IDAT'));
  return [...rows]
    .filter((_, i) => i % (width + 1) !== 0)
    .map((i) => palette.subarray(3 * i, 3 * i + 3).toString('hex') + alpha.subarray(i, i + 1).toString('hex'));
}

describe('pictures with a palette', () => {
  it('are the same, however their rows are filtered', () => {
    const png = rgb(2, [
      [0, 10, 20, 30, 40, 50, 60],
      // left, above, the mean of both, Paeth
      [1, 10, 20, 30, 30, 30, 30],
      [2, 1, 1, 1, 255, 255, 255],
      [3, 0, 0, 0, 0, 0, 0],
      [4, 1, 1, 1, 1, 1, 1],
    ]);
    const expected = ['0a141e', '28323c', '0a141e', '28323c', '0b151f', '27313b'];
    // (0 + 11) / 2, ... and (5 + 39) / 2, ...; then each a step from above.
    expected.push('050a0f', '161d25', '060b10', '171e26');
    expect(shown(withPalette(png))).toEqual(expected.map((colour) => `${colour}ff`));
    expect([...decode(png).data].map((c) => c.toString(16).padStart(8, '0'))).toEqual(expected.map((c) => `${c}ff`));
  });

  it('keep the 256 most frequent colours, and the others become the nearest of them', () => {
    const frequent = Array.from({ length: 256 }, (_, i) => [i, 0, 0, i, 0, 0]);
    const row = [0, ...frequent.flat(), 7, 1, 0];
    const colours = shown(withPalette(rgb(513, [row])));
    expect(new Set(colours).size).toBe(256);
    expect(colours.at(-1)).toBe('070000ff');
  });

  it('are refused when they are of another kind', () => {
    expect(() => withPalette(Buffer.from('GIF89a, say'))).toThrow('no PNG');
    const palette = withPalette(rgb(1, [[0, 1, 2, 3]]));
    expect(() => withPalette(palette)).toThrow('colour type 3');
  });
});
