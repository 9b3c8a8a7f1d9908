import type { Topology } from '../core/topology.ts';
import type { LedgerTarget, MetricLedger, Scrape } from '../ledger/types.ts';
import type { Reason } from '../result/types.ts';
import { segmentsOf } from './incarnations.ts';
import { inconclusive } from './reasons.ts';
import { group, type Instance, lastMoment, podKey, type Truth } from './truth.ts';

export interface CoverageWindow {
  originMs: number;
  trafficEndMs: number;
  quietFromMs: number;
  /** How often Prometheus is to look at each target. Without it nothing is demanded of incarnations while traffic ran. */
  scrapeIntervalMs?: number;
}

/** Where data is missing: no data is never a pass. `blind` names the pods about which the end state is unknown. */
export interface Coverage {
  reasons: Reason[];
  blind: { proxy: Set<string>; prometheus: Set<string> };
}

export function checkCoverage(
  topology: Topology,
  truth: Truth,
  ledgers: { proxy: MetricLedger; prometheus: MetricLedger },
  window: CoverageWindow,
): Coverage {
  const coverage: Coverage = { reasons: [], blind: { proxy: new Set(), prometheus: new Set() } };
  const targetsOf = {
    proxy: group(ledgers.proxy.targets, (t) => podKey(t.namespace, t.pod)),
    prometheus: group(ledgers.prometheus.targets, (t) => podKey(t.namespace, t.pod)),
  };
  const services = new Set(topology.services.map((s) => s.workload));
  const judged = topology.pods.filter((p) => p.namespace !== topology.controlPlaneNamespace);
  for (const pod of judged) {
    const key = podKey(pod.namespace, pod.name);
    const instances = truth.instancesOfPod.get(key);
    if (!instances) {
      if (services.has(pod.workload))
        coverage.reasons.push(inconclusive('NO_DATA', `no journal of pod ${key}: what it served is unknown`));
      continue;
    }
    for (const ledger of [ledgers.proxy, ledgers.prometheus]) {
      const targets = targetsOf[ledger.source].get(key) ?? [];
      const missing = isGone(instances) ? null : missingAtEnd(targets, instances, ledger, window);
      if (missing) {
        coverage.blind[ledger.source].add(key);
        coverage.reasons.push(inconclusive('NO_DATA', `${key}: ${missing}`));
      } else if (ledger.source === 'prometheus') {
        const found = targets.flatMap((target) => [
          ...gaps(target, instances, window),
          ...silentBeforeItsEnd(target, instances, window),
        ]);
        coverage.reasons.push(...(found.length > 0 ? found : unread(key, targets, instances, window)));
      }
    }
  }
  return coverage;
}

/** Its pod has left in order: nobody reads it any more. */
function isGone(instances: readonly Instance[]): boolean {
  return instances.at(-1)!.goneMs !== Number.POSITIVE_INFINITY;
}

function missingAtEnd(
  targets: readonly LedgerTarget[],
  instances: readonly Instance[],
  ledger: MetricLedger,
  window: CoverageWindow,
): string | null {
  const who = ledger.source === 'prometheus' ? 'Prometheus' : 'the proxy ledger';
  if (targets.length === 0) return `${who} has no target for it`;
  const last = instances.at(-1)!;
  const settled = targets.some((target) =>
    segmentsOf(target, instances).some(
      (s) => s.instance === last && s.scrapes.some((scrape) => scrape.fromMs >= window.quietFromMs),
    ),
  );
  if (settled) return null;
  const lastOk = Math.max(...targets.flatMap((t) => t.scrapes.filter((s) => s.ok).map((s) => s.t)));
  const seen = Number.isFinite(lastOk)
    ? `its last was ${Math.round(window.quietFromMs - lastOk)} ms before`
    : 'it had none';
  return `${who} has no successful scrape of it after everything had come to its end; ${seen}`;
}

/**
 * How long a target that comes may wait beside the time to its first scrape, ms: Prometheus passes on what discovery tells at most
 * every 5 s, and scrapes accordingly at most 5 s later (its defaults).
 */
const DISCOVERY_MS = 10_000;

/** From when on a pod's target was to be scraped. */
function expectedFromMs(instances: readonly Instance[], window: CoverageWindow): number {
  const { startMs } = instances[0]!;
  return startMs <= window.originMs ? window.originMs : startMs + DISCOVERY_MS;
}

/** Scrapes that failed, or did not happen, while traffic ran; a restart excuses those until the pod is back. */
function gaps(target: LedgerTarget, instances: readonly Instance[], window: CoverageWindow): Reason[] {
  const ok = target.scrapes.filter((s) => s.ok);
  const usual = usualMs(ok, window);
  const firstFrom = expectedFromMs(instances, window);
  const reasons: Reason[] = [];
  let previous: Scrape | null = null;
  for (const scrape of ok) {
    const from: number = previous?.t ?? firstFrom;
    const failed = target.scrapes.filter((s) => !s.ok && s.t > from && s.t < scrape.t && inTraffic(s.t, window)).length;
    const restarted = instances.length > 1 && previous !== null && previous.startTime !== scrape.startTime;
    const silent = scrape.t - from > 3 * usual && from < window.trafficEndMs && scrape.t > window.originMs;
    if (!restarted && (failed > 0 || silent)) {
      const what = failed > 0 ? `${failed} scrapes failed` : 'there was no scrape';
      const ms = Math.round(scrape.t - from);
      reasons.push(
        inconclusive('TARGET_DOWN', `${podKey(target.namespace, target.pod)}: ${what} for ${ms} ms while traffic ran`),
      );
    }
    previous = scrape;
  }
  return reasons;
}

/** A pod that left while traffic ran was to be scraped until it did. */
function silentBeforeItsEnd(target: LedgerTarget, instances: readonly Instance[], window: CoverageWindow): Reason[] {
  const { goneMs } = instances.at(-1)!;
  const ok = target.scrapes.filter((s) => s.ok);
  const last = ok.at(-1);
  if (!last || goneMs > window.trafficEndMs || goneMs - last.t <= 3 * usualMs(ok, window)) return [];
  const ms = Math.round(goneMs - last.t);
  const message = `${podKey(target.namespace, target.pod)}: there was no scrape for ${ms} ms before it left, while traffic ran`;
  return [inconclusive('TARGET_DOWN', message)];
}

function usualMs(ok: readonly Scrape[], window: CoverageWindow): number {
  return window.scrapeIntervalMs ?? median(ok.slice(1).map((s, i) => s.t - ok[i]!.t));
}

/** Incarnations that lived through several scrapes' time of traffic, of which no reading is from that time. */
function unread(
  key: string,
  targets: readonly LedgerTarget[],
  instances: readonly Instance[],
  window: CoverageWindow,
): Reason[] {
  const interval = window.scrapeIntervalMs;
  if (interval === undefined) return [];
  const segments = targets.flatMap((target) => segmentsOf(target, instances));
  return instances.flatMap((instance) => {
    const first = instance === instances[0];
    const fromMs = Math.max(window.originMs, first ? expectedFromMs(instances, window) : instance.startMs);
    const alive = instance.nextStartMs === Number.POSITIVE_INFINITY && instance.journal.endMs === null;
    const untilMs = Math.min(window.trafficEndMs, alive ? Number.POSITIVE_INFINITY : lastMoment(instance.journal));
    if (untilMs - fromMs <= 3 * interval) return [];
    const read = segments.some(
      (s) => s.instance === instance && s.scrapes.some(({ t }) => t >= fromMs && t <= untilMs),
    );
    const ms = Math.round(untilMs - fromMs);
    const message = `${key} incarnation ${instance.ordinal}: it lived for ${ms} ms of the traffic, and no successful scrape is from then`;
    return read ? [] : [inconclusive('TARGET_DOWN', message)];
  });
}

function inTraffic(t: number, window: CoverageWindow): boolean {
  return t >= window.originMs && t <= window.trafficEndMs;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}
