import type { Topology } from '../core/topology.ts';
import type { MetricLedger } from '../ledger/types.ts';
import type { Reason } from '../result/types.ts';
import { fail, inconclusive } from './reasons.ts';
import { podKey, type Truth } from './truth.ts';

/** Services that must report no traffic: neither the truth nor a ledger may have any, and the ledgers must have looked. */
export function checkIdle(
  services: readonly string[],
  topology: Topology,
  truth: Truth,
  ledgers: readonly MetricLedger[],
): Reason[] {
  return services.flatMap((id) => {
    const workload = topology.services.find((s) => s.id === id)?.workload ?? id;
    const reasons: Reason[] = [];
    const served = (truth.served.get(workload) ?? []).filter((s) => s.caller !== '-').length;
    if (served > 0) reasons.push(fail('NOT_IDLE', `${id} must be idle, but it has served ${served} requests`));
    for (const ledger of ledgers) reasons.push(...checkLedger(id, workload, topology, ledger));
    return reasons;
  });
}

function checkLedger(id: string, workload: string, topology: Topology, ledger: MetricLedger): Reason[] {
  const reasons: Reason[] = [];
  for (const pod of topology.pods.filter((p) => p.workload === workload)) {
    const key = podKey(pod.namespace, pod.name);
    const scraped = ledger.targets.some((t) => podKey(t.namespace, t.pod) === key && t.scrapes.some((s) => s.ok));
    if (!scraped) {
      reasons.push(inconclusive('NO_DATA', `${id} must be idle, but ${ledger.source} has never read pod ${key}`));
      continue;
    }
    let count = 0;
    for (const s of ledger.series) {
      const target = ledger.targets[s.target]!;
      if (s.name !== 'request_total' || podKey(target.namespace, target.pod) !== key) continue;
      const { direction, target_port: port, route_name: route } = s.labels;
      const app = direction === 'outbound' || (Number(port) === pod.appPort && route !== 'probe');
      if (app) count += Math.max(0, ...s.samples.map((x) => x.v));
    }
    if (count > 0)
      reasons.push(fail('NOT_IDLE', `${id} must be idle, but ${ledger.source} shows ${count} requests at ${key}`));
  }
  return reasons;
}
