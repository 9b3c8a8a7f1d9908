import type { ErrorRule, RouteConfig, TimelineChange } from '../contract.ts';
import { type Body, bodyOf } from './body.ts';
import { type Quantile, quantileOf } from './distribution.ts';
import { type ErrorChoice, errorChoiceOf } from './errors.ts';
import { type Uniform, uniformFrom } from './random.ts';
import { phasesOf } from './timeline.ts';

/** What one request is to suffer. */
export interface Plan {
  latencyMs: number;
  error: ErrorRule | null;
  body: Body;
}

interface CompiledPhase {
  fromMs: number;
  latency: Quantile;
  error: ErrorChoice;
  body: Body;
}

/** Where the draws of a route come from: everything that tells one pod's route from another's. */
export interface SeedParts {
  seed: number;
  /** `namespace/name`. */
  workload: string;
  replica: number;
  incarnation: string;
}

/**
 * The seeded behaviour of one route of one pod. Latency and errors come from two generators, and each request draws
 * from both, so that what one field says never shifts the other's sequence.
 */
export class RouteBehaviour {
  readonly #latencyDraw: Uniform;
  readonly #errorDraw: Uniform;
  readonly #phases: CompiledPhase[];

  constructor(route: RouteConfig, timeline: readonly TimelineChange[], parts: SeedParts) {
    const seed = JSON.stringify([
      parts.seed,
      parts.workload,
      parts.replica,
      parts.incarnation,
      route.method,
      route.path,
    ]);
    this.#latencyDraw = uniformFrom(`${seed} latency`);
    this.#errorDraw = uniformFrom(`${seed} error`);
    this.#phases = phasesOf(route, timeline).map(({ fromMs, behaviour }) => ({
      fromMs,
      latency: quantileOf(behaviour.latency),
      error: errorChoiceOf(behaviour.errors),
      body: bodyOf(behaviour.body),
    }));
  }

  /** @param sinceOriginMs time of the request after the origin; null while the origin is unknown */
  next(sinceOriginMs: number | null): Plan {
    const u = this.#latencyDraw();
    const v = this.#errorDraw();
    const phase = this.#phaseAt(sinceOriginMs);
    return { latencyMs: phase.latency(u), error: phase.error(v), body: phase.body };
  }

  #phaseAt(sinceOriginMs: number | null): CompiledPhase {
    if (sinceOriginMs === null) return this.#phases[0]!;
    let i = this.#phases.length - 1;
    while (i > 0 && this.#phases[i]!.fromMs > sinceOriginMs) i -= 1;
    return this.#phases[i]!;
  }
}
