import type { Distribution } from '../../sim-services/contract.ts';
import type { Scenario, ServiceSpec, TrafficSpec } from '../scenario/model.ts';
import type { Random } from './types.ts';

const TRAFFIC_MS = 6000;
const SCRAPE_INTERVALS_MS = [1000, 1500, 2000];
const MESH_VERSIONS = ['edge-26.8.3', '2.20'];
const MIN_VUS = 20;

/** A world in which nothing is wrong: the base with other replicas, latencies, rates, versions, and another seed. */
export function cleanScenario(base: Scenario, random: Random): Scenario {
  return {
    ...base,
    seed: random.int(0, 2 ** 32 - 1),
    mesh: {
      ...base.mesh,
      version: random.pick(MESH_VERSIONS),
      scrapeIntervalMs: random.pick(SCRAPE_INTERVALS_MS),
      probeIntervalMs: random.pick([1000, 3000, 10_000]),
      prometheus: random.pick(['meshed', 'unmeshed', 'unmeshed']),
    },
    services: base.services.map((service) => healthyService(service, random)),
    traffic: base.traffic.map((stream) => healthyTraffic(stream, random)),
    // Objectives are about the service, which is another now.
    expect: { ...base.expect, slo: [] },
  };
}

function healthyService(service: ServiceSpec, random: Random): ServiceSpec {
  // An app that fails is no failure of telemetry.
  const errors =
    random.next() < 0.3 ? [{ kind: 'status' as const, status: random.pick([404, 500, 503]), rate: 0.05 }] : [];
  return {
    ...service,
    replicas: random.int(1, 3),
    labels: random.next() < 0.3 ? { ...service.labels, [random.word()]: random.word() } : service.labels,
    routes: service.routes.map((route) => ({ ...route, latency: latency(random), errors })),
  };
}

function latency(random: Random): Distribution {
  const ms = random.int(1, 30);
  return random.pick<Distribution>([
    { kind: 'constant', ms },
    { kind: 'uniform', minMs: 0, maxMs: ms },
    { kind: 'lognormal', low: { q: 0.5, ms }, high: { q: 0.99, ms: 4 * ms } },
  ]);
}

function healthyTraffic(stream: TrafficSpec, random: Random): TrafficSpec {
  const ratePerSecond = random.int(10, 40);
  const maxVUs = Math.max(MIN_VUS, ratePerSecond);
  return {
    ...stream,
    shape: random.pick<TrafficSpec['shape']>([
      { executor: 'constant-arrival-rate', ratePerSecond, durationMs: TRAFFIC_MS, maxVUs },
      {
        executor: 'ramping-arrival-rate',
        startRatePerSecond: 5,
        stages: [{ ratePerSecond, durationMs: TRAFFIC_MS }],
        maxVUs,
      },
    ]),
  };
}
