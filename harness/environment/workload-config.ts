import type { PodConfig, RouteConfig, WorkloadConfig } from '../../sim-services/contract.ts';
import type { Scenario, ServiceSpec } from '../scenario/model.ts';
import { seedOf } from './local/names.ts';

/** What a scenario's service is told, for these of its pods. */
export function workloadConfig(scenario: Scenario, service: ServiceSpec, pods: PodConfig[]): WorkloadConfig {
  return {
    namespace: service.namespace,
    name: service.name,
    seed: seedOf(scenario.seed, service.id),
    routes: service.routes.map((route) => withGreetings(route, scenario)),
    timeline: scenario.timeline
      .filter((change) => change.service === service.id)
      .map(({ atMs, untilMs, path, method, change }) => ({ atMs, untilMs, path, method, change })),
    ...(service.protocol && { protocol: service.protocol }),
    ...(service.serverSpeaksFirst !== undefined && { serverSpeaksFirst: service.serverSpeaksFirst }),
    ...(service.concurrency !== undefined && { concurrency: service.concurrency }),
    pods,
  };
}

/** Its calls told which callees greet before they are asked. */
function withGreetings(route: RouteConfig, scenario: Scenario): RouteConfig {
  const greets = new Set(scenario.services.filter((s) => s.serverSpeaksFirst).map((s) => s.id));
  if (greets.size === 0) return route;
  const steps = route.steps.map((step) =>
    step.map((call) => (greets.has(call.service) ? { ...call, serverSpeaksFirst: true } : call)),
  );
  return { ...route, steps };
}
