import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultsSchema } from '../../matrix/schema.ts';
import { arbitraryResult } from '../../result/testing/arbitrary.ts';
import { arbitraryCapacity, arbitraryMicro, arbitraryOf, arbitraryScrape } from '../../result/testing/arbitrary-of.ts';
import { sampleCapacity } from '../../result/testing/bench-sample.ts';
import { sampleMicro } from '../../result/testing/micro-sample.ts';
import { sampleResult } from '../../result/testing/sample.ts';
import { arbitraryUpgrade } from '../../result/testing/upgrade-arbitrary.ts';
import type { AnyRecord } from './record.ts';
import { compared, row } from './testing.ts';

const KINDS: [string, fc.Arbitrary<AnyRecord>][] = [
  ['runs', arbitraryResult],
  ['faults', arbitraryOf(faultsSchema)],
  ['upgrades', arbitraryUpgrade],
  ['capacities', arbitraryCapacity],
  ['scrapes', arbitraryScrape],
  ['micro-benchmarks', arbitraryMicro],
];

describe.each(KINDS)('of any %s', (_, arbitrary) => {
  it('one differs in nothing from itself', () => {
    fc.assert(
      fc.property(arbitrary, (record) => {
        const { rows, caveats } = compared(record, record);
        expect(rows.filter(({ says }) => says === 'differs')).toEqual([]);
        expect(rows.filter(({ a, b, change }) => a !== b || (change ?? 0) !== 0)).toEqual([]);
        expect(caveats.filter((caveat) => caveat.startsWith('another'))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('two that change places say the same, the other way round', () => {
    const opposite = { better: 'worse', worse: 'better', neither: 'neither' };
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        const there = new Map(compared(a, b).rows.map((r) => [r.what, r]));
        for (const back of compared(b, a).rows) {
          const r = there.get(back.what);
          // Names may be equal by chance, and rates are called what A calls them.
          if (!r || r.a !== back.b || r.b !== back.a) continue;
          expect([back.says, back.direction]).toEqual([r.says, opposite[r.direction]]);
          if (r.change !== null && back.change !== null && r.change !== 0 && r.a! > 0 && r.b! > 0) {
            // Beside what underflows.
            expect(Math.sign(back.change) + Math.sign(r.change)).toBe(0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('what is called different is beyond its noise, and what is called the same is not', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, (a, b) => {
        for (const { change, noise, says } of compared(a, b).rows) {
          if (change === null || noise === null) continue;
          if (says === 'differs') expect(Math.abs(change)).toBeGreaterThanOrEqual(noise * (1 - 1e-9));
          if (says === 'same') expect(Math.abs(change)).toBeLessThanOrEqual(noise * (1 + 1e-9) + Number.EPSILON);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('kinds', () => {
  it('are not mixed', () => {
    expect(() => compared(sampleCapacity(), sampleResult())).toThrow(
      expect.objectContaining({
        code: 'KINDS_DIFFER',
        exitCode: 2,
        message: 'a is a CapacityResult, and b is a Result',
      }),
    );
  });
});

describe('rows', () => {
  it('share one chance in twenty of calling equals different, however many there are', () => {
    const many = (count: number, value: number) =>
      sampleMicro({
        benches: Array.from({ length: count }, (_, i) => ({
          ...sampleMicro().benches[0]!,
          name: `bench ${i}`,
          ratio: { value, low: value - 0.1, high: value + 0.1, level: 0.95 },
        })),
      });
    // Beyond sqrt(0.1^2 + 0.1^2) a single one differs; of a hundred, some would by chance.
    expect(row(compared(many(1, 1), many(1, 1.15)), 'bench 0').says).toBe('differs');
    expect(row(compared(many(100, 1), many(100, 1.15)), 'bench 0').says).toBe('same');
    expect(row(compared(many(100, 1), many(100, 1.3)), 'bench 0').says).toBe('differs');
  });
});
