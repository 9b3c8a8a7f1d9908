import type { Call, Distribution, RouteConfig } from '../../../sim-services/contract.ts';
import type { ServiceSpec } from '../model.ts';
import { routeName } from './catalogue.ts';
import type { Context } from './context.ts';

/** One request from outside makes at most so many inside: more is a mistake, and melts the machine. */
const MAX_REQUESTS = 500;

interface Node {
  service: ServiceSpec;
  serviceIndex: number;
  route: RouteConfig;
  routeIndex: number;
}

/** Who calls whom, route by route. */
export class CallGraph {
  readonly #nodes = new Map<RouteConfig, Node>();
  readonly #services: Map<string, ServiceSpec>;

  constructor(services: ServiceSpec[], fileIndex: (id: string) => number) {
    this.#services = new Map(services.map((s) => [s.id, s]));
    for (const service of services) {
      service.routes.forEach((route, routeIndex) => {
        this.#nodes.set(route, { service, serviceIndex: fileIndex(service.id), route, routeIndex });
      });
    }
  }

  find(service: string, method: Call['method'], path: string): RouteConfig | undefined {
    return this.#services
      .get(service)
      ?.routes.find((r) => r.path === path && (r.method === null || r.method === method));
  }

  /** Reports each cycle once, and routes that make too many requests. @returns whether there is no cycle */
  check(context: Context, where: (node: Node) => (string | number)[]): boolean {
    const done = new Map<RouteConfig, number>();
    const path: Node[] = [];
    let acyclic = true;
    const visit = (node: Node): number => {
      const known = done.get(node.route);
      if (known !== undefined) return known;
      const start = path.indexOf(node);
      if (start >= 0) {
        acyclic = false;
        const names = [...path.slice(start), node].map((n) => nameOf(n));
        context.report(where(node), `the calls form a cycle: ${names.join(' -> ')}`, 'remove one of these calls');
        return 0;
      }
      path.push(node);
      let requests = 1;
      for (const callee of this.#callees(node.route)) requests += visit(callee);
      path.pop();
      if (requests > MAX_REQUESTS) {
        context.report(
          where(node),
          `one request to ${nameOf(node)} makes ${requests} requests`,
          `at most ${MAX_REQUESTS}; remove calls`,
        );
        requests = 1; // Once is enough: callers need not report it again.
      }
      done.set(node.route, requests);
      return requests;
    };
    for (const node of this.#nodes.values()) visit(node);
    return acyclic;
  }

  /** Pairs `source -> destination` that traffic to these routes causes. */
  edgesFrom(roots: Iterable<RouteConfig>): Set<string> {
    const edges = new Set<string>();
    const seen = new Set<RouteConfig>();
    const queue = [...roots];
    for (let route = queue.pop(); route; route = queue.pop()) {
      if (seen.has(route)) continue;
      seen.add(route);
      for (const callee of this.#callees(route)) {
        edges.add(`${this.#nodes.get(route)!.service.id} -> ${callee.service.id}`);
        queue.push(callee.route);
      }
    }
    return edges;
  }

  /** About how long a request takes that is slow but not extremely so, calls included. Needs a graph without cycles. */
  slowMs(route: RouteConfig, timeoutMs: number, known = new Map<RouteConfig, number>()): number {
    let total = known.get(route);
    if (total === undefined) {
      const hangs = route.errors.reduce((sum, e) => sum + (e.kind === 'hang' ? e.rate : 0), 0);
      total = slowestMs(route.latency) + route.body.overMs;
      for (const step of route.steps) {
        const times = step.map((call) => {
          const callee = this.find(call.service, call.method, call.path);
          return callee ? this.slowMs(callee, call.timeoutMs ?? timeoutMs, known) : 0;
        });
        total += Math.max(0, ...times);
      }
      total += hangs * timeoutMs;
      known.set(route, total);
    }
    return Math.min(total, timeoutMs);
  }

  #callees(route: RouteConfig): Node[] {
    return route.steps.flat().flatMap((call) => {
      const callee = this.find(call.service, call.method, call.path);
      return callee ? [this.#nodes.get(callee)!] : [];
    });
  }
}

/** `shop/db (GET /query)`; without the route when it is the only one that there is by default. */
function nameOf({ service, route }: Node): string {
  return route.method === null && route.path === '/' ? service.id : `${service.id} (${routeName(route)})`;
}

/** A time that few requests exceed. */
function slowestMs(latency: Distribution): number {
  switch (latency.kind) {
    case 'constant':
      return latency.ms;
    case 'uniform':
      return latency.maxMs;
    case 'normal':
      return latency.meanMs + 2 * latency.stddevMs;
    case 'lognormal':
      return latency.high.ms;
    case 'bimodal':
      return Math.max(slowestMs(latency.fast), slowestMs(latency.slow));
    case 'empirical':
      return latency.quantiles.at(-1)?.ms ?? 0;
  }
}
