/** LZ77 over what pages of one shape have in common, done once a shape (RFC 1951, section 4). */

export const LONGEST_MATCH = 258;
const SHORTEST_MATCH = 4;
const WINDOW = 32_768;
/** Candidates that are looked at for each match. */
const CHAIN = 10;
const HASH_BITS = 16;

/** Tokens of each piece, in their order. */
export interface Matches {
  /** Token range of piece i: from starts[i] up to starts[i + 1]. */
  starts: Int32Array;
  /** Length of a match; negative: so many literals. */
  lengths: Int16Array;
  /** Where a match's source begins in the common text, and in which piece; of literals, where they stand themselves. */
  sources: Int32Array;
  pieces: Int32Array;
}

/**
 * Cuts the text into literals and matches. Both ends of a match lie within a piece each, so that what values are written
 * between pieces moves sources and destinations as wholes.
 * @param codes the text; characters that names take the place of have codes of their own
 * @param ends where each piece ends
 * @param mostBetween most bytes that a value puts between two pieces
 */
export function findMatches(codes: Uint16Array, ends: Int32Array, mostBetween: number): Matches {
  const head = new Int32Array(1 << HASH_BITS).fill(-1);
  const previous = new Int32Array(codes.length);
  const pieceOf = new Int32Array(codes.length);
  for (let piece = 0, at = 0; piece < ends.length; piece++) {
    pieceOf.fill(piece, at, ends[piece]);
    at = ends[piece]!;
  }
  const lengths: number[] = [];
  const sources: number[] = [];
  const pieces: number[] = [];
  const starts = new Int32Array(ends.length + 1);
  const hash = (at: number) =>
    Math.imul(codes[at]! ^ (codes[at + 1]! << 5) ^ (codes[at + 2]! << 11) ^ (codes[at + 3]! << 16), 0x9e3779b1) >>>
    (32 - HASH_BITS);
  const enter = (at: number) => {
    if (at + SHORTEST_MATCH > codes.length) return;
    const key = hash(at);
    previous[at] = head[key]!;
    head[key] = at;
  };
  const literal = (at: number, piece: number) => {
    const last = lengths.length - 1;
    if (last >= starts[piece]! && lengths[last]! < 0 && lengths[last]! > -LONGEST_MATCH) lengths[last]!--;
    else {
      lengths.push(-1);
      sources.push(at);
      pieces.push(piece);
    }
  };
  for (let piece = 0, at = 0; piece < ends.length; piece++) {
    starts[piece] = lengths.length;
    const end = ends[piece]!;
    while (at < end) {
      let best = SHORTEST_MATCH - 1;
      let from = -1;
      const room = Math.min(LONGEST_MATCH, end - at);
      if (room >= SHORTEST_MATCH) {
        let candidate = head[hash(at)]!;
        for (let tried = 0; candidate >= 0 && tried < CHAIN; tried++, candidate = previous[candidate]!) {
          const of = pieceOf[candidate]!;
          if (at - candidate + (piece - of) * mostBetween > WINDOW) break;
          const most = Math.min(room, ends[of]! - candidate);
          let length = 0;
          while (length < most && codes[candidate + length] === codes[at + length]) length++;
          if (length > best) {
            best = length;
            from = candidate;
          }
        }
      }
      const taken = from < 0 ? 1 : best;
      if (from < 0) literal(at, piece);
      else {
        lengths.push(best);
        sources.push(from);
        pieces.push(pieceOf[from]!);
      }
      for (let i = 0; i < taken; i++) enter(at + i);
      at += taken;
    }
  }
  starts[ends.length] = lengths.length;
  return {
    starts,
    lengths: Int16Array.from(lengths),
    sources: Int32Array.from(sources),
    pieces: Int32Array.from(pieces),
  };
}
