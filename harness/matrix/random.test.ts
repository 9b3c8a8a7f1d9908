import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from './random.ts';

const draws = (...seed: (string | number)[]) => {
  const random = randomFrom(...seed);
  return Array.from({ length: 20 }, () => random.next());
};

describe('random', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(draws(1, 'a')).toEqual(draws(1, 'a'));
    expect(draws(1, 'a')).not.toEqual(draws(1, 'b'));
    expect(draws(1, 23)).not.toEqual(draws(12, 3));
    expect(new Set(draws(1)).size).toBe(20);
  });

  it('draws whole numbers of both ends and everything between, alike', () => {
    const random = randomFrom('int');
    const counts = new Map<number, number>();
    for (let i = 0; i < 6000; i++) {
      const n = random.int(3, 5);
      counts.set(n, (counts.get(n) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual([3, 4, 5]);
    for (const count of counts.values()) expect(count).toBeGreaterThan(1800);
  });

  it('draws some, one at least, in their order, each as often as another', () => {
    const random = randomFrom('some');
    const sizes = new Set<number>();
    for (let i = 0; i < 200; i++) {
      const some = random.some([1, 2, 3]);
      expect(some).toEqual(some.toSorted((a, b) => a - b));
      sizes.add(some.length);
    }
    expect([...sizes].sort()).toEqual([1, 2, 3]);
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it('draws words that may stand wherever Kubernetes has names', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        expect(randomFrom(seed).word()).toMatch(/^[a-z]{4,8}$/);
      }),
    );
  });
});
