import type { OutboundPolicy } from '../../../core/policy.ts';
import type { FullProxyTelemetry, ServiceRef } from '../../telemetry/types.ts';
import { Balancer, type Endpoint } from '../balancer.ts';
import type { Discovery, KnownService } from '../discovery.ts';
import type { Peer } from '../peer.ts';
import { PlainStack } from './plain-stack.ts';
import { PolicyStack } from './policy-stack.ts';
import { ProfileStack } from './profile-stack.ts';
import type { ServiceStack, StackParts } from './service-stack.ts';

/** A Service's stack and what it was built of. */
export interface StackOf {
  stack: ServiceStack;
  /** The policy that it applies. */
  policy: OutboundPolicy | undefined;
  /** By `namespace/name:port`. */
  balancers: ReadonlyMap<string, Balancer>;
}

interface Sources {
  discovery: Discovery;
  telemetry: FullProxyTelemetry;
  random(): number;
  connect(service: KnownService, pod: Peer): Endpoint;
}

/** Builds how requests to a Service are sent, with a balancer of its own for each backend, as linkerd2-proxy does. */
export function buildStack(service: KnownService, sources: Sources): StackOf {
  const { discovery, telemetry, random, connect } = sources;
  const { policy } = service;
  const profile = policy?.profile && isUsed(policy.profile) ? policy.profile : null;
  const { namespace, name, port, clusterIp } = service;
  const parent: ServiceRef = { namespace, name, port, clusterIp };
  const failureAccrual = profile ? null : (policy?.failureAccrual ?? null);
  const balancers = new Map<string, Balancer>();
  const balancer = (of: KnownService): Balancer => {
    const key = `${of.namespace}/${of.name}:${of.port}`;
    let found = balancers.get(key);
    if (!found) {
      const under = of === service ? { failureAccrual } : { failureAccrual, parent };
      found = new Balancer(of, discovery, telemetry, connect, random, under);
      balancers.set(key, found);
    }
    return found;
  };
  const parts: StackParts = {
    service,
    telemetry,
    random,
    balancer(ofNamespace, ofName, ofPort) {
      const is = ofNamespace === namespace && ofName === name && ofPort === port;
      const of = is ? service : discovery.service(ofNamespace, ofName, ofPort);
      return of ? balancer(of) : null;
    },
    emptyBalancer: (ofNamespace, ofName, ofPort) => balancer(absent(ofNamespace, ofName, ofPort)),
  };
  return { stack: stackFor(parts, policy, profile), policy, balancers };
}

function stackFor(
  parts: StackParts,
  policy: OutboundPolicy | undefined,
  profile: OutboundPolicy['profile'],
): ServiceStack {
  if (profile) return new ProfileStack(parts, profile);
  return policy && appliesPolicy(policy) ? new PolicyStack(parts, policy) : new PlainStack(parts);
}

/** A profile with neither changes nothing (linkerd2-proxy, `should_override_policy`). */
function isUsed({ routes, split }: NonNullable<OutboundPolicy['profile']>): boolean {
  return routes.length > 0 || split.length > 0;
}

function appliesPolicy({ routes, retry, timeouts, failureAccrual }: OutboundPolicy): boolean {
  return (
    routes.length > 0 || retry !== null || failureAccrual !== null || Object.values(timeouts).some((ms) => ms !== null)
  );
}

function absent(namespace: string, name: string, port: number): KnownService {
  const authority = `${name}.${namespace}.svc`;
  return { namespace, name, port, clusterIp: '', targetPort: 0, pods: [], authority };
}
