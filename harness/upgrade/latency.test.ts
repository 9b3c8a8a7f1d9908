import { describe, expect, it } from 'vitest';
import type { MadeRequest, TruthJournal } from '../ledger/types.ts';
import type { VerdictValue } from '../result/types.ts';
import { compareLatency, differenceOf } from './latency.ts';

/** Mulberry32: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function made(latencyMs: number, over: Partial<MadeRequest> = {}): MadeRequest {
  return {
    callee: 'shop/cart',
    method: 'GET',
    route: '/',
    startMs: 1000,
    firstByteMs: null,
    endMs: 1000 + latencyMs,
    outcome: 'completed',
    status: 200,
    pod: 'cart-1',
    meshError: '',
    grpc: null,
    ...over,
  };
}

function world(phase: 'before' | 'after' | 'during', requests: MadeRequest[], verdict: VerdictValue = 'pass') {
  const journal = { workload: 'shop/web', pod: 'web-1', incarnation: '0', startMs: 0, endMs: null };
  const truth: TruthJournal[] = [{ ...journal, served: [], made: requests, accepted: [], connected: [] }];
  return { phase, truth, result: { verdict } };
}

const steady = (ms: number, n = 50) => Array.from({ length: n }, (_, i) => made(ms + i / 100));

describe('latency before and after', () => {
  it('leaves runs without a verdict out where their side has others', () => {
    const runs = (verdict: VerdictValue) => [
      world('before', steady(10)),
      world('before', steady(90), 'inconclusive'),
      world('after', steady(12), verdict),
    ];
    for (const verdict of ['pass', 'inconclusive'] as const) {
      const [median] = compareLatency(runs(verdict)).map(({ change }) => change);
      expect([median!.quantile, Math.floor(median!.beforeMs), Math.floor(median!.afterMs)]).toEqual([0.5, 10, 12]);
      expect(median!.samples).toEqual({ before: 50, after: 50 });
    }
  });

  it('is of each flow and quantile, a value a run, with requests that a service answered alone', () => {
    const noise = [
      made(9000, { outcome: 'timeout', pod: '' }),
      made(5000, { status: 503, pod: '', meshError: 'fail-fast' }),
    ];
    const worlds = [10, 11, 12].flatMap((ms) => [
      world('before', [...steady(ms), ...noise]),
      world('after', [...steady(ms + 5), ...noise]),
      world('during', steady(500)),
    ]);
    const compared = compareLatency(worlds);
    expect(compared.map(({ change }) => [change.source, change.destination, change.quantile])).toEqual([
      ['shop/web', 'shop/cart', 0.5],
      ['shop/web', 'shop/cart', 0.95],
    ]);
    const { change, beyondDoubt } = compared[0]!;
    expect(change.beforeMs).toBeCloseTo(11.24, 6);
    expect(change.differenceMs).toBeCloseTo(5, 6);
    expect(change.samples).toEqual({ before: 150, after: 150 });
    // Standard deviation 1 on both sides, three runs each: 5 +- 2.776 * sqrt(2 / 3).
    expect(change.interval!.lowMs).toBeCloseTo(5 - 2.776 * Math.sqrt(2 / 3), 2);
    expect(change.interval!.highMs).toBeCloseTo(5 + 2.776 * Math.sqrt(2 / 3), 2);
    expect(change.significant).toBe(true);
    expect(beyondDoubt).toBe(true);
  });

  it('compares no single runs', () => {
    const [compared] = compareLatency([world('before', steady(10)), world('after', steady(90))]);
    expect(compared).toMatchObject({ change: { interval: null, significant: false }, beyondDoubt: false });
  });

  it('is nothing where a side has no run', () => {
    expect(compareLatency([world('before', steady(10))])).toEqual([]);
  });

  it('calls what is steady but below a millisecond not significant', () => {
    expect(differenceOf([10, 10.01, 10.02], [10.8, 10.81, 10.82])).toMatchObject({ significant: false });
    expect(differenceOf([10, 10.01, 10.02], [11.2, 11.21, 11.22])).toMatchObject({ significant: true });
  });

  it('is as sure of a line as one in twenty, and of them all together as that', () => {
    // Twelve flows that differ by nothing but chance: p50 of three runs a side, drawn alike.
    const random = randomFrom(7);
    const draw = () => 40 + 10 * (random() + random() + random() + random() - 2);
    const trials = 4000;
    let lines = 0;
    for (let i = 0; i < trials; i += 1) {
      const [before, after] = [
        [draw(), draw(), draw()],
        [draw(), draw(), draw()],
      ] as const;
      if (differenceOf(before, after).significant) lines += 1;
    }
    expect(lines / trials).toBeLessThan(0.055);
    expect(lines / trials, 'an interval that never excludes zero says nothing').toBeGreaterThan(0.02);

    const upgrades = 400;
    let wrong = 0;
    for (let i = 0; i < upgrades; i += 1) {
      const run = (phase: 'before' | 'after') =>
        world(
          phase,
          Array.from({ length: 12 }, (_, flow) => {
            const ms = draw();
            return Array.from({ length: 5 }, () => made(ms, { callee: `shop/callee-${flow}` }));
          }).flat(),
        );
      const worlds = [run('before'), run('after'), run('after'), run('before'), run('before'), run('after')];
      if (compareLatency(worlds).some(({ beyondDoubt }) => beyondDoubt)) wrong += 1;
    }
    expect(wrong / upgrades).toBeLessThan(0.06);
  });

  it('finds a slow-down that is there', () => {
    const random = randomFrom(11);
    const draw = (ms: number) => ms + 2 * (random() + random() - 1);
    let found = 0;
    for (let i = 0; i < 200; i += 1) {
      const change = differenceOf([draw(40), draw(40), draw(40)], [draw(46), draw(46), draw(46)]);
      if (change.significant && change.differenceMs > 0) found += 1;
    }
    expect(found / 200).toBeGreaterThan(0.95);
  });
});
