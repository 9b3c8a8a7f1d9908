import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ofCounts, ofQuantile, ofShares, type Quantiles } from './counting.ts';
import { beyond, ofPairs, ofRepeats, ofSpread, percent, pooledSpread, unknown } from './noise.ts';

const LEVEL = 0.95;

/** P(X = k) for k = 0 .. n. */
function binomial(n: number, p: number): number[] {
  const out = [(1 - p) ** n];
  for (let k = 1; k <= n; k += 1) out.push(((out[k - 1]! * (n - k + 1)) / k) * (p / (1 - p)));
  return out;
}

describe('shares', () => {
  it.each([
    [100, 100, 0.1],
    [100, 100, 0.9],
    [60, 200, 0.05],
    [150, 80, 0.5],
  ])('of %i and %i that are alike (%f) are called different at most once in twenty', (n, m, p) => {
    const [px, py] = [binomial(n, p), binomial(m, p)];
    let wrong = 0;
    for (const [x, left] of px.entries()) {
      for (const [y, right] of py.entries()) {
        if (left * right < 1e-9) continue;
        if (ofShares({ hits: x, of: n }, { hits: y, of: m }).judge(LEVEL).says === 'differs') wrong += left * right;
      }
    }
    expect(wrong).toBeLessThanOrEqual(1 - LEVEL);
    expect(wrong).toBeGreaterThan(0.001);
  });

  it('of nothing are unknown', () => {
    expect(ofShares({ hits: 0, of: 0 }, { hits: 1, of: 1 }).judge(LEVEL).says).toBe('unknown');
  });
});

describe('counts', () => {
  it('differ from where chance halves them so in one case of forty on either side', () => {
    // P(X >= 27) of 40 halves is 0.019, P(X >= 26) 0.040.
    expect(ofCounts(14, 26).judge(LEVEL)).toMatchObject({ says: 'same', noise: 12 });
    expect(ofCounts(13, 27).judge(LEVEL)).toMatchObject({ says: 'differs', noise: 12 });
  });

  it('are judged alike where the binomial distribution becomes the normal one', () => {
    const noise = (total: number) => ofCounts(total / 2, total / 2).judge(LEVEL).noise! / Math.sqrt(total);
    expect(noise(19_998)).toBeCloseTo(1.96, 1);
    expect(noise(20_002)).toBeCloseTo(1.96, 1);
  });
});

describe('quantiles', () => {
  /** Of an exponential distribution with this mean. */
  const exponential = (n: number, mean = 10): Quantiles => ({
    n,
    at: [0.5, 0.95, 0.99].map((p) => ({ p, value: -mean * Math.log(1 - p) })),
  });

  it('have the noise that ranks give them', () => {
    // Standard deviation of the quantile: mean x sqrt(p / (1 - p) / n), here of both.
    const { noise } = ofQuantile(exponential(10_000), exponential(10_000), 0.95).judge(LEVEL);
    expect(noise! / (1.96 * Math.SQRT2 * 10 * Math.sqrt(0.95 / 0.05 / 10_000))).toBeCloseTo(1, 1);
  });

  it('are never called different, and unknown beyond sampling', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0.01, max: 100, noNaN: true }), (n, factor) => {
        const { says, noise } = ofQuantile(exponential(n), exponential(n, 10 * factor), 0.99).judge(LEVEL);
        expect(says).not.toBe('differs');
        expect(noise === null).toBe(says === 'unknown');
      }),
    );
    expect(ofQuantile(exponential(1000), exponential(1000, 20), 0.5).judge(LEVEL).says).toBe('unknown');
  });
});

describe('repeats', () => {
  it('differ by Welch', () => {
    expect(ofRepeats([10, 11, 12], [14, 15, 16]).judge(LEVEL).says).toBe('differs');
    expect(ofRepeats([10, 11, 12], [11, 12, 13]).judge(LEVEL).says).toBe('same');
    expect(ofRepeats([10], [14, 15]).judge(LEVEL).says).toBe('unknown');
  });

  it('that are all alike vary by less than the step that they were measured in, not by nothing', () => {
    expect(ofRepeats([10, 10], [11, 11]).judge(LEVEL)).toMatchObject({ says: 'unknown', noise: null });
    // A step of 1 has a deviation of 1 / sqrt(12); of the difference of two means of two as well. t of 2 degrees: 4.303.
    expect(ofRepeats([10, 10], [11, 11], 1).judge(LEVEL)).toMatchObject({
      says: 'same',
      noise: expect.closeTo(4.303 / Math.sqrt(12), 2),
    });
    expect(ofRepeats([10, 10], [12, 12], 1).judge(LEVEL).says).toBe('differs');
    expect(ofSpread(10, 11, { deviation: 0, freedom: 5, from: '' }).judge(LEVEL).says).toBe('unknown');
    // Repeats that vary by more keep their own noise.
    const plain = ofRepeats([10, 20], [30, 41]).judge(LEVEL).noise;
    expect(ofRepeats([10, 20], [30, 41], 1).judge(LEVEL).noise).toBe(plain);
  });

  it('count for nothing within what is no difference by itself', () => {
    const test = ofRepeats([10, 10.1], [11, 11.1]);
    expect(beyond(0.2, 1, test, 'why').judge(LEVEL)).toEqual(test.judge(LEVEL));
    expect(beyond(0.5, 1, test, 'why').judge(LEVEL)).toMatchObject({ says: 'differs', noise: 0.5 });
    expect(beyond(2, 1, test, 'why').judge(LEVEL)).toEqual({ says: 'same', noise: 2, why: 'why' });
    expect(beyond(0.9, 1, unknown('so'), 'why').judge(LEVEL).says).toBe('unknown');
    expect(beyond(0.9, -1, unknown('so'), 'why').judge(LEVEL).says).toBe('unknown');
    expect(beyond(1.1, -1, unknown('so'), 'why').judge(LEVEL).says).toBe('same');
  });

  it('in pairs are freed of what each pair shares', () => {
    const [a, b] = [
      [10, 100, 1000],
      [12, 102.1, 1001.9],
    ];
    expect(ofPairs(a, b).judge(LEVEL).says).toBe('differs');
    expect(ofRepeats(a, b).judge(LEVEL).says).toBe('same');
    // Differences 1, 2, 3: a standard error of 1 / sqrt(3), and 4.303 of it with two degrees of freedom.
    expect(ofPairs([0, 0, 0], [1, 2, 3]).judge(LEVEL).noise).toBeCloseTo(4.303 / Math.sqrt(3), 2);
    expect(ofPairs([1], [2]).judge(LEVEL).says).toBe('unknown');
  });

  it('lend their spread, with the degrees of freedom that it was had with', () => {
    expect(pooledSpread([[99, 101], [198, 202], [7]])).toEqual({
      deviation: expect.closeTo(Math.SQRT2 / 100),
      freedom: 2,
    });
    expect(pooledSpread([[1], [2]])).toBeNull();
    const noise = (freedom: number) => ofSpread(1, 2, { deviation: 1, freedom, from: '' }).judge(LEVEL).noise;
    expect(noise(2)).toBeCloseTo(4.303, 2);
    expect(noise(1000)).toBeCloseTo(1.962, 2);
  });
});

it('levels have as many digits as tell them from certainty', () => {
  expect([0.95, 0.975, 0.9983].map(percent)).toEqual(['95%', '97.5%', '99.83%']);
});
