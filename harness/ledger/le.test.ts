import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseLe } from './le.ts';

describe('normaliseLe', () => {
  // The right side is what Prometheus 3.15 stores.
  it.each([
    ['1', '1.0'],
    ['1.0', '1.0'],
    ['1e0', '1.0'],
    ['50000', '50000.0'],
    ['0.05', '0.05'],
    ['0.050', '0.05'],
    ['128.0', '128.0'],
    ['100000', '100000.0'],
    ['1000000', '1e+06'],
    ['1048576.0', '1.048576e+06'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['+Inf', '+Inf'],
    ['Inf', '+Inf'],
    ['0', '0.0'],
    ['-0', '0.0'],
    ['-2', '-2.0'],
    ['abc', 'abc'],
    ['', ''],
    ['0x10', '0x10'],
  ])('%s is %s', (written, stored) => {
    expect(normaliseLe(written)).toBe(stored);
  });

  it('keeps the number, and is the same for every way to write it', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((v) => v + 0),
        (value) => {
          const stored = normaliseLe(String(value));
          expect(Number(stored)).toBe(value);
          expect(normaliseLe(value.toExponential())).toBe(stored);
          expect(normaliseLe(stored)).toBe(stored);
          expect(stored).toMatch(/[.e]/);
        },
      ),
    );
  });
});
