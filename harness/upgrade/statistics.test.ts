import { describe, expect, it } from 'vitest';
import { binomialTail, studentCdf, studentQuantile, welchInterval } from './statistics.ts';

describe("Student's distribution", () => {
  // Two-sided 95 % and 99 % points as every table has them.
  it.each([
    [0.975, 1, 12.706],
    [0.975, 2, 4.303],
    [0.975, 3, 3.182],
    [0.975, 4, 2.776],
    [0.975, 5, 2.571],
    [0.975, 10, 2.228],
    [0.975, 30, 2.042],
    [0.975, 120, 1.98],
    [0.975, 1e6, 1.96],
    [0.995, 1, 63.657],
    [0.995, 4, 4.604],
    [0.995, 20, 2.845],
    [0.95, 7, 1.895],
  ])('quantile %f with %i degrees of freedom is %f', (p, freedom, t) => {
    expect(studentQuantile(p, freedom)).toBeCloseTo(t, 3);
    expect(studentCdf(studentQuantile(p, freedom), freedom)).toBeCloseTo(p, 9);
  });

  it('is that of Cauchy with one degree of freedom, also in its tail, and symmetric', () => {
    for (const t of [0.1, 1, 5, 40, 600]) {
      expect(studentCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 10);
      expect(studentCdf(-t, 1)).toBeCloseTo(1 - studentCdf(t, 1), 12);
    }
  });

  it('takes degrees of freedom that are not whole, between their neighbours', () => {
    // With two degrees of freedom it has a closed form.
    expect(studentCdf(1.5, 2)).toBeCloseTo(0.5 + 1.5 / (2 * Math.sqrt(2 + 1.5 ** 2)), 12);
    const t = studentQuantile(0.975, 2.5);
    expect(t).toBeLessThan(studentQuantile(0.975, 2));
    expect(t).toBeGreaterThan(studentQuantile(0.975, 3));
  });
});

describe('binomial tail', () => {
  it('is what adding up gives', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    for (const [k, n, p] of [
      [1, 1, 0.3],
      [3, 10, 0.25],
      [9, 12, 0.6],
    ] as const) {
      let sum = 0;
      for (let i = k; i <= n; i += 1) sum += choose(n, i) * p ** i * (1 - p) ** (n - i);
      expect(binomialTail(k, n, p)).toBeCloseTo(sum, 12);
    }
    expect(binomialTail(0, 5, 0.1)).toBe(1);
    expect(binomialTail(6, 5, 0.9)).toBe(0);
  });
});

describe("Welch's interval", () => {
  it('is that of a worked example', () => {
    // 27.9 degrees of freedom, of which a table's two-sided point of 95 % is 2.049; the standard error is 0.99312.
    const a = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4];
    const b = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.4];
    const { low, high } = welchInterval(a, b, 0.95)!;
    expect((low + high) / 2).toBeCloseTo(2.833, 3);
    expect(low).toBeCloseTo(2.8333 - 2.049 * 0.99312, 2);
    expect(high).toBeCloseTo(2.8333 + 2.049 * 0.99312, 2);
  });

  it('needs two runs a side', () => {
    expect(welchInterval([1], [2, 3], 0.95)).toBeNull();
    expect(welchInterval([1, 2], [3], 0.95)).toBeNull();
  });

  it('is a point where nothing varies', () => {
    expect(welchInterval([4, 4], [9, 9, 9], 0.95)).toEqual({ low: 5, high: 5 });
  });
});
