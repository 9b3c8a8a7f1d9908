import type { LedgerSeries, LedgerTarget, MetricLedger } from '../../ledger/types.ts';
import type { JudgeInput } from '../judge.ts';
import { InboundCount } from './counting.ts';
import { Rng } from './rng.ts';
import { call } from './traffic.ts';
import {
  aliveAt,
  buildWorld,
  leaveInOrder,
  type ServiceSimSpec,
  type SimInstance,
  type SimPod,
  type World,
  type WorldSpec,
} from './world.ts';

/**
 * A run of a mesh that counts as the facts say, with every event in time: journals and both metric ledgers. It shares no
 * code with the judge, so that the two can contradict each other.
 */
export function simulate(spec: WorldSpec): JudgeInput {
  const rng = new Rng(spec.seed);
  const world = buildWorld(spec, rng);
  const loader = world.load.instances[0]!;
  for (let i = 0; i < spec.requests; i++) {
    call(world, loader, 0, world.originMs + (i + rng.next()) * (spec.durationMs / spec.requests));
  }
  leaveInOrder(world);
  unmeshed(world);
  const gone = Math.max(...world.pods.flat().flatMap(({ instances }) => instances.map(lastOf)));
  const quietFromMs = Math.max(world.lastMs, gone, world.originMs + spec.durationMs) + 100 + spec.skewMs;
  const allPods = [world.load, ...world.pods.flat()];
  const skew = rng.between(-0.5, 0.5) * spec.skewMs;
  const scrapes = (pod: SimPod): Page[] => {
    const pages: Page[] = [];
    const comesMs = pod.instances[0]!.proxy.startMs;
    const phase = rng.between(0.2, 1) * spec.scrapeIntervalMs;
    const first = comesMs > world.originMs ? comesMs + phase : world.originMs - phase;
    for (let t = first; t < quietFromMs + 1.6 * spec.scrapeIntervalMs; t += spec.scrapeIntervalMs) {
      if (t >= goneMs(pod)) break;
      pages.push(pageAt(pod, t, rng.between(0.5, 40), rng));
    }
    return pages;
  };
  const direct = (pod: SimPod): Page[] => {
    const middle = world.originMs + rng.next() * spec.durationMs;
    const { endMs } = pod.instances.at(-1)!.journal;
    const settledMs = endMs === null ? quietFromMs + spec.skewMs : endMs - pod.skewMs;
    const end = settledMs + rng.between(1, endMs === null ? 200 : 40);
    return [middle, end].map((t) => pageAt(pod, t, rng.between(0.5, 40), rng)).filter((p) => p.alive);
  };
  return {
    topology: world.topology,
    truth: allPods.flatMap((pod) => pod.instances.map((i) => i.journal)),
    prometheus: ledger('prometheus', allPods, scrapes, skew),
    proxy: ledger('proxy', allPods, direct, skew),
    window: {
      originMs: world.originMs,
      trafficEndMs: world.originMs + spec.durationMs,
      quietFromMs,
      scrapeIntervalMs: spec.scrapeIntervalMs,
    },
    clockMarginMs: spec.skewMs,
    load: { droppedIterations: 0, interrupted: false },
    expect: { goldenEveryFlow: true, slo: [], idle: [] },
  };
}

/** When it has left, for good. */
function goneMs(pod: SimPod): number {
  const { leavesMs, killMs } = pod.instances.at(-1)!;
  return leavesMs === Number.POSITIVE_INFINITY ? leavesMs : killMs;
}

function lastOf({ leavesMs, killMs }: SimInstance): number {
  return leavesMs === Number.POSITIVE_INFINITY ? 0 : killMs;
}

interface Page {
  t: number;
  durationMs: number;
  renderMs: number;
  alive: boolean;
}

function pageAt(pod: SimPod, t: number, durationMs: number, rng: Rng): Page {
  const renderMs = t + rng.next() * durationMs;
  return { t, durationMs, renderMs, alive: aliveAt(pod, renderMs) !== undefined };
}

function ledger(
  source: MetricLedger['source'],
  pods: readonly SimPod[],
  pagesOf: (pod: SimPod) => Page[],
  skewMs: number,
): MetricLedger {
  const targets: LedgerTarget[] = [];
  const series: LedgerSeries[] = [];
  for (const pod of pods) {
    const pages = pagesOf(pod);
    targets.push({
      job: 'linkerd-proxy',
      namespace: pod.namespace,
      pod: pod.name,
      instance: `${pod.ip}:4191`,
      scrapes: pages.map((p) => ({
        t: p.t + skewMs,
        fromMs: p.t + skewMs,
        untilMs: p.t + p.durationMs + skewMs,
        ok: p.alive,
        startTime: p.alive ? Math.round(aliveAt(pod, p.renderMs)!.proxy.startMs / 10) / 100 : null,
      })),
    });
    addSeries(series, targets.length - 1, pod, pages, skewMs);
  }
  return { source, targets, series };
}

/** A proxy that restarts in its pod goes on in the same series. */
function addSeries(series: LedgerSeries[], target: number, pod: SimPod, pages: Page[], skewMs: number): void {
  const known = new Map<string, LedgerSeries>();
  for (const instance of pod.instances) {
    const own = pages.filter((p) => p.alive && aliveAt(pod, p.renderMs) === instance);
    instance.proxy.render(
      own.map((p) => p.renderMs),
      (key, i, v) => {
        let s = known.get(key);
        if (!s) {
          s = { ...instance.proxy.series.get(key)!, target, samples: [] };
          known.set(key, s);
          series.push(s);
        }
        s.samples.push({ t: own[i]!.t + skewMs, v });
      },
    );
  }
}

/** Probes, and now and then a curl from outside of the mesh. */
function unmeshed(world: World): void {
  const { rng } = world;
  const curls = rng.chance(0.3);
  const endMs = world.originMs + world.spec.durationMs;
  for (const instance of world.pods.flat().flatMap((pod) => pod.instances)) {
    const spec = specOf(world, instance);
    // A Server with routes has none for probes; there the kubelet asks elsewhere.
    if (spec.server?.routes) continue;
    for (
      let t = instance.appMs + rng.between(0, 500);
      t < Math.min(endMs, instance.killMs, instance.leavesMs);
      t += 700
    ) {
      new InboundCount(instance, { spec, clientId: null, path: '/', probe: true }, t, 0).answer(200, t + 0.5, t + 0.5);
      servedUnmeshed(instance, '/healthz', t + 0.2);
      if (!curls || spec.server || t < world.originMs || !rng.chance(0.3)) continue;
      new InboundCount(instance, { spec, clientId: null, path: '/' }, t, 0).answer(200, t + 0.5, t + 0.6);
      servedUnmeshed(instance, '/', t + 0.2);
    }
  }
}

function specOf(world: World, { pod }: SimInstance): ServiceSimSpec {
  return world.spec.services[world.pods.findIndex((list) => list.includes(pod))]!;
}

function servedUnmeshed(instance: SimInstance, route: string, t: number): void {
  const at = t + instance.pod.skewMs;
  const moment = { startMs: at, firstByteMs: at + 0.1, endMs: at + 0.1 };
  if (t + 0.1 >= instance.killMs) return;
  instance.journal.served.push({
    caller: '-',
    method: 'GET',
    route,
    ...moment,
    outcome: 'completed',
    status: 200,
    grpc: null,
  });
}
