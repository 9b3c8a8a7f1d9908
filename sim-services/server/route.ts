import { RouteBehaviour, type SeedParts } from '../behaviour/route.ts';
import type { RouteConfig, WorkloadConfig } from '../contract.ts';
import { encoded } from '../ledger/encode.ts';
import { type Callee, padding } from './call.ts';

/** A declared route of a pod, ready to serve. */
export interface AppRoute {
  /** As metrics show it. */
  name: string;
  /** As the journal has it. */
  journalName: string;
  status: number;
  /** Further headers of its answers, flat. */
  headers: string[];
  informational: number | null;
  chunked: boolean;
  /** gRPC: every piece of the body is a message. */
  streams: boolean;
  steps: Callee[][];
  behaviour: RouteBehaviour;
}

/** Finds a route by method and exact path: the one declared for the method first, then the one for every method. */
export class Router {
  readonly #byPath = new Map<string, Map<string | null, AppRoute>>();

  add(method: string | null, path: string, route: AppRoute): void {
    let methods = this.#byPath.get(path);
    if (!methods) {
      methods = new Map();
      this.#byPath.set(path, methods);
    }
    methods.set(method, route);
  }

  find(method: string, path: string): AppRoute | undefined {
    const methods = this.#byPath.get(path);
    return methods?.get(method) ?? methods?.get(null);
  }
}

export function appRoute(config: RouteConfig, workload: WorkloadConfig, parts: SeedParts, steps: Callee[][]): AppRoute {
  return {
    name: config.path,
    journalName: encoded(config.path),
    status: config.status,
    headers: padding(config.headerBytes),
    informational: config.informational ?? null,
    chunked: config.chunked ?? false,
    streams: config.streams ?? false,
    steps: steps.filter((step) => step.length > 0),
    behaviour: new RouteBehaviour(config, workload.timeline, parts),
  };
}
