import type { ProxyBehaviour } from '../profiles/index.ts';
import type { ScalarFamily } from './families.ts';
import { hostname } from './hosts.ts';
import { backendKey, defaultRoute, type OutboundNames, outboundTargetKey, outboundTargetLabels } from './labels.ts';
import {
  BackendExchange,
  type Endpoint,
  EndpointExchange,
  type RouteEntry,
  RouteExchange,
} from './outbound-exchanges.ts';
import { BackendRoute, ParentRoute, type RouteFamilies, routeFamilies } from './outbound-routes.ts';
import type { Page } from './page.ts';
import type { Pin, RequestSet, RequestStore } from './request-sets.ts';
import type { StackSet } from './stack.ts';
import type { BackendRef, Exchange, HttpErrorLabel, OutboundRouteRef, OutboundTarget, ServiceRef } from './types.ts';

/** The route of a Service that has none (facts 1.10). */
const DEFAULT_ROUTE: OutboundRouteRef = { ref: defaultRoute('http'), grpc: false };

/** What the hot path finds by its Service and route objects. */
class OfRoute {
  /** By the Host, in versions that tell hosts apart. */
  readonly byHost = new Map<string, OfRoute>();
  /** With and without the backend of a failfast. */
  withBackend: RouteEntry | null = null;
  withoutBackend: RouteEntry | null = null;
  backend: BackendRoute | null = null;
}

class OfService {
  readonly default = new OfRoute();
  readonly declared = new WeakMap<OutboundRouteRef, OfRoute>();
  readonly endpoints = new WeakMap<OutboundTarget, Endpoint>();
}

function ofHost({ byHost }: OfRoute, host: string): OfRoute {
  let found = byHost.get(host);
  if (found === undefined) {
    found = new OfRoute();
    byHost.set(host, found);
  }
  return found;
}

/** Outbound HTTP: the routes above the balancer, and the endpoints below it. */
export class Outbound {
  readonly #names: OutboundNames;
  readonly #services = new WeakMap<ServiceRef, OfService>();
  readonly #routes = new Map<string, ParentRoute>();
  readonly #backends = new Map<string, BackendRoute>();
  readonly #sets = new Map<string, RequestSet>();
  readonly #balanced = new Set<string>();
  readonly #families: Readonly<Record<'http' | 'grpc', RouteFamilies>>;
  readonly #errors: ScalarFamily;
  readonly #store: RequestStore;
  readonly #balance: StackSet;
  readonly #endpointStack: StackSet;
  readonly #connections: (target: OutboundTarget) => Pin;
  readonly #behaviour: ProxyBehaviour;
  readonly #tellsHosts: boolean;

  constructor(
    page: Page,
    options: {
      store: RequestStore;
      balance: StackSet;
      endpoint: StackSet;
      connections: (target: OutboundTarget) => Pin;
      names: OutboundNames;
    },
  ) {
    this.#names = options.names;
    this.#store = options.store;
    this.#balance = options.balance;
    this.#endpointStack = options.endpoint;
    this.#connections = options.connections;
    this.#behaviour = page.behaviour;
    this.#tellsHosts = page.behaviour.hostname === 'populated';
    this.#errors = page.counter('outbound_http_errors_total');
    this.#families = { http: routeFamilies(page, 'http'), grpc: routeFamilies(page, 'grpc') };
  }

  routeExchange(
    service: ServiceRef,
    hasBody: boolean,
    startMs: number,
    route: OutboundRouteRef = DEFAULT_ROUTE,
    backendCounted = false,
    authority = '',
  ): Exchange {
    const host = this.#tellsHosts ? authority : '';
    return new RouteExchange(this.#entry(service, route, backendCounted, host), hasBody, startMs);
  }

  backendExchange(
    service: BackendRef,
    hasBody: boolean,
    startMs: number,
    route: OutboundRouteRef = DEFAULT_ROUTE,
  ): Exchange {
    return new BackendExchange(this.#backend(service, route), hasBody, startMs);
  }

  endpointExchange(
    service: BackendRef,
    target: OutboundTarget,
    hasBody: boolean,
    startMs: number,
    backendCounted = false,
  ): Exchange {
    const of = this.#of(service);
    const endpoint = of.endpoints.get(target) ?? this.#endpoint(of, target);
    const backend = backendCounted ? null : (of.default.backend ?? this.#backend(service, DEFAULT_ROUTE));
    return new EndpointExchange(endpoint, backend, hasBody, startMs);
  }

  /** Makes the series of backends that nothing may ever be sent to. */
  seedBackends(backends: readonly BackendRef[], route: OutboundRouteRef = DEFAULT_ROUTE): void {
    for (const backend of backends) this.#backendRoute(backend, route);
  }

  error(error: HttpErrorLabel): void {
    this.#errors.with({ error }).value++;
  }

  #of(service: ServiceRef): OfService {
    let of = this.#services.get(service);
    if (of === undefined) {
      of = new OfService();
      this.#services.set(service, of);
    }
    return of;
  }

  #ofRoute(service: ServiceRef, route: OutboundRouteRef): OfRoute {
    const of = this.#of(service);
    if (route === DEFAULT_ROUTE) return of.default;
    let found = of.declared.get(route);
    if (found === undefined) {
      found = new OfRoute();
      of.declared.set(route, found);
    }
    return found;
  }

  #entry(service: ServiceRef, route: OutboundRouteRef, backendCounted: boolean, host: string): RouteEntry {
    const of = host === '' ? this.#ofRoute(service, route) : ofHost(this.#ofRoute(service, route), host);
    if (backendCounted) {
      of.withoutBackend ??= this.#makeEntry(service, route, true, host);
      return of.withoutBackend;
    }
    of.withBackend ??= this.#makeEntry(service, route, false, host);
    return of.withBackend;
  }

  #makeEntry(service: ServiceRef, route: OutboundRouteRef, backendCounted: boolean, host: string): RouteEntry {
    return {
      route: this.#parentRoute(service, route, hostname(host)),
      backend: backendCounted ? null : this.#backendRoute(service, route),
      stack: this.#balance,
      errors: this.#errors,
    };
  }

  #parentRoute(service: ServiceRef, route: OutboundRouteRef, host: string): ParentRoute {
    const parent = { ...service, parent: service };
    const key = `${route.grpc} ${this.#names.key(parent, route.ref)} ${host}`;
    let found = this.#routes.get(key);
    if (found === undefined) {
      found = new ParentRoute(this.#family(route), this.#names.bag(parent, route.ref, host));
      this.#routes.set(key, found);
    }
    return found;
  }

  #backend(service: BackendRef, route: OutboundRouteRef): BackendRoute {
    const of = this.#ofRoute(service, route);
    of.backend ??= this.#backendRoute(service, route);
    return of.backend;
  }

  #backendRoute(service: BackendRef, route: OutboundRouteRef): BackendRoute {
    this.#countBalancer(backendKey(service));
    const key = `${route.grpc} ${this.#names.key(service, route.ref)}`;
    let found = this.#backends.get(key);
    if (found === undefined) {
      found = new BackendRoute(this.#family(route), this.#names.bag(service, route.ref));
      this.#backends.set(key, found);
    }
    return found;
  }

  /** A balancer is made with the first route that leads to it. */
  #countBalancer(key: string): void {
    if (this.#balanced.has(key)) return;
    this.#balanced.add(key);
    this.#balance.create.value++;
  }

  #family(route: OutboundRouteRef): RouteFamilies {
    return this.#families[route.grpc ? 'grpc' : 'http'];
  }

  #endpoint(of: OfService, target: OutboundTarget): Endpoint {
    const endpoint = { set: this.#set(target), stack: this.#endpointStack };
    of.endpoints.set(target, endpoint);
    return endpoint;
  }

  #set(target: OutboundTarget): RequestSet {
    const key = outboundTargetKey(target);
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = this.#store.set(outboundTargetLabels(target, this.#behaviour));
      set.pins.push(this.#connections(target));
      this.#sets.set(key, set);
      this.#endpointStack.created();
      this.#endpointStack.ready.value++;
    }
    return set;
  }
}
