import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RolloutEvent } from '../environment/contract.ts';
import { readTimeline } from '../result/timeline/read.ts';
import type { Timeline } from '../result/timeline/types.ts';
import type { ScenarioResult } from '../result/types.ts';
import { parseScenario } from '../scenario/load.ts';
import type { JudgeInput } from '../verdict/judge.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { passing } from './testing/expect-passed.ts';
import { tempDir } from './testing/tools.ts';

/** The load generator's own proxy stays what it was: it never speaks as the new ones do. */
const world = (seconds: number) => `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: rolled-out, description: A service that calls another. }
namespace: shop
seed: 4
mesh: { scrapeInterval: 1s }
services:
  - { name: web, latency: 2ms, calls: [{ service: db, method: POST, size: 200B }] }
  - { name: db, routes: [{ path: /, method: POST, latency: 5ms }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 20/s, duration: ${seconds}s, maxVUs: 100 }
`;

interface Seen {
  result: ScenarioResult;
  input: JudgeInput;
  events: readonly RolloutEvent[];
  /** Journals' ends of pods, by workload: whether each was closed in order. */
  ended: Record<string, boolean[]>;
  versionsOfPages: Set<string>;
  timeline: Timeline;
}

/** Seconds of traffic, the second where the machine is too slow for the first. */
const LONG_ENOUGH = [22, 60];
/** Prometheus may take as long until it scrapes a pod that is new. */
const DISCOVERY_MS = 10_000;

/** With all of the roll-out under load, and new pods that Prometheus has come to know meanwhile. */
async function rolledOut(from: string, toVersion: string): Promise<Seen> {
  for (const seconds of LONG_ENOUGH) {
    const seen = await rolledOutIn(seconds, from, toVersion);
    if (seen.events.at(-1)!.atMs < seen.input.window.trafficEndMs - DISCOVERY_MS) return seen;
  }
  throw new Error(`a roll-out of two pods took longer than ${LONG_ENOUGH.at(-1)} s: this machine is too slow for it`);
}

async function rolledOutIn(seconds: number, from: string, toVersion: string): Promise<Seen> {
  await using dir = await tempDir();
  const context = quietContext(dir.path);
  const parsed = parseScenario(world(seconds), 'rolled-out.yaml');
  const scenario = {
    ...parsed,
    mesh: { ...parsed.mesh, version: from },
    rollout: { toVersion, atMs: 1500, restMs: 300 },
  };
  await using session = await openLocal(context);
  let input: JudgeInput | undefined;
  let events: readonly RolloutEvent[] = [];
  const result = await runScenario(scenario, {
    session,
    context,
    onObserved(observed) {
      input = observed;
    },
    async linger(env) {
      events = env.rollout!();
    },
  });
  expect(result.error).toBeUndefined();
  const ended = Object.groupBy(input!.truth, ({ workload }) => workload);
  const pages = await readdir(join(dir.path, 'pages'));
  const texts = await Promise.all(pages.map((name) => readFile(join(dir.path, 'pages', name), 'utf8')));
  return {
    ...{ result, input: input!, events },
    timeline: await readTimeline(join(dir.path, 'timeline.json')),
    ended: Object.fromEntries(Object.entries(ended).map(([id, all]) => [id, all!.map(({ endMs }) => endMs !== null)])),
    versionsOfPages: new Set(
      texts.flatMap((text) => /^proxy_build_info\{.*\bversion="([^"]*)"/m.exec(text)?.[1] ?? []),
    ),
  };
}

function expectAllSteps({ events }: Seen): void {
  expect(events.map(({ what }) => what)).toEqual([
    'control-plane',
    ...Array.from({ length: 2 }, () => ['pod-started', 'pod-ready', 'pod-leaving', 'pod-gone']).flat(),
  ]);
}

/** What its folder says of how it went. */
function expectTimeline({ timeline, result, events }: Seen): void {
  const rolled = new Set(events.filter(({ pod }) => pod !== '').map(({ workload }) => workload));
  expect(rolled.size).toBe(2);
  expect(timeline.bands.map(({ kind, label }) => [kind, label.replace(/ v[\d.]+$/, '')])).toEqual(
    ['control plane', ...rolled].map((label) => ['rollout', label]),
  );
  const gone = Math.round(events.at(-1)!.atMs - timeline.originEpochMs);
  expect(timeline.bands.at(-1)!.toMs).toBe(gone);
  const edges = new Set(
    result.flows.map(({ source, destination, direction }) => [source, destination, direction].join()),
  );
  expect(timeline.flows.map((f) => [f.source, f.destination, f.direction].join())).toEqual([...edges]);
  for (const { source, destination, direction, truth, prometheus, proxy } of timeline.flows) {
    const own = result.flows.filter(
      (f) => f.source === source && f.destination === destination && f.direction === direction,
    );
    const sum = (of: 'truth' | 'proxy' | 'prometheus') => own.reduce((n, flow) => n + flow[of]!, 0);
    expect([truth.count.at(-1), proxy!.count, prometheus.count.at(-1)]).toEqual([
      sum('truth'),
      sum('proxy'),
      sum('prometheus'),
    ]);
    const { count, low, high } = prometheus;
    expect(count.filter((n, i) => n < low[i]! || n > high[i]!)).toEqual([]);
  }
  // Old pods have been scraped, and are gone; every page that was read has series.
  expect(timeline.pods).toHaveLength(5);
  for (const pod of timeline.pods) expect(pod.scrapes.length).toBeGreaterThan(1);
  expect(timeline.pods.filter(({ series }) => series !== null && series > 100).length).toBeGreaterThanOrEqual(3);
}

describe('a roll-out under load', { timeout: 480_000 }, () => {
  it('loses no request, and every flow is judged, of old pods and of new ones', async () => {
    const seen = await passing(
      () => rolledOut('2.20', 'edge-26.8.3'),
      ({ result }) => [result],
    );
    const { result, ended, versionsOfPages } = seen;
    expectAllSteps(seen);
    expect(result.traffic.failed).toBe(0);
    expect(result.reasons).toEqual([]);
    expect(result.diagnoses).toEqual([]);
    for (const { proxy, truth, prometheus, unobservable } of result.flows) {
      expect(proxy).toBe(truth);
      expect(prometheus! + unobservable).toBe(truth);
    }
    expect(ended).toMatchObject({ 'shop/web': [true, false], 'shop/db': [true, false] });
    expect(versionsOfPages).toEqual(new Set(['2.359.0', '2.366.0']));
    expectTimeline(seen);
  });

  it('from 2.17 to 2.18 names the series that stand on a page twice', async () => {
    const seen = await rolledOut('2.17', '2.18');
    const { result, events } = seen;
    expectAllSteps(seen);
    expect(result.traffic.failed).toBe(0);
    const isNew = (workload: string) =>
      events.filter((e) => e.workload === workload && e.what === 'pod-ready').map(({ pod }) => `shop/${pod}`);
    // Its callers had no transport header, and then had one; web's caller, the load generator, never has.
    expect(result.diagnoses).toMatchObject([{ causes: ['duplicate-series'], pods: isNew('shop/db') }]);
    // They count as no others; what Prometheus lacks for it is a fault that is shown.
    const wrong = result.flows.filter(({ verdict }) => verdict !== 'pass');
    expect(wrong.map(({ source, destination, direction }) => `${source} -> ${destination} ${direction}`)).toEqual([
      'shop/web -> shop/db inbound',
    ]);
  });
});
