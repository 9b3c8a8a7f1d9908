import type { PodConfig, WorkloadConfig } from '../../sim-services/contract.ts';
import type { Scenario, ServiceSpec } from '../scenario/model.ts';
import { seedOf } from './local/names.ts';

/** What a scenario's service is told, for these of its pods. */
export function workloadConfig(scenario: Scenario, service: ServiceSpec, pods: PodConfig[]): WorkloadConfig {
  return {
    namespace: service.namespace,
    name: service.name,
    seed: seedOf(scenario.seed, service.id),
    routes: service.routes,
    timeline: scenario.timeline
      .filter((change) => change.service === service.id)
      .map(({ atMs, untilMs, path, method, change }) => ({ atMs, untilMs, path, method, change })),
    ...(service.protocol && { protocol: service.protocol }),
    ...(service.serverSpeaksFirst !== undefined && { serverSpeaksFirst: service.serverSpeaksFirst }),
    pods,
  };
}
