import { LOAD_WORKLOAD, type Scenario, type ServiceSpec } from '../../scenario/model.ts';
import type { FaultCase, Random } from '../types.ts';
import { anyTime, drawPods, nothing, ofPods, replicaOf, type Whose } from './of-pods.ts';

const SKIPPED = 'outbound-port-skipped';
const LOAD = { id: LOAD_WORKLOAD.id, replicas: 1 };

/** What goes past proxies or through them unseen, and what they forget. */
export const PROXY_CASES: readonly FaultCase[] = [
  ofPods({
    name: 'inbound-port-skipped',
    cause: 'inbound-port-skipped',
    type: 'skip-inbound',
    params: nothing,
    pods: (scenario, random) => drawPods(scenario, random, 'services'),
  }),
  skippedOutbound(),
  ofPods({
    name: 'port-opaque',
    cause: 'port-opaque',
    type: 'opaque',
    params: nothing,
    pods: (scenario, random) => ({ service: random.pick(scenario.services).id, replica: null }),
  }),
  ofPods({
    name: 'http-detection-timed-out',
    cause: 'http-detection-timed-out',
    type: 'detection-timeout',
    params: (random) => ({ timeoutMs: random.int(80, 300) }),
    pods: (scenario, random) => replicaOf(random.pick(callersOf(scenario)), random),
  }),
  ofPods({
    name: 'client-not-meshed',
    cause: 'client-not-meshed',
    type: 'client-not-meshed',
    params: nothing,
    pods: () => ({ service: LOAD_WORKLOAD.id, replica: null }),
  }),
  ofPods({
    name: 'idle-series-evicted',
    cause: 'idle-series-evicted',
    type: 'retain-idle',
    params: (random) => ({ afterMs: random.int(500, 2500) }),
    // Those who call on connections that do not stay: what is open is not forgotten.
    pods: (_scenario, random) => ({ service: random.pick([LOAD_WORKLOAD.id, 'shop/web']), replica: null }),
    alone: true,
  }),
  ofPods({
    name: 'proxy-restarted',
    cause: 'proxy-restarted',
    type: 'proxy-restart',
    params: nothing,
    atMs: (random) => random.int(2000, 4000),
    pods: (scenario, random) => drawPods(scenario, random, 'everybody'),
  }),
  ofPods({
    name: 'pod-shorter-than-a-scrape',
    cause: 'pod-shorter-than-a-scrape',
    type: 'short-lived-pod',
    params: (random) => ({ livesForMs: random.int(350, 600) }),
    atMs: (random) => random.int(1500, 4000),
    pods: (scenario, random) => {
      const { id, replicas } = random.pick(scenario.services.filter((service) => service.replicas > 1));
      return { service: id, replica: random.int(0, replicas - 1) };
    },
  }),
  ofPods({
    name: 'certificate-expired',
    cause: 'certificate-expired',
    type: 'certificate-expired',
    params: nothing,
    atMs: anyTime,
    pods: (scenario, random) => drawPods(scenario, random, 'everybody'),
    podsInPair: (scenario, random) => drawPods(scenario, random, 'spare'),
  }),
  ofPods({
    name: 'certificate-not-renewed',
    cause: 'certificate-not-renewed',
    type: 'renewal-fails',
    params: nothing,
    atMs: anyTime,
    pods: (scenario, random) => drawPods(scenario, random, 'everybody'),
  }),
  ofPods({
    name: 'identity-unreachable',
    cause: 'certificate-not-renewed',
    type: 'renewal-fails',
    params: () => ({ because: 'unreachable' }),
    atMs: anyTime,
    pods: (scenario, random) => drawPods(scenario, random, 'everybody'),
  }),
  ofPods({
    name: 'trust-anchors-differ',
    cause: 'trust-anchors-differ',
    type: 'other-anchor',
    params: nothing,
    atMs: anyTime,
    pods: (scenario, random) => drawPods(scenario, random, 'everybody'),
    podsInPair: (scenario, random) => drawPods(scenario, random, 'spare'),
  }),
];

/** Callers and callees are drawn together: who skips, and the port of whom. */
function skippedOutbound(): FaultCase {
  const draw = (scenario: Scenario, random: Random): { whose: Whose; to: string } => {
    const edges = [
      ...callersOf(scenario).flatMap((caller) => calleesOf(caller).map((to) => ({ caller, to }))),
      ...scenario.traffic.flatMap(({ requests }) => requests.map(({ service }) => ({ caller: LOAD, to: service }))),
    ];
    const { caller, to } = random.pick(edges);
    return { whose: replicaOf(caller, random), to };
  };
  const put = (scenario: Scenario, random: Random, others: Scenario['faults']) => {
    const { whose, to } = draw(scenario, random);
    return ofPods({
      ...{ name: SKIPPED, cause: SKIPPED, type: 'skip-outbound', params: () => ({ to }), pods: () => whose },
    }).addTo!({ ...scenario, faults: others ?? [] }, random);
  };
  return {
    ...{ name: SKIPPED, cause: SKIPPED },
    vary: (scenario, random) => put(scenario, random, []),
    addTo: (scenario, random) => put(scenario, random, scenario.faults),
  };
}

function callersOf({ services }: Scenario): ServiceSpec[] {
  return services.filter((service) => calleesOf(service).length > 0);
}

function calleesOf({ routes }: ServiceSpec): string[] {
  return [...new Set(routes.flatMap(({ steps }) => steps.flat().map((call) => call.service)))];
}
