import type { FaultCase } from '../types.ts';
import { arrivals, type Edge, inbound, outbound, queryCase, service } from './query-drafts.ts';

const EDGES: readonly Edge[] = [
  ['load', 'web'],
  ['web', 'cart'],
  ['cart', 'db'],
];

/** Queries that mislead, as people write them: other spellings, flows, windows and rates each time. */
export const QUERY_CASES: readonly FaultCase[] = [
  queryCase('window-too-short', 'window-too-short', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(20, 40);
    const edge = random.pick(EDGES);
    const labels = outbound(edge, random);
    const window = random.pick(['500ms', '700ms', '900ms', '1s', '1000ms']);
    const func = random.pick(['rate', 'irate']);
    const family = random.pick(['request_total', 'response_total']);
    const over = { edge, overMs: 1000 * random.int(2, 4) };
    const good = `sum(${func}(response_total{${labels}, classification="success"}[${window}]))`;
    return random.pick([
      { ...over, expr: `sum(rate(${family}{${labels}}[${window}]))` },
      { ...over, expr: `sum(${func}(${family}{${labels}}[${window}])) by (dst_namespace)` },
      { ...over, expr: `sum(increase(${family}{${labels}}[1s])) / 1` },
      {
        ...over,
        metric: 'successRate',
        within: 0.02,
        expr: `${good} / sum(${func}(response_total{${labels}}[${window}]))`,
      },
    ] as const);
  }),

  queryCase('irate-on-a-spiky-load', 'irate-on-a-spiky-load', (world, random) => {
    arrivals(world, 0).shape.ratePerSecond = random.int(3, 5);
    const spike = arrivals(world, 1);
    spike.shape.ratePerSecond = random.int(35, 50);
    spike.startMs = random.int(1800, 2500);
    const edge = random.pick(EDGES);
    const labels = outbound(edge, random);
    const family = random.pick(['request_total', 'response_total']);
    const window = random.pick(['7s', '7000ms']);
    const irate = `irate(${family}{${labels}}[${window}])`;
    return {
      edge,
      expr: random.pick([`sum(${irate})`, `sum(${irate}) by (deployment)`, `sum by (direction) (${irate})`]),
    };
  }),

  queryCase('irate-of-a-failed-spike', 'irate-on-a-spiky-load', (world, random) => {
    const edge = random.pick(EDGES.slice(1));
    const failing = service(world, edge[1]);
    const from = random.int(1800, 2500);
    world.timeline[0]!.service = failing.id;
    Object.assign(world.timeline[0]!, { atMs: from, untilMs: from + random.int(2000, 3000) });
    const errors = [{ kind: 'status' as const, status: random.pick([500, 502, 503]), rate: random.int(60, 100) / 100 }];
    world.timeline[0]!.change = { errors };
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const labels = outbound(edge, random);
    const good = `sum(irate(response_total{classification="success", ${labels}}[7s]))`;
    return { edge, expr: `${good} / sum(irate(response_total{${labels}}[7s]))` };
  }),

  queryCase('series-born-above-zero', 'series-born-above-zero', (world, random) => {
    world.traffic[1]!.startMs = random.int(2500, 3500);
    const checkout = service(world, 'web').routes.find((route) => route.path === '/checkout')!;
    checkout.steps = [Array.from({ length: random.int(8, 20) }, () => checkout.steps[0]![0]!)];
    const edge: Edge = ['web', 'pay'];
    const labels = outbound(edge, random);
    const family = random.pick(['request_total', 'response_total']);
    return random.pick([
      { edge, expr: `sum(increase(${family}{${labels}}[${random.pick(['30s', '1m', '10s'])}]))` },
      { edge, expr: `sum by (dst_deployment) (increase(${family}{${labels}}[20s]))` },
      { edge, metric: 'rate', overMs: 6000, expr: `sum(rate(${family}{${labels}}[6s]))` },
      { edge, metric: 'rate', overMs: 6000, expr: `sum(increase(${family}{${labels}}[6s])) / 6` },
    ] as const);
  }),

  queryCase('failure-series-missing', 'failure-series-missing', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(20, 40);
    const edge = random.pick(EDGES);
    const labels = outbound(edge, random);
    const window = random.pick(['4s', '5s', '6s']);
    const func = random.pick(['rate', 'increase', 'irate']);
    const failed = random.pick(['classification="failure"', 'status_code=~"5.."', 'classification!="success"']);
    const failures = `sum(${func}(response_total{${labels}, ${failed}}[${window}]))`;
    const all = `sum(${func}(response_total{${labels}}[${window}]))`;
    const expr = random.pick([
      `1 - ${failures} / ${all}`,
      `(${all} - ${failures}) / ${all}`,
      `1 - (${failures} / ${all})`,
    ]);
    return { edge, expr };
  }),

  queryCase('success-series-missing', 'failure-series-missing', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(20, 40);
    const edge: Edge = ['web', 'cart'];
    const labels = outbound(edge, random);
    service(world, 'cart').routes[0]!.errors = [{ kind: 'status', status: random.pick([500, 503, 504]), rate: 1 }];
    const window = random.pick(['4s', '5s', '6s']);
    const func = random.pick(['rate', 'increase', 'irate']);
    const good = random.pick(['classification="success"', 'status_code=~"2.."', 'status_code="200"']);
    const successes = `sum(${func}(response_total{${good}, ${labels}}[${window}]))`;
    return { edge, expr: `${successes} / sum(${func}(response_total{${labels}}[${window}]))` };
  }),

  queryCase('sum-before-rate', 'sum-before-rate', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const [restart] = world.restarts;
    Object.assign(restart!, { atMs: random.int(5500, 6500), replica: random.int(0, 1), downMs: random.int(200, 500) });
    const sum = `sum(${random.pick(['request_total', 'response_total'])}{${inbound('cart', random)}})`;
    const step = random.pick(['1s', '500ms', '250ms']);
    return random.pick([
      { expr: `rate(${sum}[5s:${step}])` },
      { expr: `increase(${sum}[5s:${step}]) / 5` },
      { metric: 'requests', expr: `increase(${sum}[5s:${step}])` },
    ] as const);
  }),

  queryCase('quantile-in-a-wide-bucket', 'quantile-in-a-wide-bucket', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(10, 15);
    // A little above an edge from which the bucket is a second wide: a busy machine does not bring it over the other.
    const ms = random.pick([1000, 2000]) + random.int(50, 150);
    service(world, 'cart').routes[0]!.latency = { kind: 'constant', ms };
    const metric = random.pick(['p95', 'p99'] as const);
    const [edge, labels] = random.pick([
      [['web', 'cart'] as const, outbound(['web', 'cart'], random)],
      [['web', 'cart'] as const, inbound('cart', random)],
    ]);
    const func = random.pick(['rate', 'increase']);
    const by = random.pick(['le', 'le, namespace', 'deployment, le']);
    const buckets = `${func}(response_latency_ms_bucket{${labels}}[${random.pick(['4s', '5s'])}])`;
    const sum = random.pick([`sum(${buckets}) by (${by})`, `sum by (${by}) (${buckets})`]);
    return { edge, metric, expr: `histogram_quantile(0.${metric.slice(1)}, ${sum})` };
  }),

  queryCase('no-direction-filter', 'no-direction-filter', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(30, 40);
    const edge = random.pick([EDGES[0]!, EDGES[1]!]);
    const [, name] = edge;
    const who = random.pick([`deployment="${name}"`, `deployment=~"${name}"`, `app="${name}"`, `pod=~"${name}-.+"`]);
    const labels = random.pick([`${who}, tls="true"`, `namespace="shop", ${who}, tls="true"`, who]);
    const family = random.pick(['request_total', 'response_total']);
    return random.pick([
      { edge, expr: `sum(rate(${family}{${labels}}[${random.pick(['4s', '5s'])}]))` },
      { edge, expr: `sum(increase(${family}{${labels}}[4s])) / 4` },
    ]);
  }),

  queryCase('label-of-another-version', 'label-of-another-version', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    world.mesh.version = random.pick(['2.20', 'edge-26.8.3']);
    const edge = random.pick(EDGES);
    const [, name] = edge;
    const authority = random.pick([
      `authority="${name}.shop.svc.cluster.local"`,
      `authority=~"${name}.shop.svc.cluster.local.*"`,
      `authority=~"^${name}\\\\.shop\\\\..+$"`,
    ]);
    const who = random.pick(['tls="true"', `deployment="${name}", tls="true"`, `namespace="shop", tls="true"`]);
    const family = random.pick(['request_total', 'response_total']);
    return { edge, expr: `sum(rate(${family}{direction="inbound", ${authority}, ${who}}[5s]))` };
  }),

  queryCase('hostname-of-another-version', 'label-of-another-version', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    world.mesh.version = random.pick(['2.20', 'edge-26.8.3']);
    const edge = random.pick(EDGES);
    const [caller, name] = edge;
    const hostname = random.pick([
      `hostname="${name}.shop.svc.cluster.local"`,
      `hostname=~"${name}\\\\.shop.*"`,
      `hostname=~"${name}.shop.svc.cluster.local"`,
    ]);
    const family = random.pick([
      'outbound_http_route_request_statuses_total',
      'outbound_http_route_request_duration_seconds_count',
    ]);
    return { edge, expr: `sum(rate(${family}{deployment="${caller}", ${hostname}}[${random.pick(['4s', '5s'])}]))` };
  }),

  queryCase('job-label-differs', 'job-label-differs', (world, random) => {
    arrivals(world).shape.ratePerSecond = random.int(25, 40);
    const name = random.pick([
      'linkerd/linkerd-proxy',
      'podMonitor/linkerd/linkerd-proxy/0',
      'monitoring/linkerd-proxy',
      random.word(),
    ]);
    const [fault] = world.faults!;
    if (fault?.type === 'job-name') fault.params.name = name;
    const edge = random.pick(EDGES);
    const labels = outbound(edge, random);
    const family = random.pick(['request_total', 'response_total']);
    return { edge, expr: `sum(rate(${family}{job="linkerd-proxy", ${labels}}[${random.pick(['4s', '5s'])}]))` };
  }),
];
