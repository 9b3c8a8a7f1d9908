import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapacityPoint, CapacityResult, Estimate } from '../../../result/bench/types.ts';
import { sampleCapacity, sampleCapacityPoint, sampleCapacitySide } from '../../../result/testing/bench-sample.ts';
import { compared, row } from '../testing.ts';

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
