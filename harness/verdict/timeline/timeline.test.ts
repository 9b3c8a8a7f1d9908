import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { timelineSchema } from '../../result/timeline/schema.ts';
import type { FlowTimeline } from '../../result/timeline/types.ts';
import { timelineText } from '../../result/timeline/write.ts';
import type { FlowResult } from '../../result/types.ts';
import { isFailureStatus } from '../flow-status.ts';
import { type JudgeInput, judge } from '../judge.ts';
import { largeInput, sideBySide } from '../testing/large.ts';
import { MUTATIONS } from '../testing/mutants.ts';
import { simulate } from '../testing/simulate.ts';
import { countVisits } from '../testing/visits.ts';
import { grpcWorld, policyWorld, randomWorld, rolledOutWorld } from '../testing/worlds.ts';
import { edgeKey } from '../witness.ts';
import { isOutside } from './readings-line.ts';
import { timed } from './testing/timed.ts';
import { pointsOf } from './timeline.ts';

const WORLDS = { plain: randomWorld, gRPC: grpcWorld, policy: policyWorld, 'rolled out': rolledOutWorld };

/** The flows of result.json that count what response_total counts. Routes count the same requests once more. */
function flowsOf(flows: readonly FlowResult[], edge: FlowTimeline): FlowResult[] {
  const same = flows.filter((f) => edgeKey(f) === edgeKey(edge));
  return edge.direction === 'inbound' ? same : same.filter((f) => f.route === 'default');
}

const sum = (values: Iterable<number | null>): number => [...values].reduce<number>((n, v) => n + (v ?? 0), 0);
const rises = (values: readonly number[]): boolean => values.every((v, i) => i === 0 || v >= values[i - 1]!);
const outsideOf = ({ prometheus }: FlowTimeline): number[] =>
  prometheus.atMs.filter((_, i) => isOutside(prometheus, i));

function expectWhole(input: JudgeInput, name: string): void {
  const { judgement, timeline } = timed(input);
  expect(judgement, name).toEqual(judge(input));
  expect(timelineSchema.parse(JSON.parse(timelineText(timeline))), name).toEqual(timeline);
  const edges = new Set(judgement.flows.map(edgeKey));
  expect(timeline.flows.map(edgeKey), name).toEqual([...edges]);
  for (const flow of timeline.flows) {
    const place = `${name}: ${edgeKey(flow)}`;
    const own = flowsOf(judgement.flows, flow);
    const { truth, prometheus, proxy } = flow;
    expect([truth.atMs[0], truth.count[0], truth.failures[0]], place).toEqual([timeline.fromMs, 0, 0]);
    expect([truth.atMs.at(-1), truth.count.at(-1)], place).toEqual([timeline.toMs, sum(own.map((f) => f.truth))]);
    for (const list of [...Object.values(truth), prometheus.atMs]) expect(rises(list), place).toBe(true);
    expect(prometheus.count.at(-1) ?? 0, place).toBe(sum(own.map((f) => f.prometheus)));
    expect(proxy?.count ?? 0, place).toBe(sum(own.map((f) => f.proxy)));
    const failed = own.filter((f) => isFailureStatus(f.status));
    expect(prometheus.failures.at(-1) ?? 0, place).toBe(sum(failed.map((f) => f.prometheus)));
    expect(proxy?.failures ?? 0, place).toBe(sum(failed.map((f) => f.proxy)));
    if (judgement.verdict === 'pass') expect(outsideOf(flow), place).toEqual([]);
  }
}

describe('a timeline of what was judged', { timeout: 120_000 }, () => {
  test.each(Object.entries(WORLDS))(
    '%s worlds: it ends as the result does, within the bounds',
    (name, worldOf) => {
      // Odd seeds have ServiceProfiles, whose requests without a route are in the flows of response_total once more.
      for (let seed = 300; seed < 310; seed += 2) expectWhole(simulate(worldOf(seed, 25)), `${name} ${seed}`);
    },
    120_000,
  );

  test('with a ServiceProfile: within the bounds', () => {
    for (const seed of [301, 305, 309]) {
      const { judgement, timeline } = timed(simulate(policyWorld(seed, 30)));
      expect(judgement.verdict, `world ${seed}`).toBe('pass');
      expect(timeline.flows.flatMap(outsideOf), `world ${seed}`).toEqual([]);
    }
  });

  test('whatever the world', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) =>
        expectWhole(simulate(randomWorld(seed, 25)), `world ${seed}`),
      ),
      { numRuns: 10 },
    );
  });

  test('where nothing is lost it leaves no room at the end', () => {
    for (let seed = 3; seed < 30; seed += 3) {
      const input = simulate(randomWorld(seed, 40));
      if (input.truth.some((j) => j.made.some((m) => m.outcome === 'timeout'))) continue;
      for (const { truth, prometheus } of timed(input).timeline.flows) {
        const end = [prometheus.low, prometheus.high, prometheus.count].map((list) => list.at(-1));
        const total = truth.count.at(-1);
        expect(end, `world ${seed}`).toEqual([total, total, total]);
      }
    }
  });

  test('where one pod counts, truth and bounds go side by side', () => {
    let compared = 0;
    for (const seed of [3, 6, 9, 12, 15, 18]) {
      const input = simulate(randomWorld(seed, 60));
      for (const { source, destination, direction, truth, prometheus } of timed(input).timeline.flows) {
        const counts = direction === 'inbound' ? destination : source;
        if (input.topology.pods.filter((p) => p.workload === counts).length > 1) continue;
        const at = (t: number): number => truth.count[truth.atMs.findLastIndex((x) => x <= t)] ?? 0;
        prometheus.atMs.forEach((t, i) => {
          // A page takes up to 40 ms, and clocks are up to 5 ms apart.
          const early = at(t - 30);
          expect(prometheus.low[i], `world ${seed}, ${t} ms`).toBeLessThanOrEqual(at(t + 30));
          expect(prometheus.high[i], `world ${seed}, ${t} ms`).toBeGreaterThanOrEqual(early);
          compared += early > 0 ? 1 : 0;
        });
      }
    }
    expect(compared).toBeGreaterThan(50);
  });

  test('shows what counts wrongly outside of its bounds', () => {
    const wrong = [
      'one request lost',
      'counted twice',
      'one too many at the last scrape',
      'stops moving',
      'series missing',
    ];
    let found = 0;
    for (let seed = 3; seed < 40; seed += 3) {
      const input = simulate(randomWorld(seed, 40));
      const victims = input.prometheus.series.filter(
        (s) => s.name === 'response_total' && s.labels.tls === 'true' && s.samples.at(-1)!.v > 1,
      );
      const series = victims[seed % Math.max(1, victims.length)];
      if (!series) continue;
      const { namespace, pod } = input.prometheus.targets[series.target]!;
      const { name, labels, samples } = series;
      const fromMs = samples.find((s) => s.v > 0)!.t;
      const mutation = MUTATIONS.find((m) => m.name === wrong[found % wrong.length])!;
      const prometheus = mutation.apply(input.prometheus, { namespace, pod, name, labels, fromMs });
      if (!prometheus) continue;
      const { judgement, timeline } = timed({ ...input, prometheus });
      const place = `world ${seed}, ${mutation.name}`;
      expect(judgement.verdict, place).toBe('fail');
      const outside = timeline.flows.filter((flow) => outsideOf(flow).length > 0);
      expect(
        outside.map((f) => f.direction),
        place,
      ).toContain(labels.direction);
      found++;
    }
    expect(found).toBeGreaterThan(wrong.length);
  });

  test('of a pod that was killed, what died with it is in the truth alone', () => {
    let seen = 0;
    for (let seed = 0; seed < 60 && seen < 3; seed++) {
      const world = randomWorld(seed, 60);
      if (world.restarts.length === 0) continue;
      const { judgement, timeline } = timed(simulate(world));
      for (const flow of timeline.flows) {
        const lost = sum(flowsOf(judgement.flows, flow).map((f) => f.unobservable));
        if (lost === 0 || flow.direction === 'outbound') continue;
        seen++;
        const { prometheus, truth } = flow;
        expect(rises(prometheus.count), `world ${seed}`).toBe(true);
        expect(prometheus.low.at(-1)!, `world ${seed}`).toBeLessThan(truth.count.at(-1)!);
      }
    }
    expect(seen).toBeGreaterThan(2);
  });

  test('has each pod with its scrapes, and those that failed', () => {
    const input = simulate(randomWorld(3, 40));
    const [target] = input.prometheus.targets;
    target!.scrapes[2]!.ok = false;
    const key = `${target!.namespace}/${target!.pod}`;
    const { timeline } = timed(input, { series: new Map([[key, 321]]) });
    expect(timeline.pods.map((p) => p.pod)).toEqual(input.topology.pods.map((p) => p.name));
    const own = timeline.pods.find((p) => p.pod === target!.pod)!;
    expect(own.series).toBe(321);
    expect(own.scrapes.map((s) => s.ok)).toEqual(target!.scrapes.map((_, i) => i !== 2));
    expect(rises(own.scrapes.map((s) => s.atMs))).toBe(true);
    expect(timeline.pods.filter((p) => p !== own).every((p) => p.series === null)).toBe(true);
    const last = target!.scrapes.at(-1)!;
    const middle = (last.fromMs + last.untilMs) / 2 - input.window.originMs;
    expect(own.scrapes.at(-1)!.atMs).toBe(Math.round(middle));
  });

  test('has a distribution of each edge whose latencies are known', () => {
    const input = simulate(randomWorld(3, 80));
    const { timeline, judgement } = timed(input);
    expect(timeline.latencies.length).toBeGreaterThan(1);
    for (const d of timeline.latencies) {
      const own = judgement.flows.filter((f) => edgeKey(f) === edgeKey(d) && f.status !== '');
      expect(sum(d.truth)).toBe(sum(own.map((f) => f.truth)));
      expect(sum(d.observed)).toBe(sum(own.map((f) => f.prometheus)));
      expect(sum(d.fine.count)).toBe(sum(d.truth));
      expect(d.edgesMs.at(-1)).toBeNull();
      expect(d.edgesMs).toHaveLength(26);
      const p50 = judgement.quantiles.find((q) => edgeKey(q) === edgeKey(d) && q.quantile === 0.5)!;
      expect(p50.truthMs).toBeLessThanOrEqual(d.fine.upToMs.at(-1)!);
    }
  });

  test("has the proxies' ledger at the end, and before it where pods left and were read as they did", () => {
    let left = 0;
    const seeds = [300, 301, 302, 303];
    for (const input of seeds.flatMap((seed) => [rolledOutWorld(seed, 25), randomWorld(seed, 25)].map(simulate))) {
      const scrapes = input.proxy.targets.flatMap((target) => target.scrapes);
      const before = scrapes.filter(({ untilMs }) => untilMs < input.window.quietFromMs).length;
      for (const { proxy, truth } of timed(input).timeline.flows) {
        if (!proxy?.earlier) continue;
        left++;
        const { atMs, count, failures } = proxy.earlier;
        expect(atMs.length).toBeGreaterThan(0);
        expect(atMs.length).toBeLessThanOrEqual(before);
        for (const list of [atMs, count, failures]) expect(rises(list)).toBe(true);
        expect(atMs.at(-1)).toBeLessThan(proxy.atMs);
        expect(count.at(-1)).toBeLessThanOrEqual(proxy.count);
        expect(proxy.count).toBeLessThanOrEqual(truth.count.at(-1)!);
      }
    }
    expect(left).toBeGreaterThan(0);
    // Where all of them were read when it was quiet there is the end alone.
    const input = simulate(randomWorld(300, 25));
    const window = { ...input.window, quietFromMs: input.window.originMs };
    for (const { proxy } of timed({ ...input, window }).timeline.flows) expect(proxy?.earlier).toBeUndefined();
  });

  test('where nobody was scraped there is the truth, and no more', () => {
    const input = simulate(randomWorld(3, 40));
    const none = { targets: [], series: [] };
    const { timeline } = timed({
      ...input,
      proxy: { source: 'proxy', ...none },
      prometheus: { source: 'prometheus', ...none },
    });
    expect(timeline.flows.length).toBeGreaterThan(0);
    for (const { truth, prometheus, proxy } of timeline.flows) {
      expect(truth.count.at(-1)).toBeGreaterThan(0);
      expect([prometheus.atMs, proxy]).toEqual([[], null]);
    }
    expect(timeline.pods.every((p) => p.scrapes.length === 0)).toBe(true);
  });
});

describe('of large inputs', { timeout: 120_000 }, () => {
  test('it is made in time with what it is made of', () => {
    const unit = simulate(policyWorld(8, 30));
    const [few, many] = [sideBySide(unit, 4), sideBySide(unit, 16)];
    timed(few);
    const own = (input: JudgeInput): number => countVisits(() => timed(input)) - countVisits(() => judge(input));
    expect(own(many) / own(few)).toBeLessThan(4.5);
  });

  test('lines have fewer points where there are more of them', () => {
    expect([0, 1, 12, 24, 60, 5000].map(pointsOf)).toEqual([200, 200, 200, 100, 40, 40]);
  });

  test.each(['wide', 'deep'] as const)('%s: it stays small', (shape) => {
    const { timeline } = timed(largeInput(12_000, shape));
    expect(timelineText(timeline).length).toBeLessThan(250_000);
  });
});
