import { createHash } from 'node:crypto';

/** Draws from the open interval (0, 1). */
export type Uniform = () => number;

const TWO_26 = 2 ** 26;
const TWO_52 = 2 ** 52;

/**
 * sfc32, the 32-bit small fast counter generator by Chris Doty-Humphrey (PractRand), seeded by the SHA-256 of a text:
 * texts that differ in one character give unrelated sequences.
 */
export function uniformFrom(seedText: string): Uniform {
  const next = sfc32(seedText);
  // 52 bits and a half: never 0, never 1, so that every quantile function is finite.
  return () => {
    const high = next() >>> 6;
    const low = next() >>> 6;
    return (high * TWO_26 + low + 0.5) / TWO_52;
  };
}

/** The raw generator: 32-bit unsigned integers. */
export function sfc32(seedText: string): () => number {
  const digest = createHash('sha256').update(seedText).digest();
  let a = digest.readInt32LE(0);
  let b = digest.readInt32LE(4);
  let c = digest.readInt32LE(8);
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i += 1) next();
  return next;
}
