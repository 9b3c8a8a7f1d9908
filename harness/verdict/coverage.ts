import type { Topology } from '../core/topology.ts';
import type { LedgerTarget, MetricLedger, Scrape } from '../ledger/types.ts';
import type { Reason } from '../result/types.ts';
import { segmentsOf } from './incarnations.ts';
import { inconclusive } from './reasons.ts';
import { type Instance, lastMoment, podKey, type Truth } from './truth.ts';

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
  const judged = topology.pods.filter((p) => p.namespace !== topology.controlPlaneNamespace);
  for (const pod of judged) {
    const key = podKey(pod.namespace, pod.name);
    const instances = truth.instancesOfPod.get(key);
    if (!instances) {
      const service = topology.services.some((s) => s.workload === pod.workload);
      if (service)
        coverage.reasons.push(inconclusive('NO_DATA', `no journal of pod ${key}: what it served is unknown`));
      continue;
    }
    for (const ledger of [ledgers.proxy, ledgers.prometheus]) {
      const targets = ledger.targets.filter((t) => podKey(t.namespace, t.pod) === key);
      const missing = missingAtEnd(targets, instances, ledger, window);
      if (missing) {
        coverage.blind[ledger.source].add(key);
        coverage.reasons.push(inconclusive('NO_DATA', `${key}: ${missing}`));
      } else if (ledger.source === 'prometheus') {
        const found = targets.flatMap((target) => gaps(target, instances, window));
        coverage.reasons.push(...(found.length > 0 ? found : unread(key, targets, instances, window)));
      }
    }
  }
  return coverage;
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

/** Scrapes that failed, or did not happen, while traffic ran; a restart excuses those until the pod is back. */
function gaps(target: LedgerTarget, instances: readonly Instance[], window: CoverageWindow): Reason[] {
  const ok = target.scrapes.filter((s) => s.ok);
  const usual = window.scrapeIntervalMs ?? median(ok.slice(1).map((s, i) => s.t - ok[i]!.t));
  const reasons: Reason[] = [];
  let previous: Scrape | null = null;
  for (const scrape of ok) {
    const from: number = previous?.t ?? window.originMs;
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
    const fromMs = Math.max(window.originMs, instance.startMs);
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
