import type { InboundPolicy, OutboundPolicy } from '../core/policy.ts';
import { identityName, type ServiceInfo, type WorkloadInfo } from '../core/topology.ts';
import { LOAD_WORKLOAD, PROMETHEUS_WORKLOAD, type Scenario, type ServiceSpec } from '../scenario/model.ts';
import { inboundPolicyOf, outboundPolicyOf } from '../scenario/policy.ts';

/** Where identities are from. */
export interface TrustSettings {
  trustDomain: string;
  controlPlaneNamespace: string;
}

/** What a workload declares beside plain HTTP; nothing of what it does not, so that plain workloads look as ever. */
export function workloadFields(
  scenario: Scenario,
  service: ServiceSpec,
  trust: TrustSettings,
): Pick<WorkloadInfo, 'protocol' | 'inboundPolicy' | 'skipsInbound' | 'skipsOutbound'> {
  const { appPort, ...subject } = service;
  // Port 0: it serves nothing.
  const inboundPolicy = inboundPolicyOf(scenario, appPort === 0 ? subject : service, identityIn(scenario, trust));
  return {
    ...(service.protocol && service.protocol !== 'http' && { protocol: service.protocol }),
    ...(saysIn(service, inboundPolicy) && { inboundPolicy }),
    ...(service.skipInbound && { skipsInbound: true }),
    ...(service.skipOutbound?.length && { skipsOutbound: service.skipOutbound }),
  };
}

/** What a Service declares for its callers' proxies; nothing when it declares nothing. */
export function serviceFields(scenario: Scenario, service: ServiceSpec): Pick<ServiceInfo, 'outboundPolicy'> {
  const outboundPolicy = outboundPolicyOf(scenario, service);
  return saysOut(outboundPolicy) ? { outboundPolicy } : {};
}

function saysIn({ defaultPolicy }: ServiceSpec, { servers }: InboundPolicy): boolean {
  return defaultPolicy !== undefined || servers.length > 0;
}

function saysOut({ opaque, routes, retry, timeouts, failureAccrual, profile }: OutboundPolicy): boolean {
  const times = [timeouts.requestMs, timeouts.responseMs, timeouts.idleMs];
  return opaque || routes.length > 0 || [retry, failureAccrual, profile, ...times].some((one) => one !== null);
}

/**
 * Whether the kubelet asks at the admin port, past the proxy: where it can't speak to the app, and where the app's Server has
 * routes, which its probes do not match (with routes of its own a Server has none for probes), has a rate limit, which would
 * refuse them now and then, or is not looked into.
 */
export function isProbedAtAdmin(scenario: Scenario, { id, namespace, protocol }: ServiceSpec): boolean {
  if (protocol !== undefined && protocol !== 'http') return true;
  const policies = scenario.policies ?? [];
  return policies.some((spec) => {
    if (spec.kind !== 'Server' || spec.port !== 'app') return false;
    if (spec.service === null ? spec.namespace !== namespace : spec.service !== id) return false;
    const name = `${spec.namespace}/${spec.name}`;
    const hindered = policies.some(
      (other) => (other.kind === 'HTTPRoute' || other.kind === 'RateLimit') && other.server === name,
    );
    return hindered || spec.protocol === 'opaque' || spec.protocol === 'TLS';
  });
}

/** The load generator as a service: one that serves nothing. */
export function loadService(): ServiceSpec {
  return { ...LOAD_WORKLOAD, replicas: 1, port: 80, appPort: 0, labels: {}, routes: [] };
}

/** Prometheus as a service: one that serves nothing in the mesh. */
export function prometheusService(): ServiceSpec {
  const { id, namespace, name } = PROMETHEUS_WORKLOAD;
  return { id, namespace, name, serviceAccount: name, replicas: 1, port: 9090, appPort: 0, labels: {}, routes: [] };
}

/** Identities of services by their qualified names, of the load generator and of Prometheus. */
function identityIn(scenario: Scenario, trust: TrustSettings): (id: string) => string {
  const known = [...scenario.services, loadService(), prometheusService()];
  return (id) => {
    const { serviceAccount, namespace } = known.find((service) => service.id === id)!;
    return identityName(serviceAccount, namespace, trust.controlPlaneNamespace, trust.trustDomain);
  };
}
