import type { Scenario } from '../../scenario/model.ts';
import type { FaultCase, Random } from '../types.ts';
import { arrivals, type Drawn, type Edge, inbound, outbound, queryCase, service, shuffled } from './query-drafts.ts';

/** Queries that say right what proxies count, and are taken for something else. */
export const READING_CASES: readonly FaultCase[] = [
  queryCase('retries-counted-as-requests', 'retries-counted-as-requests', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const cart = service(world, 'cart');
    cart.replicas = random.int(1, 3);
    const rate = random.int(25, 50) / 100;
    cart.routes[0]!.errors = [{ kind: 'status', status: random.pick([500, 502, 503]), rate }];
    const edge: Edge = ['web', 'cart'];
    const labels = random.pick([outbound(edge, random), inbound('cart', random)]);
    const family = random.pick(['request_total', 'response_total']);
    return random.pick<Drawn>([
      { edge, expr: rateOf(family, labels, random) },
      { edge, metric: 'successRate', within: 0.05, expr: successOf(labels, random) },
    ]);
  }),

  queryCase('profile-retries-counted-as-requests', 'retries-counted-as-requests', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const rate = random.int(30, 50) / 100;
    service(world, 'cart').routes[0]!.errors = [{ kind: 'status', status: random.pick([500, 503, 504]), rate }];
    const edge: Edge = ['web', 'cart'];
    const labels = random.pick([outbound(edge, random), inbound('cart', random)]);
    return { edge, expr: rateOf(random.pick(['request_total', 'response_total']), labels, random) };
  }),

  queryCase('denials-counted-as-success', 'denials-counted-as-success', (world, random) => {
    weigh(world, [random.int(1, 3), random.int(1, 2)], random);
    const edge: Edge = ['web', 'pay'];
    return { edge, expr: successOf(outbound(edge, random), random) };
  }),

  queryCase('denials-missing-at-the-server', 'denials-counted-as-success', (world, random) => {
    weigh(world, [random.int(1, 3), 1], random);
    const family = random.pick(['request_total', 'response_total']);
    return { expr: rateOf(family, inbound('pay', random), random) };
  }),

  queryCase('probes-counted-as-traffic', 'probes-counted-as-traffic', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(5, 8);
    const rare = service(world, 'rare');
    rare.replicas = random.int(2, 3);
    rare.routes[0]!.errors = [{ kind: 'status', status: random.pick([500, 503]), rate: random.int(55, 75) / 100 }];
    const labels = ofDeployment('rare', random);
    return random.pick<Drawn>([
      { metric: 'successRate', expr: successOf(labels, random) },
      { metric: 'rate', within: 0.25, expr: rateOf(random.pick(['request_total', 'response_total']), labels, random) },
    ]);
  }),

  queryCase('requests-abandoned', 'requests-abandoned', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const [early, middle] = random.pick([
      [true, false],
      [false, true],
    ] as const);
    const [request] = world.traffic[0]!.requests;
    request!.path = early ? '/early' : '/middle';
    const slowRate = random.int(30, 60) / 100;
    const latency = service(world, 'slow').routes.find(({ path }) => path === '/headers')!.latency;
    if (latency.kind === 'bimodal') latency.slowRate = slowRate;
    const edge: Edge = ['web', 'slow'];
    const labels = random.pick([outbound(edge, random), inbound('slow', random)]);
    const success: Drawn = { edge, metric: 'successRate', within: 0.05, expr: successOf(labels, random) };
    // In the middle of a body it is a response, and counts as one.
    if (middle) return success;
    return random.pick<Drawn>([
      success,
      { edge, metric: 'rate', within: 0.1, expr: rateOf('response_total', labels, random) },
    ]);
  }),

  queryCase('latency-to-first-byte', 'latency-to-first-byte', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(15, 25);
    const files = service(world, 'files');
    files.replicas = random.int(1, 2);
    const [route] = files.routes;
    route!.latency = { kind: 'constant', ms: random.int(5, 60) };
    route!.body = { bytes: 1024 * random.int(8, 64), chunks: random.int(3, 8), overMs: random.int(250, 600) };
    const edge: Edge = ['web', 'files'];
    const labels = random.pick([outbound(edge, random), inbound('files', random)]);
    const metric = random.pick(['p50', 'p90', 'p95', 'p99'] as const);
    const buckets = `rate(response_latency_ms_bucket{${labels}}[${random.pick(['4s', '5s'])}])`;
    const sum = random.pick([`sum(${buckets}) by (le)`, `sum by (le, deployment) (${buckets})`]);
    return { edge, metric, expr: `histogram_quantile(0.${metric.slice(1)}, ${sum})` };
  }),

  queryCase('client-errors-counted-as-success', 'client-errors-counted-as-success', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const api = service(world, 'api');
    api.replicas = random.int(1, 3);
    const statuses = random.some([400, 401, 403, 404, 409, 429]);
    const share = random.int(20, 60) / 100 / statuses.length;
    api.routes[0]!.errors = [
      ...statuses.map((status) => ({ kind: 'status' as const, status, rate: share })),
      { kind: 'status', status: random.pick([500, 503]), rate: random.int(0, 10) / 100 },
    ];
    const edge: Edge = ['web', 'api'];
    return { edge, expr: successOf(random.pick([outbound(edge, random), inbound('api', random)]), random) };
  }),

  queryCase('grpc-errors-counted-as-success', 'client-errors-counted-as-success', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const code = random.pick([3, 5, 6, 8, 9, 16]);
    service(world, 'rpc').routes[0]!.errors = [{ kind: 'grpc', code, rate: random.int(20, 60) / 100 }];
    const edge: Edge = ['web', 'rpc'];
    return { edge, expr: successOf(random.pick([outbound(edge, random), inbound('rpc', random)]), random) };
  }),
];

const WINDOWS = ['4s', '5s', '5000ms'] as const;

function rateOf(family: string, labels: string, random: Random): string {
  const window = random.pick(WINDOWS);
  return random.pick([
    `sum(rate(${family}{${labels}}[${window}]))`,
    `sum by (namespace) (rate(${family}{${labels}}[${window}]))`,
    `sum(increase(${family}{${labels}}[5s])) / 5`,
  ]);
}

function successOf(labels: string, random: Random): string {
  const window = random.pick(WINDOWS);
  const func = random.pick(['rate', 'increase']);
  const good = `sum(${func}(response_total{${shuffled([labels, 'classification="success"'], random).join(', ')}}[${window}]))`;
  const bad = `sum(${func}(response_total{${labels}, classification="failure"}[${window}]))`;
  const all = `sum(${func}(response_total{${labels}}[${window}]))`;
  return random.pick([`${good} / ${all}`, `1 - (${bad} or vector(0)) / ${all}`]);
}

/** Matchers of a deployment as dashboards have them: nothing keeps probes and scrapes out. */
function ofDeployment(name: string, random: Random): string {
  const who = random.pick([
    `deployment="${name}"`,
    `deployment="${name}", namespace="shop"`,
    `app=~"${name}"`,
    `pod=~"${name}-.+"`,
  ]);
  return shuffled(['direction="inbound"', who], random).join(', ');
}

/** Gives the requests of the only stream other weights, and the stream another rate. */
function weigh(world: Scenario, weights: readonly number[], random: Random): void {
  const stream = arrivals(world);
  stream.shape.ratePerSecond = random.int(25, 40);
  stream.requests.forEach((request, i) => {
    request.weight = weights[i] ?? request.weight;
  });
}
