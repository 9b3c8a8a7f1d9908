import { createHash } from 'node:crypto';
import type { Random } from './types.ts';

const VOWELS = 'aeiou';
const CONSONANTS = 'bcdfghjklmnprstvwz';

/** The same draws for the same seed; two seeds, however alike, have nothing in common. */
export function randomFrom(...seed: readonly (string | number)[]): Random {
  const next = uniform(seed.join('\0'));
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const pick = <T>(items: readonly T[]): T => {
    if (items.length === 0) throw new RangeError('there is nothing to choose from');
    return items[int(0, items.length - 1)]!;
  };
  return {
    next,
    int,
    pick,
    some(items) {
      const one = pick(items);
      return items.filter((item) => item === one || next() < 0.5);
    },
    word: () => Array.from({ length: int(2, 4) }, () => pick([...CONSONANTS]) + pick([...VOWELS])).join(''),
  };
}

/** sfc32, the 32-bit small fast counter generator by Chris Doty-Humphrey (PractRand), seeded by the SHA-256 of a text. */
function uniform(seed: string): () => number {
  const digest = createHash('sha256').update(seed).digest();
  let [a, b, c, counter] = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at)) as [number, number, number, number];
  return () => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
}
