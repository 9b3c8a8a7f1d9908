import { crc32 } from 'node:zlib';
import { findMatches, LONGEST_MATCH, type Matches } from './matches.ts';

/** Where a page's text and values are: what PageWriter leaves behind. */
export interface Layout {
  /** Where each piece of the common text ends in it. */
  ends: Int32Array;
  /** By how much what stands in piece i has moved on the page. */
  shifts: Int32Array;
}

/** Magic, deflate, no flags, no time, fastest, unknown system (RFC 1952). */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];
/** The last block, of fixed Huffman codes. */
const FIXED_BLOCK = 0b011;

/**
 * Compresses pages of one shape as gzip: matches are looked for once, in what the pages have in common; values are literals. A
 * third of the time of zlib's fastest level, at about the same size.
 */
export class GzipWriter {
  readonly #matches: Matches;
  readonly maxBytes: number;

  /** @param maxBytes of a page */
  constructor(codes: Uint16Array, ends: Int32Array, mostBetween: number, maxBytes: number) {
    this.#matches = findMatches(codes, ends, mostBetween);
    this.maxBytes = Math.ceil((maxBytes * 9) / 8) + 64;
  }

  /** @param page as PageWriter wrote it, with its layout. @returns the length in `out`, which has room for `maxBytes` */
  write(out: Buffer, page: Buffer, { ends, shifts }: Layout): number {
    const { starts, lengths, sources, pieces } = this.#matches;
    let at = 0;
    for (; at < HEADER.length; at++) out[at] = HEADER[at]!;
    let bits = FIXED_BLOCK;
    let count = 3;
    let from = 0;
    for (let piece = 0; piece < ends.length; piece++) {
      const shift = shifts[piece]!;
      for (let token = starts[piece]!; token < starts[piece + 1]!; token++) {
        const length = lengths[token]!;
        if (length < 0) {
          for (const end = from - length; from < end; from++) {
            const code = LITERALS[page[from + shift]!]!;
            bits |= (code >>> 4) << count;
            count += code & 15;
            for (; count >= 8; count -= 8, bits >>>= 8) out[at++] = bits;
          }
          continue;
        }
        const code = LENGTHS[length]!;
        bits |= (code >>> 4) << count;
        count += code & 15;
        for (; count >= 8; count -= 8, bits >>>= 8) out[at++] = bits;
        const distance = from + shift - sources[token]! - shifts[pieces[token]!]! - 1;
        const slot = distance < 256 ? NEAR[distance]! : FAR[distance >>> 7]!;
        bits |= (REVERSED_SLOTS[slot]! | ((distance - SLOT_BASES[slot]!) << 5)) << count;
        count += 5 + SLOT_BITS[slot]!;
        for (; count >= 8; count -= 8, bits >>>= 8) out[at++] = bits;
        from += length;
      }
      // The value after the piece, digit by digit.
      if (piece === ends.length - 1) break;
      for (let i = from + shift, end = from + shifts[piece + 1]!; i < end; i++) {
        const code = LITERALS[page[i]!]!;
        bits |= (code >>> 4) << count;
        count += code & 15;
        for (; count >= 8; count -= 8, bits >>>= 8) out[at++] = bits;
      }
    }
    // End of block: seven zeros. Then whole bytes.
    count += 7;
    for (; count > 0; count -= 8, bits >>>= 8) out[at++] = bits;
    at = out.writeUInt32LE(crc32(page), at);
    return out.writeUInt32LE(page.length, at);
  }
}

/** The `width` lowest bits in the order in which Huffman codes are written. */
function reversed(value: number, width: number): number {
  let out = 0;
  for (let i = 0; i < width; i++) out |= ((value >>> i) & 1) << (width - 1 - i);
  return out;
}

/** Code and width of a literal or length symbol, as `code << 4 | width` (RFC 1951, 3.2.6). */
function symbol(value: number): { code: number; width: number } {
  if (value < 144) return { code: reversed(0x30 + value, 8), width: 8 };
  if (value < 256) return { code: reversed(0x190 + value - 144, 9), width: 9 };
  if (value < 280) return { code: reversed(value - 256, 7), width: 7 };
  return { code: reversed(0xc0 + value - 280, 8), width: 8 };
}

const LITERALS = Int32Array.from({ length: 256 }, (_, byte) => {
  const { code, width } = symbol(byte);
  return (code << 4) | width;
});

/** Of matches by their length, extra bits included (RFC 1951, 3.2.5). */
const LENGTHS = new Int32Array(LONGEST_MATCH + 1);
for (let base = 3, index = 257; index < 285; index++) {
  const extra = index < 265 ? 0 : Math.floor((index - 261) / 4);
  const { code, width } = symbol(index);
  for (let i = 0; i < 1 << extra && base + i <= LONGEST_MATCH; i++) {
    LENGTHS[base + i] = ((code | (i << width)) << 4) | (width + extra);
  }
  base += 1 << extra;
}
{
  const { code, width } = symbol(285);
  LENGTHS[LONGEST_MATCH] = (code << 4) | width;
}

/** Of distances less one: their code, by themselves below 256, by their 128th part above. */
const SLOT_BASES = new Int32Array(30);
const SLOT_BITS = new Int32Array(30);
const REVERSED_SLOTS = Int32Array.from({ length: 30 }, (_, slot) => reversed(slot, 5));
const NEAR = new Uint8Array(256);
const FAR = new Uint8Array(256);
for (let slot = 0, base = 0; slot < 30; slot++) {
  const extra = slot < 4 ? 0 : (slot >>> 1) - 1;
  SLOT_BASES[slot] = base;
  SLOT_BITS[slot] = extra;
  for (let i = base; i < base + (1 << extra); i++) {
    if (i < 256) NEAR[i] = slot;
    else FAR[i >>> 7] = slot;
  }
  base += 1 << extra;
}
