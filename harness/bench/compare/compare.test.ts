import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultsSchema } from '../../matrix/schema.ts';
import type { CapacityPoint, CapacityResult, Comparison, ComparisonRow, Estimate } from '../../result/bench/types.ts';
import { arbitraryResult } from '../../result/testing/arbitrary.ts';
import { arbitraryCapacity, arbitraryMicro, arbitraryOf, arbitraryScrape } from '../../result/testing/arbitrary-of.ts';
import {
  sampleCapacity,
  sampleCapacityPoint,
  sampleCapacitySide,
  sampleScrape,
  sampleScrapePoint,
} from '../../result/testing/bench-sample.ts';
import { sampleMicro } from '../../result/testing/micro-sample.ts';
import { sampleResult } from '../../result/testing/sample.ts';
import { arbitraryUpgrade } from '../../result/testing/upgrade-arbitrary.ts';
import { sampleUpgrade } from '../../result/testing/upgrade-sample.ts';
import type { Result } from '../../result/types.ts';
import { compareResults } from './index.ts';
import type { AnyRecord } from './record.ts';

const compared = (a: AnyRecord, b: AnyRecord) => compareResults({ name: 'a', record: a }, { name: 'b', record: b });

function row({ rows }: Comparison, what: string): ComparisonRow {
  const found = rows.find((r) => r.what === what);
  expect(found, `${what} among\n${rows.map((r) => r.what).join('\n')}`).toBeDefined();
  return found!;
}

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

/** A capacity with this interval, and nothing else. */
function capacityOf(capacity: Estimate | null): CapacityResult {
  return sampleCapacity({ sides: [sampleCapacitySide({ capacity, points: [] })], price: null });
}

describe('capacities', () => {
  const estimate = fc
    .record({
      value: fc.double({ min: 1, max: 1e4, noNaN: true }),
      down: fc.double({ min: 0.001, max: 0.9, noNaN: true }),
      up: fc.double({ min: 0.001, max: 0.9, noNaN: true }),
    })
    .map(({ value, down, up }): Estimate => ({ value, low: value * (1 - down), high: value * (1 + up), level: 0.95 }));

  it('differ when their intervals do not meet, and not when each holds the other', () => {
    fc.assert(
      fc.property(estimate, estimate, (x, y) => {
        const { says, direction } = row(compared(capacityOf(x), capacityOf(y)), 'capacity, meshed');
        if (x.high < y.low) expect([says, direction]).toEqual(['differs', 'better']);
        else if (y.high < x.low) expect([says, direction]).toEqual(['differs', 'worse']);
        else if (x.low < y.value && y.value < x.high && y.low < x.value && x.value < y.high) expect(says).toBe('same');
      }),
    );
  });

  it('have a noise of both intervals, at the same level', () => {
    const x = { value: 100, low: 97, high: 103, level: 0.95 };
    const y = { value: 104, low: 100, high: 108, level: 0.95 };
    // sqrt(3^2 + 4^2)
    expect(row(compared(capacityOf(x), capacityOf(y)), 'capacity, meshed')).toMatchObject({
      says: 'same',
      change: 0.04,
    });
    expect(row(compared(capacityOf(x), capacityOf(y)), 'capacity, meshed').noise).toBeCloseTo(0.05, 9);
    const narrow = { ...y, level: 0.5 };
    expect(row(compared(capacityOf(x), capacityOf(narrow)), 'capacity, meshed').noise).toBeGreaterThan(0.1);
  });

  it('keep their own noise, however much else is compared', () => {
    const x = { value: 100, low: 97, high: 103, level: 0.95 };
    const full = sampleCapacity({ sides: [sampleCapacitySide({ capacity: x })] });
    expect(row(compared(full, full), 'capacity, meshed').noise).toBeCloseTo(0.03 * Math.SQRT2, 9);
  });

  it('that are open or missing are unknown', () => {
    const x = { value: 100, low: 97, high: Number.POSITIVE_INFINITY, level: 0.95 };
    const y = { value: 200, low: 190, high: 210, level: 0.95 };
    expect(row(compared(capacityOf(x), capacityOf(y)), 'capacity, meshed').says).toBe('unknown');
    expect(row(compared(capacityOf(null), capacityOf(y)), 'capacity, meshed')).toMatchObject({
      a: null,
      says: 'unknown',
      why: 'only B has it',
    });
  });

  const at50 = (p99s: number[]) =>
    sampleCapacity({
      sides: [
        sampleCapacitySide({
          points: p99s.map((p99, i) =>
            sampleCapacityPoint({ index: i + 1, latencyMs: { p50: 50, p95: 53, p99, max: 99 } }),
          ),
        }),
      ],
      price: null,
    });

  it('are compared at the rates of both by how much their repeats vary', () => {
    const p99 = 'meshed at 50/s: latency p99';
    expect(row(compared(at50([58, 60, 59, 61]), at50([70, 71, 69, 72])), p99)).toMatchObject({
      says: 'differs',
      direction: 'worse',
    });
    expect(row(compared(at50([58, 66, 52, 61]), at50([60, 55, 69, 62])), p99).says).toBe('same');
    // One that was not repeated lends the other's spread; with none, ranks are all there is.
    expect(row(compared(at50([58, 60, 59, 61]), at50([90])), p99)).toMatchObject({ says: 'differs' });
    expect(row(compared(at50([58]), at50([580])), p99)).toMatchObject({ says: 'unknown', noise: null });
    expect(row(compared(at50([58]), at50([58.4])), p99)).toMatchObject({ says: 'same' });
  });

  /** Points by what was offered, achieved, and in how many requests. */
  const carrying = (points: [offered: number, achieved: number][], change: Partial<CapacityPoint> = {}) =>
    sampleCapacity({
      sides: [
        sampleCapacitySide({
          points: points.map(([offeredPerSecond, achievedPerSecond], i) =>
            sampleCapacityPoint({
              ...{ index: i + 1, offeredPerSecond, achievedPerSecond, requests: Math.round(10 * offeredPerSecond) },
              ...change,
            }),
          ),
        }),
      ],
      price: null,
    });

  it('compare what is achieved of what is offered: nearby rates that are carried whole are the same', () => {
    const share = 'meshed at 101/s: achieved of offered';
    const [higher, lower] = [
      carrying([101, 101, 101].map((rate) => [rate, 100.9])),
      carrying([100, 100, 100].map((rate) => [rate, 100])),
    ];
    expect(row(compared(higher, lower), share)).toMatchObject({ says: 'same', unit: 'ratio', b: 1 });
    // 2 of 1,000 requests at the edges of a window, and no less: the repeats themselves do not vary at all.
    expect(row(compared(higher, lower), share).noise).toBeGreaterThanOrEqual(2 / 1010);
    expect(row(compared(carrying([[101, 101]]), carrying([[100, 99.9]])), share).says).toBe('same');
    // A twentieth that is left undone is more than that.
    expect(row(compared(higher, carrying([100, 100, 100].map((rate) => [rate, 95]))), share)).toMatchObject({
      says: 'differs',
      direction: 'worse',
    });
  });

  it('beyond what is carried take nothing for worse that follows from rates a little apart', () => {
    const full = (rate: number, p99: number) =>
      carrying(
        [0, 0, 0].map(() => [rate, 80]),
        { sustained: false, latencyMs: { p50: p99 / 2, p95: p99, p99, max: p99 } },
      );
    const comparison = compared(full(81.3, 246), full(81.8, 333));
    expect(row(comparison, 'meshed at 81.3/s: achieved of offered').says).toBe('same');
    expect(row(comparison, 'meshed at 81.3/s: latency p99')).toMatchObject({ says: 'unknown', noise: null });
    expect(row(compared(full(81.3, 246), full(81.3, 346)), 'meshed at 81.3/s: latency p99').says).not.toBe('same');
  });

  it('of which repeats are all alike take no rounding for a difference', () => {
    const p50 = 'meshed at 50/s: latency p50';
    const of = (ms: number) => {
      const record = at50([60, 60, 60]);
      for (const point of record.sides[0]!.points) point.latencyMs = { ...point.latencyMs!, p50: ms };
      return record;
    };
    expect(row(compared(of(55), of(55.5)), p50)).toMatchObject({ says: 'same' });
    expect(row(compared(of(55), of(58)), p50)).toMatchObject({ says: 'differs' });
    // In which steps CPU was measured nobody says.
    const cpu = (seconds: number) => {
      const record = at50([60, 60, 60]);
      for (const point of record.sides[0]!.points) point.usage[0]!.cpuSecondsPer1000Requests = seconds;
      return record;
    };
    expect(row(compared(cpu(1), cpu(1.1)), 'meshed at 50/s: CPU of app, 1,000 requests').says).toBe('unknown');
  });

  it('leave the latencies out of which iterations were dropped, and count those as not served', () => {
    const dropping = carrying([[50, 40]], { requests: 400, droppedIterations: 100, sustained: false });
    const comparison = compared(carrying([[50, 50]]), dropping);
    expect(row(comparison, 'meshed at 50/s: latency p99')).toMatchObject({ b: null, says: 'unknown' });
    expect(row(comparison, 'meshed at 50/s: success rate')).toMatchObject({ a: 1, b: 0.8, says: 'differs' });
  });

  it('leave out points that do not count', () => {
    const wrong = at50([58, 60]);
    wrong.sides[0]!.points[1]!.sustained = null;
    expect(row(compared(wrong, at50([58])), 'meshed at 50/s: latency p99')).toMatchObject({ a: 58 });
  });

  it('compare prices by the repeats of the points that they are made of, at one rate alone', () => {
    const priced = (proxyCpu: number, spread: number, atPerSecond = 50) => {
      const points = [1 - spread, 1, 1 + spread].map((factor, i) =>
        sampleCapacityPoint({
          index: i + 1,
          usage: [{ part: 'proxy', cores: 0.2, cpuSecondsPer1000Requests: proxyCpu * factor, residentBytes: 1e8 }],
        }),
      );
      const { price } = sampleCapacity();
      return sampleCapacity({ sides: [sampleCapacitySide({ points })], price: { ...price!, proxyCpu, atPerSecond } });
    };
    const cpu = 'price: CPU of proxy, 1,000 requests';
    expect(row(compared(priced(4, 0.01), priced(6, 0.01)), cpu)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(compared(priced(4, 0.2), priced(4.4, 0.2)), cpu)).toMatchObject({ says: 'same' });
    expect(row(compared(priced(4, 0.01), priced(6, 0.01, 80)), cpu)).toMatchObject({
      says: 'unknown',
      why: 'A is of 50/s, B of 80/s',
    });
  });

  it('of other machines, scenarios and objectives say so', () => {
    const { machine, objectives } = sampleCapacity();
    const { caveats } = compared(
      sampleCapacity(),
      sampleCapacity({
        machine: { ...machine, cores: 64 },
        scenario: 'baseline',
        seed: 8,
        objectives: { ...objectives, p99Ms: 100 },
        error: { code: 'INTERRUPTED', message: 'interrupted by SIGINT', hint: '' },
      }),
    );
    expect(caveats).toEqual([
      'another scenario: A throttled, B baseline',
      'another set of objectives: A p99 <= 250 ms, success >= 99%, B p99 <= 100 ms, success >= 99%',
      expect.stringMatching(/^another machine: A .* 2 cores.*, B .* 64 cores/),
      'another seed: A 7, B 8',
      'B did not get to its end: interrupted by SIGINT',
    ]);
  });
});

describe('costs of scraping', () => {
  const cpu = '100 x 1000 series every 5 s, 2.20, gzip: CPU per sample';
  const point = (cpuMicrosPerSample: number) => {
    const sample = sampleScrapePoint();
    return { ...sample, prometheus: { ...sample.prometheus, cpuMicrosPerSample } };
  };
  const sweep = (...cpus: number[]) => sampleScrape({ points: cpus.map(point), model: null });

  it('are compared by repeats of the same settings', () => {
    expect(row(compared(sweep(4, 4.1, 4.05), sweep(5, 5.1, 5.05)), cpu)).toMatchObject({
      says: 'differs',
      direction: 'worse',
    });
    expect(row(compared(sweep(4, 5, 4.5), sweep(4.2, 5.3, 4.8)), cpu).says).toBe('same');
  });

  it('are compared by how far points lie from the model where nothing was repeated', () => {
    const residuals = [0.02, -0.02, 0.03, -0.01, 0.01].map((relative, i) => ({
      ...{ point: i, measured: 1, predicted: 1 + relative, relative, heldOut: false },
    }));
    const model = structuredClone(sampleScrape().model!);
    model.quantities[0]!.residuals = residuals;
    const fitted = (value: number) => ({ ...sweep(value), model });
    expect(row(compared(fitted(4), fitted(8)), cpu)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(compared(fitted(4), fitted(4.1)), cpu)).toMatchObject({ says: 'same' });
    expect(row(compared(sweep(4), sweep(8)), cpu)).toMatchObject({ says: 'unknown', noise: null });
  });

  it('name what is missed and rejected', () => {
    const missing = sampleScrapePoint({ missed: { scrapes: 90, targets: 3, examples: [] }, rejected: { too_old: 12 } });
    const comparison = compared(sampleScrape({ points: [sampleScrapePoint()] }), sampleScrape({ points: [missing] }));
    const group = '100 x 1000 series every 5 s, 2.20, gzip';
    expect(row(comparison, `${group}: scrapes missed`)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(comparison, `${group}: samples rejected`)).toMatchObject({ says: 'differs', direction: 'worse' });
  });

  it('of settings that only one has are left out, and counted', () => {
    const other = sampleScrapePoint({ settings: { ...sampleScrapePoint().settings, intervalMs: 60_000 } });
    const { rows, caveats } = compared(sweep(4), sampleScrape({ points: [other], model: null }));
    expect(rows.filter(({ what }) => what.includes('CPU per sample'))).toEqual([]);
    expect(caveats).toContainEqual(expect.stringMatching(/A measured 1 settings and B 1; 0 of them are the same/));
  });
});

describe('runs', () => {
  const run = (change: (scenario: Result['scenarios'][0]) => void): Result => {
    const result = sampleResult();
    result.scenarios = [structuredClone(result.scenarios[0]!)];
    change(result.scenarios[0]!);
    return result;
  };
  const failing = (failed: number) => run(({ traffic }) => Object.assign(traffic, { requests: 1000, failed }));

  it('differ in their success rate by more than chance, or they do not', () => {
    const rate = 'baseline-chain: success rate';
    expect(row(compared(failing(0), failing(40)), rate)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(compared(failing(40), failing(0)), rate)).toMatchObject({ says: 'differs', direction: 'better' });
    expect(row(compared(failing(10), failing(14)), rate)).toMatchObject({ says: 'same' });
    expect(row(compared(failing(0), failing(1)), rate)).toMatchObject({ says: 'same' });
  });

  it('do not differ in latency by one run a side: what exceeds sampling may be the machine', () => {
    const slow = (truthMs: number) => run(({ quantiles }) => Object.assign(quantiles[0]!, { truthMs }));
    const p99 = 'baseline-chain: p99 meshproof/load -> shop/web';
    expect(row(compared(slow(48), slow(480)), p99)).toMatchObject({ says: 'unknown', noise: null });
    expect(row(compared(slow(48), slow(48.5)), p99)).toMatchObject({ says: 'same' });
  });

  it('differ in whatever is counted exactly', () => {
    const violated = run(({ checks, flows }) => {
      checks[0]!.violations = 1;
      flows[0]!.verdict = 'fail';
      flows[0]!.prometheus = flows[0]!.truth - 3;
    });
    const comparison = compared(
      run(() => {}),
      violated,
    );
    expect(row(comparison, 'baseline-chain: bounds that did not hold')).toMatchObject({ says: 'differs', b: 1 });
    expect(row(comparison, 'baseline-chain: flows that are not right')).toMatchObject({ direction: 'worse' });
    expect(row(comparison, 'baseline-chain: largest deviation of a count')).toMatchObject({ b: 3, direction: 'worse' });
  });

  it.each([
    ['pass', 'fail', 'differs', 'worse'],
    ['fail', 'pass', 'differs', 'better'],
    ['pass', 'inconclusive', 'unknown', 'neither'],
  ] as const)('say of %s and %s: %s', (x, y, says, direction) => {
    const of = (verdict: 'pass' | 'fail' | 'inconclusive') => run((scenario) => Object.assign(scenario, { verdict }));
    expect(row(compared(of(x), of(y)), 'baseline-chain: verdict')).toMatchObject({ says, direction });
  });

  it('name scenarios that only one has, and other seeds', () => {
    const { caveats, rows } = compared(
      sampleResult(),
      run((scenario) => Object.assign(scenario, { seed: 99 })),
    );
    expect(caveats).toContain('another seed of baseline-chain: A 7, B 99');
    expect(caveats.filter((caveat) => caveat.startsWith('only A has the scenario'))).toHaveLength(2);
    expect(rows.filter(({ why }) => why === 'only A has it').length).toBeGreaterThanOrEqual(2);
  });
});

describe('upgrades and micro-benchmarks', () => {
  it('compare what an upgrade makes of a latency as a factor with its interval', () => {
    const upgraded = (afterMs: number) => {
      const result = structuredClone(sampleUpgrade());
      const latency = result.scenarios[0]!.latency[0]!;
      const differenceMs = afterMs - 10;
      const interval = { lowMs: differenceMs - 1, highMs: differenceMs + 1 };
      Object.assign(latency, { quantile: 0.99, beforeMs: 10, afterMs, differenceMs, interval });
      result.scenarios[0]!.latency = [latency];
      return result;
    };
    const found = (a: number, b: number) =>
      compared(upgraded(a), upgraded(b)).rows.find(({ what }) => what.includes('latency after / before: p99'));
    expect(found(10, 14)).toMatchObject({ says: 'differs', direction: 'worse', a: 1, b: 1.4 });
    expect(found(10, 11)).toMatchObject({ says: 'same' });
    // Two rows share the chance of a wrong call, so that both intervals are taken a little wider.
    expect(found(10, 11)!.noise! / Math.hypot(0.1, 0.1)).toBeCloseTo(2.2414 / 1.96, 3);
  });

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
