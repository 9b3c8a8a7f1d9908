import type { KindOptions } from '../../environment/contract.ts';

/** Whether a shipped scenario is run in a cluster by `make test-kind`: on both meshes, on one, or not at all and why. */
export type InCluster = 'both' | { only: KindOptions['mesh']; why: string } | { never: string };

const SHORT_OF_TIME = 'it says nothing of a cluster that others do not say sooner';

/** Every scenario of scenarios/, by its name. */
export const IN_CLUSTER: Record<string, InCluster> = {
  abandoned: 'both',
  baseline: 'both',
  bimodal: { never: SHORT_OF_TIME },
  'bucket-edge': { never: SHORT_OF_TIME },
  'circuit-breaker': 'both',
  'client-errors': 'both',
  diamond: 'both',
  'fan-out': { never: SHORT_OF_TIME },
  'grpc-codes': 'both',
  'grpc-streams': 'both',
  'http-bodies': 'both',
  'http-routes': 'both',
  http2: 'both',
  idle: { never: SHORT_OF_TIME },
  'mixed-methods': 'both',
  'policy-authorization': 'both',
  'policy-defaults': 'both',
  'policy-rate-limit': 'both',
  'policy-scrapes': 'both',
  'probe-dilution': 'both',
  restart: 'both',
  retries: 'both',
  'route-timeouts': 'both',
  'service-profile': 'both',
  'slow-body': { never: SHORT_OF_TIME },
  spike: { never: SHORT_OF_TIME },
  'tcp-database': 'both',
  'tcp-server-first': 'both',
  'tcp-skipped': 'both',
  timeouts: { never: SHORT_OF_TIME },
  'traffic-split': 'both',
};

/** Names of those that are run on a mesh. */
export function runIn(mesh: KindOptions['mesh'], all: Record<string, InCluster> = IN_CLUSTER): string[] {
  return Object.entries(all)
    .filter(([, where]) => where === 'both' || ('only' in where && where.only === mesh))
    .map(([name]) => name);
}
