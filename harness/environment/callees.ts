import { DEFAULT_OPAQUE_PORTS } from '../core/policy.ts';
import type { Scenario, ServiceSpec } from '../scenario/model.ts';

/** The services that a workload's own code calls, each once; of the load generator its targets. */
export function calleesOf(scenario: Scenario, caller: ServiceSpec): ServiceSpec[] {
  const called = new Set(caller.routes.flatMap(({ steps }) => steps.flat().map((call) => call.service)));
  return scenario.services.filter(({ id }) => called.has(id));
}

export function loadTargets(scenario: Scenario): ServiceSpec[] {
  const targets = new Set(scenario.traffic.flatMap(({ requests }) => requests.map((request) => request.service)));
  return scenario.services.filter(({ id }) => targets.has(id));
}

/** Neither TCP nor what proxies are told not to look into has a Host header that they could read. */
export function isNamedByNoHost({ protocol, opaque, port }: ServiceSpec): boolean {
  return protocol === 'tcp' || (opaque ?? DEFAULT_OPAQUE_PORTS.includes(port));
}

/**
 * Ports by which a simulated sidecar in a cluster can tell, among these callees, one that no Host header names: those that no
 * other service of the scenario has. Ascending.
 */
export function tellingPorts(scenario: Scenario, callees: readonly ServiceSpec[]): number[] {
  const alone = ({ port }: ServiceSpec) => scenario.services.filter((service) => service.port === port).length === 1;
  return callees
    .filter((callee) => isNamedByNoHost(callee) && alone(callee))
    .map(({ port }) => port)
    .toSorted((a, b) => a - b);
}
