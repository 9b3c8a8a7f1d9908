import { EXIT, HarnessError } from '../core/errors.ts';
import type { RoutingSpec, Scenario } from '../scenario/model.ts';
import type { EnvironmentInfo } from './contract.ts';

/** Something that a scenario declares, and that not every release of Linkerd knows. */
export interface Feature {
  /** What it is, and where: `retries of shop/cart`. */
  what: string;
  /** The minor version of Linkerd's first stable release that does it: 16 of 2.16. */
  since: number;
}

/** First stable releases, by the definitions and the policy controller that each ships (telemetry facts, section 9). */
const SINCE = {
  outboundRoute: 13,
  failureAccrual: 13,
  gatewayRoute: 14,
  grpcRoute: 16,
  retries: 16,
  timeouts: 16,
  accessPolicy: 16,
  auditPolicy: 16,
  rateLimit: 17,
} as const;

/**
 * What a scenario asks of the mesh and a release does not do; empty when that is not certain, as of an edge.
 * @param release `2.12`, `stable-2.14.10`, `version-2.16`
 */
export function beyondRelease(scenario: Scenario, release: string): Feature[] {
  const minor = /^(?:stable-|version-|v)?2\.(\d{1,2})(?:\.|$)/.exec(release)?.[1];
  if (minor === undefined) return [];
  return featuresOf(scenario).filter(({ since }) => Number(minor) < since);
}

/** `retries of shop/cart (since 2.16), GRPCRoute rpc (since 2.16)`. */
export function featuresText(features: readonly Feature[]): string {
  return features.map(({ what, since }) => `${what} (since 2.${since})`).join(', ');
}

/**
 * A real Linkerd would ignore what it does not know, and the run would judge a mesh that nobody asked for.
 * @throws HarnessError UNSUPPORTED_BY_VERSION naming each, and the first release that has it
 */
export function refuseBeyondRelease(scenario: Scenario, mesh: EnvironmentInfo['mesh']): void {
  const beyond = mesh.kind === 'linkerd' ? beyondRelease(scenario, mesh.version) : [];
  if (beyond.length === 0) return;
  throw new HarnessError(
    'UNSUPPORTED_BY_VERSION',
    `${scenario.file}: Linkerd ${mesh.version} does not know ${featuresText(beyond)}`,
    { hint: 'take them out of the scenario, or run it with a newer release', exitCode: EXIT.invalidInput },
  );
}

function featuresOf(scenario: Scenario): Feature[] {
  const found: Feature[] = [];
  const add = (what: string, since: number): void => {
    found.push({ what, since });
  };
  for (const service of scenario.services) {
    if (service.retry) add(`retries of ${service.id}`, SINCE.retries);
    if (service.timeouts) add(`timeouts of ${service.id}`, SINCE.timeouts);
    if (service.failureAccrual) add(`failure accrual of ${service.id}`, SINCE.failureAccrual);
    if (service.defaultPolicy === 'audit') add(`default policy audit of ${service.id}`, SINCE.auditPolicy);
  }
  for (const route of scenario.routing ?? []) {
    if (route.kind === 'ServiceProfile') continue;
    const name = `${route.kind} ${route.namespace}/${route.name}`;
    add(`${name} with a Service as its parent`, routeSince(route));
    if (route.retry) add(`retries of ${name}`, SINCE.retries);
    if (Object.values(route.timeouts).some((ms) => ms !== null)) add(`timeouts of ${name}`, SINCE.timeouts);
  }
  for (const policy of scenario.policies ?? []) {
    const name = `${policy.kind} ${policy.namespace}/${policy.name}`;
    if (policy.kind === 'RateLimit') add(name, SINCE.rateLimit);
    // Without one a Server lets nobody in, as it did before the field came.
    if (policy.kind === 'Server' && policy.accessPolicy !== 'deny') add(`accessPolicy of ${name}`, SINCE.accessPolicy);
  }
  return found;
}

function routeSince({ kind, group }: Exclude<RoutingSpec, { kind: 'ServiceProfile' }>): number {
  if (kind === 'GRPCRoute') return SINCE.grpcRoute;
  return group === 'gateway.networking.k8s.io' ? SINCE.gatewayRoute : SINCE.outboundRoute;
}
