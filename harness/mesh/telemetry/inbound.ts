import type { ProxyBehaviour } from '../profiles/index.ts';
import { LayerExchange } from './exchange.ts';
import type { Scalar, ScalarFamily } from './families.ts';
import { inboundAuthority } from './hosts.ts';
import { type InboundFamilies, InboundRoute, inboundFamilies } from './inbound-routes.ts';
import {
  defaultTargetPolicy,
  inboundKey,
  inboundRouteLabels,
  type LabelBag,
  routeAuthzLabels,
  serverLabels,
  serverTlsKey,
  serverTlsLabels,
  TWIN,
  targetLabels,
} from './labels.ts';
import type { Page } from './page.ts';
import type { Pin, RequestSet, RequestStore } from './request-sets.ts';
import type { StackSet } from './stack.ts';
import type { Exchange, ExchangeError, InboundTarget, InboundTargetPolicy } from './types.ts';

/** One label set of the inbound side. */
interface InboundEntry {
  /** What all of `byAuthority` share. */
  endpoint: { key: string; bag: LabelBag };
  /** By the Host, in versions that have it for a label. */
  byAuthority: Map<string, InboundEntry>;
  set: RequestSet;
  allow: Scalar;
  /** The admin server has none. */
  route: InboundRoute | null;
  stack: StackSet;
  errors: ScalarFamily;
  errorBag: LabelBag;
}

class InboundExchange extends LayerExchange {
  readonly #entry: InboundEntry;
  #admitted = false;

  constructor(entry: InboundEntry, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#entry = entry;
    entry.set.handles++;
    entry.set.attach(startMs);
  }

  protected override onDispatch(nowMs: number): void {
    this.#admit();
    if (!this.hasBody) this.#entry.set.request(nowMs);
  }

  /** What counts above the queue before the app. */
  #admit(): void {
    const { allow, route, stack } = this.#entry;
    this.#admitted = true;
    allow.value++;
    if (route === null) return;
    route.requests.value++;
    stack.ready.value++;
  }

  protected override onBodyPolled(nowMs: number): void {
    this.#entry.set.request(nowMs);
  }

  protected override onRequestFrame(bytes: number): void {
    this.#entry.route?.requestFrames.observe(bytes);
  }

  protected override onFirstResponseFrame(nowMs: number): void {
    this.#entry.set.latency(this.status, nowMs - this.dispatchMs, nowMs);
  }

  protected override onResponseFrame(bytes: number): void {
    this.#entry.route?.responseFrames.observe(bytes);
  }

  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    this.countResponse(this.#entry.set, grpcStatus, nowMs);
    this.#end(grpcStatus, nowMs);
  }

  protected override onFail(error: ExchangeError, nowMs: number): void {
    const { set, errors, errorBag } = this.#entry;
    if (this.#admitted) set.error(this.status, error.response, nowMs);
    else this.#admit();
    if (error.proxy !== null) errors.with({ ...errorBag, error: error.proxy }).value++;
    this.#end(null, nowMs);
  }

  protected override onCancelBody(nowMs: number): void {
    this.onComplete(null, nowMs);
  }

  protected override onRelease(): void {
    if (!this.#admitted) this.#admit();
    this.#entry.set.handles--;
  }

  #end(grpcStatus: string | null, nowMs: number): void {
    this.#entry.route?.end(this.status, grpcStatus, this.sinceStart(nowMs), this.sinceRequestEnd(nowMs));
  }
}

/** True for the admin server, which has the listener's address for a target and no registry families (facts 1.1). */
export function isAdmin(ip: string): boolean {
  return ip === '0.0.0.0' || ip === '::';
}

/** Inbound HTTP: authorization, endpoint and route families. */
export class Inbound {
  readonly #entries = new WeakMap<InboundTarget, InboundEntry>();
  readonly #byKey = new Map<string, InboundEntry>();
  readonly #sets = new Map<string, RequestSet>();
  readonly #behaviour: ProxyBehaviour;
  readonly #tellsHosts: boolean;
  readonly #families: Readonly<Record<'http' | 'grpc', InboundFamilies>>;
  readonly #allow: ScalarFamily;
  readonly #errors: ScalarFamily;
  readonly #store: RequestStore;
  readonly #stack: StackSet;
  readonly #policy: string;
  readonly #inboundPort: number;
  readonly #connections: (target: InboundTarget) => Pin;

  constructor(
    page: Page,
    options: {
      store: RequestStore;
      stack: StackSet;
      policy: string;
      inboundPort: number;
      connections: (target: InboundTarget) => Pin;
    },
  ) {
    this.#behaviour = page.behaviour;
    this.#tellsHosts = page.behaviour.inboundAuthority;
    this.#store = options.store;
    this.#stack = options.stack;
    this.#policy = options.policy;
    this.#inboundPort = options.inboundPort;
    this.#connections = options.connections;
    this.#allow = page.counter('inbound_http_authz_allow_total');
    this.#errors = page.counter('inbound_http_errors_total');
    this.#families = { http: inboundFamilies(page, 'http'), grpc: inboundFamilies(page, 'grpc') };
  }

  exchange(target: InboundTarget, hasBody: boolean, startMs: number, authority = ''): Exchange {
    let entry = this.#entries.get(target) ?? this.#entry(target);
    if (this.#tellsHosts && authority !== '') entry = this.#named(entry, target, authority);
    return new InboundExchange(entry, hasBody, startMs);
  }

  #named(entry: InboundEntry, target: InboundTarget, authority: string): InboundEntry {
    let found = entry.byAuthority.get(authority);
    if (found === undefined) {
      const name = inboundAuthority(authority);
      const { key, bag } = entry.endpoint;
      found =
        name === null
          ? entry
          : { ...entry, set: this.#set(target, { key: `${key} ${name}`, bag: { ...bag, authority: name } }) };
      entry.byAuthority.set(authority, found);
    }
    return found;
  }

  #entry(target: InboundTarget): InboundEntry {
    const policy = target.policy ?? defaultTargetPolicy(target.route, this.#policy);
    const labels = `${target.ip} ${target.port} ${policyKey(policy)} ${serverTlsKey(target.tls)}`;
    const key = target.direct ? `direct ${labels}` : labels;
    let entry = this.#byKey.get(key);
    if (entry === undefined) {
      entry = this.#make(target, policy, this.#behaviour.duplicatesOfMixedTransport ? key : labels);
      this.#byKey.set(key, entry);
    }
    this.#entries.set(target, entry);
    return entry;
  }

  /** @param key of its label set: another one where, in the version's eyes, the labels are another's */
  #make(target: InboundTarget, policy: InboundTargetPolicy, key: string): InboundEntry {
    const server = serverLabels(policy.server, target.port);
    const bag: LabelBag = {
      direction: 'inbound',
      ...targetLabels(target.ip, target.port),
      ...serverTlsLabels(target.tls),
      ...server,
      ...routeAuthzLabels(policy),
      ...twinLabels(target, this.#behaviour),
    };
    const admin = isAdmin(target.ip);
    if (!admin && !this.#sets.has(key)) this.#stack.created();
    return {
      endpoint: { key, bag },
      byAuthority: new Map(),
      set: this.#set(target, { key, bag }),
      allow: this.#allow.with(bag),
      route: admin ? null : this.#route(policy, target.port),
      stack: this.#stack,
      errors: this.#errors,
      errorBag: inboundErrorLabels(target, policy, this.#inboundPort),
    };
  }

  #set(target: InboundTarget, { key, bag }: InboundEntry['endpoint']): RequestSet {
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = this.#store.set(bag);
      set.pins.push(this.#connections(target));
      this.#sets.set(key, set);
    }
    return set;
  }

  #route(policy: InboundTargetPolicy, port: number): InboundRoute {
    return new InboundRoute(this.#families[policy.grpc ? 'grpc' : 'http'], inboundRouteLabels(policy, port));
  }
}

/**
 * Labels of inbound_http_errors_total. A meshed connection comes with a transport header to the proxy's own port, which
 * errors show as the target (facts 1.4); one that came to the app's port has that.
 */
export function inboundErrorLabels(target: InboundTarget, policy: InboundTargetPolicy, inboundPort: number): LabelBag {
  const header = target.tls.tls === 'true' && !target.direct && !isAdmin(target.ip);
  const port = header ? inboundPort : target.port;
  return { ...targetLabels(target.ip, port), ...serverLabels(policy.server, target.port) };
}

/** Sets a direct connection's series apart in versions whose stores do, although the labels are the same. */
export function twinLabels(target: InboundTarget, { duplicatesOfMixedTransport }: ProxyBehaviour): LabelBag {
  return target.direct && duplicatesOfMixedTransport ? { [TWIN]: 'direct' } : {};
}

function policyKey({ server, route, authz, grpc }: InboundTargetPolicy): string {
  return `${inboundKey(server)} ${inboundKey(route)} ${inboundKey(authz)} ${grpc}`;
}
