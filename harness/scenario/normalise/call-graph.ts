import type { Distribution, RouteConfig } from '../../../sim-services/contract.ts';
import type { ServiceSpec } from '../model.ts';
import { routeName } from './catalogue.ts';
import type { Context } from './context.ts';
import type { Asked, Reach, Reached } from './reach.ts';

/** One request from outside makes at most so many inside: more is a mistake, and melts the machine. */
const MAX_REQUESTS = 500;

interface Node {
  service: ServiceSpec;
  serviceIndex: number;
  route: RouteConfig;
  routeIndex: number;
}

/** A call and what may answer it. */
interface Step {
  asked: Asked;
  reached: Reached;
  nodes: Node[];
}

/** Who calls whom, route by route. */
export class CallGraph {
  readonly #nodes = new Map<RouteConfig, Node>();
  readonly #steps = new Map<RouteConfig, Step[]>();
  readonly #reach: Reach;

  constructor(services: ServiceSpec[], reach: Reach, fileIndex: (id: string) => number) {
    this.#reach = reach;
    for (const service of services) {
      service.routes.forEach((route, routeIndex) => {
        this.#nodes.set(route, { service, serviceIndex: fileIndex(service.id), route, routeIndex });
      });
    }
    for (const { service, route } of this.#nodes.values()) {
      this.#steps.set(
        route,
        route.steps.flat().map((call) => this.#follow({ ...call, caller: service.id })),
      );
    }
  }

  #follow(asked: Asked): Step {
    const reached = this.#reach.follow(asked);
    return { asked, reached, nodes: reached.answers.map(({ route }) => this.#nodes.get(route)!) };
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
      for (const { nodes, reached } of this.#steps.get(node.route)!) {
        requests += reached.attempts * Math.max(0, ...nodes.map((callee) => visit(callee)));
      }
      path.pop();
      if (requests > MAX_REQUESTS) {
        context.report(
          where(node),
          `one request to ${nameOf(node)} makes ${Math.round(requests)} requests`,
          `at most ${MAX_REQUESTS}; remove calls, or lower the limits of retries`,
        );
        requests = 1; // Once is enough: callers need not report it again.
      }
      done.set(node.route, requests);
      return requests;
    };
    for (const node of this.#nodes.values()) visit(node);
    return acyclic;
  }

  /** Pairs `source -> destination` that these requests cause: who is asked, and who answers. */
  edgesFrom(requests: Asked[]): { asked: Set<string>; answered: Set<string> } {
    const asked = new Set<string>();
    const answered = new Set<string>();
    const seen = new Set<RouteConfig>();
    const queue = requests.map((request) => this.#follow(request));
    for (let step = queue.pop(); step; step = queue.pop()) {
      const { caller, service } = step.asked;
      asked.add(`${caller} -> ${service}`);
      for (const node of step.nodes) {
        answered.add(`${caller} -> ${node.service.id}`);
        if (seen.has(node.route)) continue;
        seen.add(node.route);
        queue.push(...this.#steps.get(node.route)!);
      }
    }
    return { asked, answered };
  }

  /** About how long a request takes that is slow but not extremely so, calls included. Needs a graph without cycles. */
  slowMs(asked: Asked, timeoutMs: number, known = new Map<RouteConfig, number>()): number {
    const { attempts, attemptMs, totalMs, answers } = this.#reach.follow(asked);
    const times = answers.map(({ service, route }) => this.#slowRouteMs(service, route, timeoutMs, known));
    const once = Math.min(Math.max(0, ...times), attemptMs ?? Number.POSITIVE_INFINITY);
    return Math.min(once * attempts, totalMs ?? Number.POSITIVE_INFINITY, timeoutMs);
  }

  #slowRouteMs(service: ServiceSpec, route: RouteConfig, timeoutMs: number, known: Map<RouteConfig, number>): number {
    let total = known.get(route);
    if (total === undefined) {
      const hangs = route.errors.reduce((sum, e) => sum + (e.kind === 'hang' ? e.rate : 0), 0);
      total = slowestMs(route.latency) + route.body.overMs;
      for (const step of route.steps) {
        const times = step.map((call) => {
          const answer = this.slowMs({ ...call, caller: service.id }, call.timeoutMs ?? timeoutMs, known);
          return (call.requestOverMs ?? 0) + answer * (call.exchanges ?? 1);
        });
        total += Math.max(0, ...times);
      }
      total += hangs * timeoutMs;
      known.set(route, total);
    }
    return total;
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
