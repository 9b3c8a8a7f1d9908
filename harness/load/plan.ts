import type { QualifiedName, Scenario, TrafficSpec } from '../scenario/model.ts';
import { authorityOf } from '../scenario/model.ts';

/** Everything the load generator must know; plain data, so that it can be written into a script. */
export interface LoadPlan {
  /** Seed of the choices among weighted requests. */
  seed: number;
  traffic: TrafficSpec[];
  services: Record<QualifiedName, { authority: string; port: number; protocol?: 'grpc' }>;
  /** Authority to `ip:port` of the load generator's outbound proxy; without one to the pods, in turn (core/load-turns.ts). */
  hosts: Record<string, string>;
  /** The pod that k6 is, in the mesh; names the journal. */
  pod: string;
  /**
   * How long before the origin it is announced, so that whoever must know it (the timeline of the services) does before
   * the first request. Milliseconds.
   */
  originLeadMs: number;
}

export const DEFAULT_ORIGIN_LEAD_MS = 250;

/** The plan of a scenario's traffic, for a mesh that is reached by `hosts`. */
export function planLoad(
  scenario: Scenario,
  access: { hosts: Record<string, string>; pod: string; originLeadMs?: number; userHeadroom?: number },
): LoadPlan {
  return {
    seed: scenario.seed,
    traffic: scenario.traffic.map((spec) => withHeadroom(spec, access.userHeadroom ?? 1)),
    services: Object.fromEntries(
      scenario.services.map((s) => [
        s.id,
        { authority: authorityOf(s), port: s.port, ...(s.protocol === 'grpc' ? { protocol: s.protocol } : {}) },
      ]),
    ),
    hosts: access.hosts,
    pod: access.pod,
    originLeadMs: access.originLeadMs ?? DEFAULT_ORIGIN_LEAD_MS,
  };
}

function withHeadroom(spec: TrafficSpec, times: number): TrafficSpec {
  // The users of a closed model are the load itself.
  if (spec.shape.executor === 'constant-vus') return spec;
  return { ...spec, shape: { ...spec.shape, maxVUs: Math.ceil(spec.shape.maxVUs * times) } };
}
