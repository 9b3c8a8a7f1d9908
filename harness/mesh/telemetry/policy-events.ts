import type { ObjectRef } from '../../core/policy.ts';
import { Balancer } from './balancer.ts';
import type { Scalar } from './families.ts';
import { hostname } from './hosts.ts';
import { inboundErrorLabels, twinLabels } from './inbound.ts';
import {
  authzLabels,
  defaultRoute,
  defaultServer,
  defaultTargetPolicy,
  type LabelBag,
  type OutboundNames,
  outboundLabels,
  routeAuthzLabels,
  serverLabels,
  serverTlsLabels,
  serviceKey,
  targetLabels,
} from './labels.ts';
import type { Page } from './page.ts';
import type {
  InboundTarget,
  InboundTargetPolicy,
  OpaqueError,
  OutboundRouteRef,
  ServerTls,
  ServiceRef,
} from './types.ts';

/** Inbound policy and connection errors: one counter an event, never evicted (facts 1.4). */
export class InboundPolicy {
  readonly #page: Page;
  readonly #policy: string;
  readonly #inboundPort: number;

  constructor(page: Page, options: { policy: string; inboundPort: number }) {
    this.#page = page;
    this.#policy = options.policy;
    this.#inboundPort = options.inboundPort;
  }

  refused(target: InboundTarget, why: 'denied' | 'no-route'): void {
    const family = why === 'denied' ? 'inbound_http_authz_deny_total' : 'inbound_http_route_not_found_total';
    const policy = this.#policyOf(target);
    this.#count(family, { ...this.#target(target, policy), ...routeAuthzLabels(policy) });
  }

  /** A limited request was authorized first, and counts as an unexpected error (facts, section 2). */
  rateLimited(target: InboundTarget, scope: 'total' | 'identity', limit?: ObjectRef): void {
    const policy = this.#policyOf(target);
    const bag = this.#target(target, policy);
    const name = limit && { ratelimit_group: limit.group, ratelimit_kind: limit.kind, ratelimit_name: limit.name };
    this.#count('inbound_http_authz_allow_total', { ...bag, ...routeAuthzLabels(policy) });
    this.#count('inbound_http_local_ratelimit_total', { ...bag, ...name, ratelimit_scope: scope });
    const errors = inboundErrorLabels(target, policy, this.#inboundPort);
    this.#count('inbound_http_errors_total', { ...errors, error: 'unexpected' });
  }

  tcpAuthorized(
    ip: string,
    port: number,
    tls: ServerTls,
    verdict: 'allow' | 'deny' | 'terminate',
    policy: InboundTargetPolicy = defaultTargetPolicy('default', this.#policy),
  ): void {
    this.#count(`inbound_tcp_authz_${verdict}_total`, {
      ...targetLabels(ip, port),
      ...serverLabels(policy.server, port),
      ...authzLabels(policy.authz ?? defaultServer(this.#policy)),
      ...serverTlsLabels(tls),
    });
  }

  tcpError(direction: 'inbound' | 'outbound', ip: string, port: number, error: string): void {
    this.#count(`${direction}_tcp_errors_total`, { ...targetLabels(ip, port), error });
  }

  #policyOf(target: InboundTarget): InboundTargetPolicy {
    return target.policy ?? defaultTargetPolicy(target.route, this.#policy);
  }

  #target(target: InboundTarget, policy: InboundTargetPolicy): LabelBag {
    return {
      ...targetLabels(target.ip, target.port),
      ...serverLabels(policy.server, target.port),
      ...serverTlsLabels(target.tls),
      ...twinLabels(target, this.#page.behaviour),
    };
  }

  #count(family: string, bag: LabelBag): void {
    this.#page.counter(family).with(bag).value++;
  }
}

const OPAQUE_ERRORS: readonly OpaqueError[] = ['', 'forbidden', 'invalid_backend', 'invalid_policy', 'unexpected'];

interface OpaqueRoute {
  balancer: Balancer;
  opened: Scalar;
  closed: Map<OpaqueError, Scalar>;
}

/** outbound_tcp_balancer_* and outbound_tcp_route_*: connections that detection found not to be HTTP (facts 1.10). */
export class OutboundOpaque {
  readonly #page: Page;
  readonly #timeoutSeconds: number;
  readonly #routes = new Map<string, OpaqueRoute>();
  readonly #clusterDomain: string;

  constructor(page: Page, options: { timeoutSeconds: number; clusterDomain: string }) {
    this.#page = page;
    this.#timeoutSeconds = options.timeoutSeconds;
    this.#clusterDomain = options.clusterDomain;
  }

  open(service: ServiceRef, endpoints: number, epochSeconds: number): (error: OpaqueError) => void {
    const key = serviceKey(service);
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = this.#make(service, epochSeconds);
      this.#routes.set(key, route);
      route.balancer.endpoints({ ready: endpoints, pending: 0, added: endpoints, removed: 0 }, epochSeconds);
    }
    const { balancer, opened, closed } = route;
    balancer.queued(0);
    opened.value++;
    return (error) => {
      (closed.get(error) as Scalar).value++;
    };
  }

  #make(service: ServiceRef, epochSeconds: number): OpaqueRoute {
    const fqdn = `${service.name}.${service.namespace}.svc.${this.#clusterDomain}:${service.port}`;
    const bag: LabelBag = {
      ...outboundLabels(service, defaultRoute('opaq')),
      logical: fqdn,
      concrete: fqdn,
      target_ip: '',
      target_port: String(service.port),
    };
    const close = this.#page.counter('outbound_tcp_route_close');
    return {
      balancer: new Balancer(this.#page, 'outbound_tcp_balancer', bag, {
        timeoutSeconds: this.#timeoutSeconds,
        createdEpochSeconds: epochSeconds,
      }),
      opened: this.#page.counter('outbound_tcp_route_open').with(bag),
      closed: new Map(OPAQUE_ERRORS.map((error) => [error, close.with({ ...bag, error })])),
    };
  }
}

const RETRY_EVENTS = {
  'limit-exceeded': 'limit_exceeded',
  overflow: 'overflow',
  retry: 'requests',
  success: 'successes',
} as const;

/** The four counters of a route's retries; all appear once a retry policy applied. */
export function countRetry(
  page: Page,
  names: OutboundNames,
  service: ServiceRef,
  event: 'none' | 'retry' | 'success' | 'limit-exceeded' | 'overflow',
  route: OutboundRouteRef = { ref: defaultRoute('http'), grpc: false },
  authority = '',
): void {
  const bag = names.bag(service, route.ref, page.behaviour.hostname === 'populated' ? hostname(authority) : '');
  for (const [name, family] of Object.entries(RETRY_EVENTS)) {
    const scalar = page.counter(`outbound_${route.grpc ? 'grpc' : 'http'}_route_retry_${family}`).with(bag);
    if (name === event) scalar.value++;
  }
}
