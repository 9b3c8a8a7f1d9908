import { describe, expect, it } from 'vitest';
import type { UsageReading } from '../../environment/contract.ts';
import type { MadeRequest } from '../../ledger/types.ts';
import type { Objectives } from '../../result/bench/types.ts';
import { dueOf, dueTimes } from './arrivals.ts';
import { decide, leastOverload } from './decide.ts';
import { shapeOf } from './load.ts';
import { usageOf } from './usage.ts';
import { type Measured, measure } from './window.ts';

const OBJECTIVES: Objectives = { p50Ms: null, p95Ms: null, p99Ms: 250, successRate: 0.99 };
const TIMES = { warmupMs: 2000, measuredMs: 4000 };
const ORIGIN = 1_700_000_000_000;

function request(startMs: number, tookMs: number, over: Partial<MadeRequest> = {}): MadeRequest {
  return {
    ...{ callee: 'shop/web', method: 'GET', route: '/', startMs, firstByteMs: null, endMs: startMs + tookMs },
    ...{ outcome: 'completed', status: 200, pod: 'web-1', meshError: '', grpc: null, ...over },
  };
}

/** Requests in a line: as many at once as there are places, each for so long. */
function served(ratePerSecond: number, options: { places?: number; tookMs?: number } = {}) {
  const { places = 4, tookMs = 50 } = options;
  const shape = shapeOf(ratePerSecond, TIMES, 1000);
  const free = Array.from({ length: places }, () => 0);
  const made = dueTimes(shape, 1_000_000).map((due) => {
    const place = free.indexOf(Math.min(...free));
    const end = Math.max(due, free[place]!) + tookMs;
    free[place] = end;
    return request(ORIGIN + due, end - due);
  });
  return measure({ made, originMs: ORIGIN, droppedIterations: 0, shape, times: TIMES, users: 1000 });
}

describe('arrivals', () => {
  it('of a rate that stays are evenly spaced, the first after one interval', () => {
    const due = dueTimes({ startRatePerSecond: 10, stages: [{ ratePerSecond: 10, durationMs: 1000 }] }, 100);
    expect(due.map((t) => Math.round(t))).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  });

  it('of a rate that rises come as its integral says', () => {
    const due = dueTimes({ startRatePerSecond: 0, stages: [{ ratePerSecond: 100, durationMs: 1000 }] }, 1000);
    expect(due).toHaveLength(50);
    // n = 50 (t / 1 s)^2.
    for (const [i, t] of due.entries()) expect(t).toBeCloseTo(1000 * Math.sqrt((i + 1) / 50), 6);
  });

  it('are never after their starts, and what came late was due before', () => {
    const shape = shapeOf(100, TIMES, 10);
    const onTime = dueTimes(shape, 400).map((due) => ORIGIN + 7 + due);
    expect(dueOf(onTime, shape).every((due, i) => Math.abs(due - onTime[i]!) < 0.01)).toBe(true);
    const late = onTime.map((start, i) => (i >= 200 && i < 230 ? onTime[230]! : start));
    const due = dueOf(late, shape);
    expect(due.every((t, i) => t <= late[i]!)).toBe(true);
    expect(late[200]! - due[200]!).toBeCloseTo(onTime[230]! - onTime[200]!, 1);
  });
});

describe('the measured window', () => {
  it('has requests that were due in it, and their latency from then', () => {
    const measured = served(40);
    expect(measured.requests).toBe(160);
    expect(measured.achievedPerSecond).toBeCloseTo(40, 0);
    expect(measured.latencyMs).toEqual({ p50: 50, p95: 50, p99: 50, max: 50 });
  });

  it('counts the wait of what the load generator itself began late', () => {
    const shape = shapeOf(100, TIMES, 1000);
    const starts = dueTimes(shape, 10_000).map((due) => ORIGIN + due);
    const stalled = starts.map((start) => (start >= ORIGIN + 4000 && start < ORIGIN + 4300 ? ORIGIN + 4300 : start));
    const of = (all: number[]) =>
      measure({
        made: all.map((start) => request(start, 10)),
        ...{ originMs: ORIGIN, droppedIterations: 0, shape, times: TIMES, users: 1000 },
      });
    expect(of(starts).latencyMs!.max).toBeCloseTo(10, 1);
    expect(of(stalled).latencyMs!.max).toBeCloseTo(310, -1);
    expect(of(stalled).latencyMs!.p99).toBeGreaterThan(200);
  });

  it('counts time-outs with all their time, and as failures; an answer without trailers too', () => {
    const shape = shapeOf(10, TIMES, 100);
    const made = dueTimes(shape, 1000).map((due, i) =>
      request(ORIGIN + due, i % 10 === 9 ? 1000 : 20, i % 10 === 9 ? { outcome: 'timeout', status: 0 } : {}),
    );
    const measured = measure({ made, originMs: ORIGIN, droppedIterations: 0, shape, times: TIMES, users: 100 });
    expect(measured).toMatchObject({ requests: 40, failed: 4, successRate: 0.9, latencyMs: { p50: 20, p99: 1000 } });
    const grpc = made.map((one, i) => ({
      ...one,
      outcome: 'completed' as const,
      grpc: ([0, 5, 14, 'missing'] as const)[i % 4]!,
    }));
    const of = measure({ made: grpc, originMs: ORIGIN, droppedIterations: 0, shape, times: TIMES, users: 100 });
    expect(of).toMatchObject({ requests: 40, failed: 20 });
  });
});

describe('a point', () => {
  const at = (rate: number) => decide(served(rate), OBJECTIVES, null);

  it('is sustained up to the capacity of a service that has its places taken, and not above', () => {
    expect([40, 70, 78, 80].map((rate) => at(rate).sustained)).toEqual([true, true, true, true]);
    expect([83.5, 90, 120, 160].map((rate) => at(rate).sustained)).toEqual([false, false, false, false]);
  });

  it('shows what overload it is said to show', () => {
    for (const p99Ms of [100, 250, 1000]) {
      const objectives = { ...OBJECTIVES, p99Ms };
      const least = leastOverload({ ratePerSecond: 80, latencyMs: 50 }, objectives, TIMES);
      expect(decide(served(80 * (1 + 1.5 * least)), objectives, null).sustained).toBe(false);
    }
  });

  it('says what it missed', () => {
    const { why } = at(120);
    expect(why[0]).toMatch(/^p99 \d+ ms, wanted 250 ms$/);
    expect(why[1]).toMatch(/^the queue grew by \d+ requests, [\d.]+% of what arrived/);
  });

  const idle: Measured = {
    ...{ requests: 400, failed: 0, successRate: 1, achievedPerSecond: 100 },
    ...{ latencyMs: { p50: 5, p95: 8, p99: 9, max: 30 }, droppedIterations: 0, users: 100 },
    underWay: { first: 1, last: 1, most: 5 },
  };
  const inconclusive = (code: string) => ({
    verdict: 'inconclusive' as const,
    reasons: [{ code, verdict: 'inconclusive' as const, message: 'a message' }],
  });

  it('does not count with telemetry that is wrong, whatever its objectives', () => {
    const verdict = {
      verdict: 'fail' as const,
      reasons: [{ code: 'NOT_EQUAL_AT_END', verdict: 'fail' as const, message: 'three are missing' }],
    };
    const { sustained, why } = decide(idle, OBJECTIVES, verdict);
    expect([sustained, why]).toEqual([null, ['does not count: its telemetry was wrong: three are missing']]);
    expect(decide(idle, OBJECTIVES, inconclusive('TARGET_DOWN')).sustained).toBeNull();
  });

  it('with dropped iterations is not sustained where the mesh held all users, and else does not count', () => {
    const dropped = { ...idle, droppedIterations: 9 };
    const held = { ...dropped, underWay: { first: 1, last: 1, most: 100 } };
    const why = inconclusive('DROPPED_ITERATIONS');
    expect(decide(dropped, OBJECTIVES, why).sustained).toBeNull();
    expect(decide(held, OBJECTIVES, why).sustained).toBe(false);
    expect(decide(idle, OBJECTIVES, null).sustained).toBe(true);
  });

  it('that fails too often is not sustained', () => {
    const failing = { ...idle, failed: 5, successRate: 1 - 5 / 400 };
    expect(decide(failing, OBJECTIVES, null)).toEqual({
      sustained: false,
      why: ['success rate 98.75% (5 of 400 failed), wanted 99%'],
    });
  });
});

describe('usage', () => {
  const reading = (over: Partial<UsageReading>): UsageReading => ({
    ...{ part: 'proxy', name: 'p1', atMs: 0, cpuSeconds: 0, residentBytes: 1e6 },
    ...over,
  });

  it('is divided by the time between the readings of each, wherever the window is', () => {
    const first = [reading({ atMs: 1000, cpuSeconds: 1 }), reading({ name: 'p2', atMs: 0, cpuSeconds: 1 })];
    const last = [reading({ atMs: 3000, cpuSeconds: 2 }), reading({ name: 'p2', atMs: 4000, cpuSeconds: 2 })];
    expect(usageOf(first, [], last, 100)).toEqual([
      { part: 'proxy', cores: 0.75, cpuSecondsPer1000Requests: 7.5, residentBytes: 2e6 },
    ]);
  });

  it('of a process that came anew, or was not there before, is no negative number', () => {
    const first = [reading({ cpuSeconds: 9 })];
    const last = [reading({ atMs: 1000, cpuSeconds: 1 }), reading({ name: 'p3', atMs: 1000, cpuSeconds: 50 })];
    expect(usageOf(first, [], last, 100)[0]).toMatchObject({ cores: 0 });
  });
});
