import { describe, expect, it } from 'vitest';
import type { JudgeInput } from '../judge.ts';
import { type Counted, simulateTcp, type TcpWorld } from '../tcp/testing/world.ts';
import { isOutside } from './readings-line.ts';
import { timed } from './testing/timed.ts';

function inputOf(world: TcpWorld, change?: (s: Counted) => Counted | null): JudgeInput {
  const { topology, journals, quietFromMs, marginMs, originMs } = world;
  const prometheus = world.ledger(change);
  return {
    topology,
    truth: journals,
    prometheus,
    proxy: { ...prometheus, source: 'proxy' },
    window: { originMs, trafficEndMs: quietFromMs, quietFromMs, scrapeIntervalMs: 500 },
    clockMarginMs: marginMs,
    load: { droppedIterations: 0, interrupted: false },
    expect: { goldenEveryFlow: true, slo: [], idle: [] },
  };
}

describe('connections over time', () => {
  it('are opened as the journals say, and counted within the bounds', () => {
    for (let seed = 1; seed < 8; seed++) {
      const { judgement, timeline } = timed(inputOf(simulateTcp(seed)));
      const opened = judgement.flows.filter((f) => f.status === 'connections');
      expect(timeline.flows).toHaveLength(opened.length);
      expect(opened.length).toBeGreaterThan(2);
      for (const [i, { unit, truth, prometheus, proxy, direction }] of timeline.flows.entries()) {
        expect([unit, direction]).toEqual(['connections', opened[i]!.direction]);
        expect(truth.count.at(-1)).toBe(opened[i]!.truth);
        expect(prometheus.count.at(-1)).toBe(opened[i]!.prometheus);
        expect(proxy!.count).toBe(opened[i]!.proxy);
        expect([...truth.failures, ...prometheus.failures].every((n) => n === 0)).toBe(true);
        expect(prometheus.atMs.filter((_, k) => isOutside(prometheus, k))).toEqual([]);
      }
    }
  });

  it('of a pod that nobody scraped are in the truth alone', () => {
    const input = inputOf(simulateTcp(5));
    const unscraped = input.topology.pods.find((p) => p.workload === 'shop/web')!.name;
    for (const ledger of [input.proxy, input.prometheus]) {
      const there = ledger.targets.map((target, i) => ({ target, i })).filter(({ target }) => target.pod !== unscraped);
      const index = new Map(there.map(({ i }, k) => [i, k]));
      ledger.series = ledger.series.flatMap((s) =>
        index.has(s.target) ? [{ ...s, target: index.get(s.target)! }] : [],
      );
      ledger.targets = there.map(({ target }) => target);
    }
    const { judgement, timeline } = timed(input);
    const isOwn = (f: { source: string; direction: string }): boolean =>
      f.source === 'shop/web' && f.direction === 'outbound';
    const { truth, prometheus } = timeline.flows.find(isOwn)!;
    const flow = judgement.flows.find((f) => f.status === 'connections' && isOwn(f))!;
    expect(flow.unobservable).toBeGreaterThan(0);
    expect(truth.count.at(-1)).toBe(flow.truth);
    expect(prometheus.count.at(-1)! + flow.unobservable).toBe(flow.truth);
    expect(prometheus.high.at(-1)).toBe(prometheus.count.at(-1));
  });

  it('are outside of their bounds when a proxy counts one twice', () => {
    const twice = (s: Counted): Counted =>
      s.name === 'tcp_open_total' && s.labels.peer === 'src' && s.labels.direction === 'outbound'
        ? { ...s, value: 2 * s.value }
        : s;
    const { timeline } = timed(inputOf(simulateTcp(3), twice));
    for (const { direction, prometheus } of timeline.flows) {
      const outside = prometheus.atMs.filter((_, i) => isOutside(prometheus, i));
      expect(outside.length > 0).toBe(direction === 'outbound');
    }
  });
});
