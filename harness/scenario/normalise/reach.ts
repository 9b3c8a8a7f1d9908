import type { Call, RouteConfig } from '../../../sim-services/contract.ts';
import { CALLER_HEADER } from '../../../sim-services/contract.ts';
import { type Backend, findOutboundRule, findProfileRoute, type OutboundPolicy } from '../../core/policy.ts';
import type { Path } from '../error.ts';
import type { QualifiedName, Scenario, ServiceSpec } from '../model.ts';
import { outboundPolicyOf } from '../policy.ts';
import type { Context } from './context.ts';
import type { PlacedRouting } from './routing.ts';

/** A request as its caller makes it. */
export interface Asked {
  caller: QualifiedName;
  service: QualifiedName;
  method: Call['method'];
  path: string;
}

/** What becomes of a request on its way through routes, splits and retries. */
export interface Reached {
  /** Who may answer: a route of the service, or of any backend that has a share. Empty: the proxy answers 404. */
  answers: { service: ServiceSpec; route: RouteConfig }[];
  /** Most attempts; of a budget its share. */
  attempts: number;
  /** An attempt takes no longer, nor all together; null: no limit. */
  attemptMs: number | null;
  totalMs: number | null;
}

/** Retries of a profile without a budget of its own, as Linkerd has it. */
const DEFAULT_RETRY_RATIO = 0.2;

/** Follows requests through the routing that a scenario declares. */
export class Reach {
  readonly #services: Map<QualifiedName, { spec: ServiceSpec; policy: OutboundPolicy; index: number }>;
  readonly #routing: PlacedRouting[];
  readonly #context: Context;

  constructor(services: ServiceSpec[], routing: PlacedRouting[], context: Context) {
    const scenario = { routing: routing.map(({ spec }) => spec) } as Scenario;
    this.#services = new Map(
      services.map((spec, index) => [spec.id, { spec, policy: outboundPolicyOf(scenario, spec), index }]),
    );
    this.#routing = routing;
    this.#context = context;
  }

  /** Reports a backend that gets a request for which it has no route. */
  follow(asked: Asked): Reached {
    const parent = this.#services.get(asked.service);
    const direct: Reached = {
      answers: this.#answers(asked, asked.service),
      attempts: 1,
      attemptMs: null,
      totalMs: null,
    };
    if (!parent || asked.method === 'CONNECT') return direct;
    const { policy, spec } = parent;
    const shape = { method: asked.method, path: asked.path, header: (name: string) => headerOf(asked, spec, name) };
    const profile = policy.profile;
    if (profile && (profile.routes.length > 0 || profile.split.length > 0)) {
      const route = findProfileRoute(profile, shape);
      const ratio = profile.retryBudget?.retryRatio ?? DEFAULT_RETRY_RATIO;
      return {
        answers: this.#shared(asked, profile.split),
        attempts: route?.isRetryable ? 1 + ratio : 1,
        attemptMs: null,
        totalMs: route?.timeoutMs ?? null,
      };
    }
    const found = findOutboundRule(policy.routes, shape);
    if (policy.routes.length > 0 && !found) return { ...direct, answers: [] };
    const { retry, timeouts } = found?.route ?? policy;
    return {
      answers: found ? this.#shared(asked, found.rule.backends) : direct.answers,
      attempts: 1 + (retry?.limit ?? 0),
      attemptMs: retry?.timeoutMs ?? null,
      totalMs: least(timeouts.requestMs, timeouts.responseMs),
    };
  }

  #shared(asked: Asked, backends: Backend[]): Reached['answers'] {
    const shares = backends.filter(({ weight }) => weight > 0);
    if (backends.length === 0) return this.#answers(asked, asked.service);
    return shares.flatMap((backend) => {
      const answers = this.#answers(asked, backend.service);
      if (answers.length === 0) this.#report(asked, backend);
      return answers;
    });
  }

  #answers(asked: Asked, id: QualifiedName): Reached['answers'] {
    const service = this.#services.get(id)?.spec;
    const route = service?.routes.find(
      (r) => r.path === asked.path && (r.method === null || r.method === asked.method),
    );
    return service && route ? [{ service, route }] : [];
  }

  #report(asked: Asked, backend: Backend): void {
    const gets = this.#services.get(backend.service)?.spec;
    if (!this.#context.complete.routes || !gets || (gets.protocol === 'grpc' && !gets.proto)) return;
    const request = gets.protocol === 'grpc' ? asked.path : `${asked.method} ${asked.path}`;
    this.#context.report(
      this.#placeOf(asked.service, backend),
      `${backend.service} gets ${request} of ${asked.service}, for which it has no route`,
      `add \`{ path: ${asked.path} }\` to its \`routes:\``,
    );
  }

  #placeOf(parent: QualifiedName, backend: Backend): Path {
    for (const { spec, index } of this.#routing) {
      if (spec.service !== parent) continue;
      const lists =
        spec.kind === 'ServiceProfile'
          ? [{ backends: spec.profile.split, at: ['split'] as Path }]
          : spec.rules.map(({ backends }, i) => ({ backends, at: ['rules', i, 'backends'] as Path }));
      for (const { backends, at } of lists) {
        const position = backends.findIndex(({ service, weight }) => service === backend.service && weight > 0);
        if (position >= 0) return ['routing', index, ...at, position, 'service'];
      }
    }
    return ['routing'];
  }
}

/** The headers that routes can match. */
function headerOf(asked: Asked, parent: ServiceSpec, name: string): string | undefined {
  if (name === CALLER_HEADER) return asked.caller;
  if (name === 'content-type' && parent.protocol === 'grpc') return 'application/grpc';
  return undefined;
}

function least(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
