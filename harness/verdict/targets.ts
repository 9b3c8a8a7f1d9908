import type { Topology } from '../core/topology.ts';
import type { LedgerTarget, MetricLedger } from '../ledger/types.ts';
import type { Reason } from '../result/types.ts';
import { FAMILY_BY_NAME } from './families.ts';
import { fail } from './reasons.ts';
import { group, podKey, type Truth } from './truth.ts';

const keyOf = (t: LedgerTarget): string => podKey(t.namespace, t.pod);

/** Two targets for one pod: whatever sums over them counts its traffic twice. */
export function duplicateTargets(ledgers: readonly MetricLedger[]): Reason[] {
  return ledgers.flatMap((ledger) =>
    [...group(ledger.targets, keyOf)]
      .filter(([, targets]) => targets.length > 1)
      .map(([pod, targets]) => {
        const names = targets.map((t) => `${t.instance} (job ${t.job})`).join(' and ');
        return fail('DUPLICATE_TARGET', `${pod} is ${targets.length} targets of ${ledger.source}: ${names}`);
      }),
  );
}

/**
 * Series that stand twice on a proxy's own page. Prometheus keeps one of each and drops the other. Proxies before v2.306 do so
 * which have seen meshed connections both with a transport header and without (facts, section 9), as while 2.18 is rolled out.
 */
export function duplicateSeries(proxy: MetricLedger): Reason[] {
  return proxy.targets.flatMap((target) => {
    const page = target.scrapes.findLast((s) => s.duplicates !== undefined);
    if (!page) return [];
    const version = page.version ? ` (v${page.version})` : '';
    const families = page.duplicates!.join(', ');
    return fail(
      'DUPLICATE_SERIES',
      `the page of ${keyOf(target)}'s proxy${version} has series twice: ${families}; Prometheus keeps one of each and drops what the other counts`,
    );
  });
}

/** Pods whose series nobody judges, because the topology or the truth does not know them; the control plane's are meant to. */
export function unjudgedTargets(topology: Topology, truth: Truth, ledgers: readonly MetricLedger[]): string[] {
  const pods = new Set(topology.pods.map((p) => podKey(p.namespace, p.name)));
  return ledgers.flatMap((ledger) => {
    const busy = new Set(ledger.series.filter((s) => FAMILY_BY_NAME.has(s.name)).map((s) => s.target));
    const unjudged = ledger.targets
      .filter((t, i) => busy.has(i) && t.namespace !== topology.controlPlaneNamespace)
      .map(keyOf)
      .filter((pod) => !pods.has(pod) || !truth.instancesOfPod.has(pod));
    if (unjudged.length === 0) return [];
    const names = [...new Set(unjudged)].sort().join(', ');
    return [`${ledger.source} has series of pods that the topology or the truth does not know, not judged: ${names}`];
  });
}
