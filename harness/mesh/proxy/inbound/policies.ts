import type { InboundPolicy, ObjectRef } from '../../../core/policy.ts';
import type { InboundTarget, InboundTargetPolicy, ServerTls } from '../../telemetry/types.ts';
import type { RequestHead } from '../headers.ts';
import type { TcpPolicy } from '../tcp/inbound-tcp.ts';
import {
  authorize,
  authorizeConnection,
  type ConnectionVerdict,
  defaultRef,
  type InboundClient,
  type PortOptions,
  type PortPolicy,
  portPolicy,
} from './authorize.ts';
import { type LimitScope, LocalRateLimit } from './rate-limit.ts';
import { shapeOf } from './request-shape.ts';

/** What a pod's proxy lets in, which a control plane may change at any time. */
export class InboundPolicies {
  #current: InboundPolicy | undefined;
  readonly #watchers = new Set<() => void>();

  constructor(policy?: InboundPolicy) {
    this.#current = policy;
  }

  /** undefined: everything, by the default policy. */
  get current(): InboundPolicy | undefined {
    return this.#current;
  }

  update(policy: InboundPolicy | undefined): void {
    if (JSON.stringify(policy) === JSON.stringify(this.#current)) return;
    this.#current = policy;
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** @returns ends the watch */
  watch(changed: () => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }
}

/** What becomes of a request. */
export type Entry =
  | { kind: 'allowed'; target: InboundTarget }
  | { kind: 'denied'; target: InboundTarget }
  | { kind: 'no-route'; target: InboundTarget }
  | { kind: 'limited'; target: InboundTarget; scope: LimitScope; limit: LocalRateLimit };

export type Refused = Exclude<Entry, { kind: 'allowed' }>;

/** Where a request would go, and how its client came: what its labels say. */
export interface EntryTarget {
  ip: string;
  port: number;
  tls: ServerTls;
  /** As of InboundTarget. */
  direct?: true;
}

const NO_ROUTE = defaultRef('');

/** The policy of one port at work: who may pass, how often, and under which labels. */
export class Gate {
  readonly policy: PortPolicy;
  readonly #limit: LocalRateLimit | null;
  /** By client, route and authorization: telemetry knows a label set by its object. */
  readonly #targets = new Map<string, Map<ObjectRef, Map<ObjectRef | null, InboundTarget>>>();

  constructor(policy: InboundPolicy, options: PortOptions) {
    this.policy = portPolicy(policy, options);
    this.#limit = this.policy.rateLimit && new LocalRateLimit(this.policy.rateLimit);
  }

  /** Lets a request in or not, and counts it against the limits when it is let in. */
  enter(head: RequestHead, client: InboundClient, to: EntryTarget, nowMs: number): Entry {
    const verdict = authorize(this.policy, client, shapeOf(head));
    if (verdict.kind === 'no-route') return { kind: 'no-route', target: this.#target(to, NO_ROUTE, null) };
    if (verdict.kind === 'denied') return { kind: 'denied', target: this.#target(to, verdict.route, null) };
    const target = this.#target(to, verdict.route, verdict.authz);
    const limit = this.#limit;
    const scope = limit?.exceeded(client.identity, nowMs) ?? null;
    return limit && scope ? { kind: 'limited', target, scope, limit } : { kind: 'allowed', target };
  }

  /** A connection that is not HTTP. */
  connect(client: InboundClient): ConnectionVerdict {
    return authorizeConnection(this.policy, client);
  }

  /** The same for whoever is known by address and certificate alone. */
  connections(clients: { of(identity: string | null, address: string): InboundClient }): TcpPolicy {
    return {
      ...this.policy,
      authorize: ({ identity, address }) => {
        const verdict = this.connect(clients.of(identity, address));
        return verdict.kind === 'allowed' ? verdict.authz : null;
      },
    };
  }

  #target({ ip, port, tls, direct }: EntryTarget, route: ObjectRef, authz: ObjectRef | null): InboundTarget {
    const client = tls.tls === 'true' ? tls.clientId : '';
    const byRoute = getOrMake(this.#targets, direct ? `direct ${client}` : client, () => new Map());
    const byAuthz = getOrMake(byRoute, route, () => new Map());
    return getOrMake(byAuthz, authz, () => {
      const grpc = this.policy.protocol === 'gRPC';
      const policy: InboundTargetPolicy = { server: this.policy.server, route, authz, grpc };
      const by = route.name === 'probe' && route.group === '' ? 'probe' : 'default';
      return { ip, port, tls, route: by, policy, ...(direct && { direct }) };
    });
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
