import { describe, expect, test } from 'vitest';
import { NO_TIMEOUTS } from '../../../../../core/policy.ts';
import type { MadeRequest } from '../../../../../ledger/types.ts';
import type { QueryExpectation } from '../../../../../scenario/model.ts';
import { judgeQuery } from '../../../../queries/judge.ts';
import { Rng } from '../../../../testing/rng.ts';
import { diagnoseMesh, TestMesh } from '../../../testing/index.ts';
import type { Finding, RunFacts } from '../../../types.ts';
import { PROXY_RULES } from '../index.ts';
import { journal, made, runOf, served } from '../testing/run.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i);
const FLOW = { flow: 'web -> cart', source: 'shop/web', destination: 'shop/cart' };

/** What became of a request, for the app that made it. */
type Fate = 'well' | 'failed' | 'missing' | 'denied' | 'unanswered' | 'cut short' | 'retried';

interface World {
  mesh: TestMesh;
  run: RunFacts;
  fates: Fate[];
  /** Attempts of each request, in order. */
  attempts: number[];
}

/** web asked cart, and so it ended; the share of each fate is drawn. */
function world(rng: Rng, shares: Partial<Record<Fate, number>>): World {
  const mesh = new TestMesh();
  const run = runOf(mesh, []);
  const { topology, truth, window } = run.input;
  const [web] = mesh.idsOf('shop', 'web');
  const carts = mesh.idsOf('shop', 'cart').map((id) => id.split('/')[1]!);
  const caller = truth.find(({ pod }) => pod === web!.split('/')[1])!;
  const fates: Fate[] = [];
  const attempts: number[] = [];
  for (let i = 0; i < 240; i++) {
    const fate = drawn(rng, shares);
    const at = window.originMs + 50 + i * 60;
    const pod = rng.pick(carts);
    const tries = fate === 'retried' ? rng.int(2, 3) : 1;
    caller.made.push(asApp('shop/cart', at, fate, pod));
    const callee = truth.find((j) => j.pod === pod)!;
    if (fate !== 'denied') for (let n = 0; n < tries; n++) callee.served.push(served('shop/web', at + 1 + n));
    fates.push(fate);
    attempts.push(tries);
  }
  if ((shares.denied ?? 0) > 0) denyAll(topology.workloads.find(({ id }) => id === 'shop/cart')!);
  if ((shares.retried ?? 0) > 0) {
    const retry = { http: [[500, 599]] as [number, number][], grpc: [], limit: 2, timeoutMs: null };
    const service = topology.services.find(({ id }) => id === 'shop/cart')!;
    service.outboundPolicy = {
      opaque: false,
      routes: [],
      retry,
      timeouts: NO_TIMEOUTS,
      failureAccrual: null,
      profile: null,
    };
  }
  return { mesh, run, fates, attempts };
}

function denyAll(workload: RunFacts['input']['topology']['workloads'][number]): void {
  workload.inboundPolicy = { defaultPolicy: 'deny', servers: [] };
}

function drawn(rng: Rng, shares: Partial<Record<Fate, number>>): Fate {
  let at = rng.next();
  for (const [fate, share] of Object.entries(shares) as [Fate, number][]) {
    at -= share;
    if (at < 0) return fate;
  }
  return 'well';
}

function asApp(callee: string, at: number, fate: Fate, pod: string): MadeRequest {
  switch (fate) {
    case 'failed':
      return made(callee, at, { pod, status: 503 });
    case 'missing':
      return made(callee, at, { pod, status: 404 });
    case 'denied':
      return made(callee, at, { pod: '', status: 403 });
    case 'unanswered':
      return made(callee, at, { pod: '', status: 0, outcome: 'timeout', firstByteMs: null });
    case 'cut short':
      return made(callee, at, { pod, outcome: 'timeout' });
    default:
      return made(callee, at, { pod });
  }
}

/** What the proxies of one side count of it: written down apart from the rules, one fate at a time. */
function proxyCounts({ fates, attempts }: World, direction: 'inbound' | 'outbound') {
  let [requests, responses, successes] = [0, 0, 0];
  fates.forEach((fate, i) => {
    if (fate === 'denied' && direction === 'inbound') return;
    requests += attempts[i]!;
    if (fate === 'unanswered') return;
    responses += attempts[i]!;
    if (fate !== 'failed') successes += 1;
  });
  return { requests, responses, successes };
}

const ratio = (labels: string) =>
  `sum(rate(response_total{${labels}, classification="success"}[5s])) / sum(rate(response_total{${labels}}[5s]))`;

/** The query, judged as a run judges it. */
function judged({ run }: World, change: Partial<QueryExpectation>, value: number | null) {
  const expectation = { expr: 'x', metric: 'rate', overMs: null, within: 0.05, ...FLOW, ...change } as QueryExpectation;
  const answer = value === null ? { value, why: 'no data' } : { value };
  const result = judgeQuery(expectation, answer, run.input.truth, run.input.window);
  run.queries.push(result);
  return result;
}

async function causes({ mesh, run }: World): Promise<(readonly string[])[]> {
  return (await diagnose(mesh, run)).map((finding) => finding.causes);
}

const diagnose = (mesh: TestMesh, run: RunFacts): Promise<Finding[]> => diagnoseMesh(mesh, run, PROXY_RULES);

/** Prometheus has it within a few percent. */
const blurred = (rng: Rng, value: number) => value * rng.between(0.99, 1.01);

const CASES: [Fate, string, ('inbound' | 'outbound')[]][] = [
  ['missing', 'client-errors-counted-as-success', ['inbound', 'outbound']],
  ['denied', 'denials-counted-as-success', ['outbound']],
  ['unanswered', 'requests-abandoned', ['inbound', 'outbound']],
  ['cut short', 'requests-abandoned', ['inbound', 'outbound']],
  ['retried', 'retries-counted-as-requests', ['inbound', 'outbound']],
];

describe.each(CASES)('a success rate of requests that were %s', (fate, cause, directions) => {
  test.each(SEEDS)('is explained (%i)', async (seed) => {
    const rng = new Rng(seed);
    const failed = fate === 'retried' ? 0 : rng.between(0, 0.1);
    const at = world(rng, { [fate]: rng.between(0.2, 0.6), failed });
    const direction = rng.pick(directions);
    const { responses, successes } = proxyCounts(at, direction);
    const labels = rng.pick([`direction="${direction}"`, `direction="${direction}", deployment=~"x"`]);
    const value = successes / responses;
    const { verdict } = judged(at, { metric: 'successRate', expr: ratio(labels) }, value);
    expect(verdict).toBe('fail');
    expect(await causes(at)).toEqual([[cause]]);
    // Something else altogether.
    at.run.queries.length = 0;
    judged(at, { metric: 'successRate', expr: ratio(labels) }, value * 0.6);
    expect(await causes(at)).toEqual([]);
    // It says what is true.
    at.run.queries.length = 0;
    const well = at.fates.filter((one) => one === 'well' || one === 'retried').length / at.fates.length;
    judged(at, { metric: 'successRate', expr: ratio(labels) }, well);
    expect(await causes(at)).toEqual([]);
  });
});

describe('a rate', () => {
  test.each(SEEDS)('of attempts (%i)', async (seed) => {
    const rng = new Rng(100 + seed);
    const at = world(rng, { retried: rng.between(0.2, 0.6) });
    const direction = rng.pick(['inbound', 'outbound'] as const);
    const family = rng.pick(['request_total', 'response_total'] as const);
    const seconds = (at.run.input.truth.flatMap((j) => j.made).at(-1)!.endMs! - at.run.input.window.originMs) / 1000;
    const value = blurred(rng, proxyCounts(at, direction).requests / seconds);
    judged(at, { expr: `sum(rate(${family}{direction="${direction}"}[9s]))` }, value);
    expect(await causes(at)).toEqual([['retries-counted-as-requests']]);
    // What the application asked for, by another family, is not of attempts.
    at.run.queries.length = 0;
    judged(at, { expr: 'sum(rate(outbound_http_route_request_statuses_total[9s]))' }, value);
    expect(await causes(at)).toEqual([]);
  });

  test.each(SEEDS)('of what is let in, or of answers (%i)', async (seed) => {
    const rng = new Rng(200 + seed);
    const fate = rng.pick(['denied', 'unanswered'] as const);
    const at = world(rng, { [fate]: rng.between(0.2, 0.7) });
    const counts = proxyCounts(at, 'inbound');
    const expr = `sum(increase(response_total{direction="inbound", tls="true"}[30s]))`;
    judged(at, { metric: 'requests', expr }, blurred(rng, counts.responses));
    expect(await causes(at)).toEqual([[fate === 'denied' ? 'denials-counted-as-success' : 'requests-abandoned']]);
    at.run.queries.length = 0;
    const requests = { metric: 'requests', expr: expr.replace('response_total', 'request_total') } as const;
    // The requests themselves are all there when their callers gave up.
    judged(at, requests, blurred(rng, counts.requests));
    expect(await causes(at)).toEqual(fate === 'denied' ? [['denials-counted-as-success']] : []);
  });

  test('of a server that lets nobody in', async () => {
    const at = world(new Rng(1), { denied: 1 });
    judged(at, { expr: 'sum(rate(request_total{direction="inbound"}[9s]))' }, null);
    expect(await causes(at)).toEqual([['denials-counted-as-success']]);
    at.run.queries.length = 0;
    judged(at, { expr: 'sum(rate(request_total{direction="outbound"}[9s]))' }, null);
    expect(await causes(at)).toEqual([]);
  });
});

test('an effect that is too small to matter is not why', async () => {
  const at = world(new Rng(8), {});
  const caller = at.run.input.truth.find(({ workload }) => workload === 'shop/web')!;
  for (const [i, r] of caller.made.entries()) if (i % 10 === 0 || i % 33 === 1) r.status = i % 10 === 0 ? 503 : 404;
  // 0.87 of them went well; with the few 404 it would be 0.9, which would pass.
  const { verdict, truth } = judged(at, { metric: 'successRate', expr: ratio('direction="outbound"') }, 0.93);
  expect([verdict, truth! > 0.86 && truth! < 0.9]).toEqual(['fail', true]);
  expect(await causes(at)).toEqual([]);
});

test('what has a value is not explained by there being none', async () => {
  const at = world(new Rng(9), { denied: 1 });
  judged(at, { metric: 'successRate', expr: ratio('direction="inbound"') }, 0.7);
  expect(await causes(at)).toEqual([]);
});

test('requests are counted when they go out, however they end', async () => {
  const at = world(new Rng(10), { unanswered: 0.4 });
  const { responses } = proxyCounts(at, 'outbound');
  judged(at, { metric: 'requests', expr: 'sum(increase(request_total{direction="outbound"}[20s]))' }, responses);
  expect(await causes(at)).toEqual([]);
});

describe('two effects at once', () => {
  test.each(SEEDS)('are both named (%i)', async (seed) => {
    const rng = new Rng(300 + seed);
    const at = world(rng, { denied: rng.between(0.15, 0.3), missing: rng.between(0.15, 0.3) });
    const { responses, successes } = proxyCounts(at, 'outbound');
    judged(at, { metric: 'successRate', expr: ratio('direction="outbound"'), within: 0.01 }, successes / responses);
    expect(await causes(at)).toEqual([['denials-counted-as-success'], ['client-errors-counted-as-success']]);
  });

  test('of the same size remain', async () => {
    const at = world(new Rng(2), {});
    const caller = at.run.input.truth.find(({ workload }) => workload === 'shop/web')!;
    caller.made.forEach((r, i) => {
      if (i % 4 === 0) Object.assign(r, { status: 404 });
      if (i % 4 === 1) Object.assign(r, { outcome: 'timeout' });
    });
    judged(at, { metric: 'successRate', expr: ratio('direction="outbound"'), within: 0.02 }, 0.75);
    expect((await causes(at)).map((those) => those.toSorted())).toEqual([
      ['client-errors-counted-as-success', 'requests-abandoned'],
    ]);
  });
});

describe('probes', () => {
  const meshed = /tls="true"/;

  test.each(SEEDS)('are what meshed clients are not (%i)', async (seed) => {
    const rng = new Rng(400 + seed);
    const at = world(rng, { failed: rng.between(0.3, 0.6) });
    const truth = at.fates.filter((fate) => fate === 'well').length / at.fates.length;
    const expr = ratio(rng.pick(['direction="inbound"', 'direction="inbound", deployment="cart"']));
    const says = (v: number) =>
      (at.mesh.answers = (q) =>
        q.ask === 'query' && meshed.test(q.expr) ? { to: 'query', samples: [{ labels: {}, t: 0, v }] } : undefined);
    const shown = truth + (1 - truth) * rng.between(0.4, 0.8);
    // Of few requests some lie on the edges of the window.
    says(truth + rng.between(-0.2, 0.2) * (shown - truth));
    judged(at, { metric: 'successRate', expr, within: 0.02 }, shown);
    const [finding, ...others] = await diagnose(at.mesh, at.run);
    expect(finding!.causes).toEqual(['probes-counted-as-traffic']);
    expect(finding!.remedy![0]).toMatch(/target_port!~"4191"/);
    expect(others).toEqual([]);
    // Without them it is off as well.
    says(1);
    expect(await causes(at)).toEqual([]);
  });

  test('and client errors beside them are both named', async () => {
    const at = world(new Rng(3), { missing: 0.3, failed: 0.3 });
    const well = at.fates.filter((fate) => fate === 'well').length / at.fates.length;
    const missing = at.fates.filter((fate) => fate === 'missing').length / at.fates.length;
    at.mesh.answers = (q) =>
      q.ask === 'query' && meshed.test(q.expr)
        ? { to: 'query', samples: [{ labels: {}, t: 0, v: well + missing }] }
        : undefined;
    judged(at, { metric: 'successRate', expr: ratio('direction="inbound"'), within: 0.05 }, well + missing + 0.25);
    expect(await causes(at)).toEqual([['probes-counted-as-traffic'], ['client-errors-counted-as-success']]);
  });
});

describe('latency', () => {
  /** Interpolated in the buckets that Linkerd has, as histogram_quantile() does. */
  function quantileOf(times: number[], q: number): number {
    const edges = [0, 1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000];
    const rank = q * times.length;
    for (const [i, high] of edges.entries()) {
      const below = times.filter((t) => Math.floor(t) <= edges[i - 1]! && i > 0).length;
      const upTo = times.filter((t) => Math.floor(t) <= high).length;
      if (i > 0 && upTo >= rank) return edges[i - 1]! + ((high - edges[i - 1]!) * (rank - below)) / (upTo - below);
    }
    return Number.NaN;
  }

  test.each(SEEDS)('ends at the first byte (%i)', async (seed) => {
    const rng = new Rng(500 + seed);
    const at = world(rng, {});
    const [first, whole] = [rng.between(2, 60), rng.between(200, 700)];
    const answers = at.run.input.truth.flatMap((j) => j.served);
    for (const r of answers)
      Object.assign(r, { firstByteMs: r.startMs + first * rng.between(1, 1.3), endMs: r.startMs + whole });
    for (const r of at.run.input.truth.flatMap((j) => j.made)) Object.assign(r, { endMs: r.startMs + whole + 2 });
    const metric = rng.pick(['p50', 'p90', 'p95', 'p99'] as const);
    const q = Number(metric.slice(1)) / 100;
    const times = answers.map((r) => r.firstByteMs! - r.startMs);
    const expr = `histogram_quantile(${q}, sum(rate(response_latency_ms_bucket{direction="outbound"}[5s])) by (le))`;
    judged(at, { metric, expr }, quantileOf(times, q));
    expect(await causes(at)).toEqual([['latency-to-first-byte']]);
    // A busy proxy measures some more.
    at.run.queries.length = 0;
    judged(at, { metric, expr }, first + 0.2 * (whole - first));
    expect(await causes(at)).toEqual([['latency-to-first-byte']]);
    at.run.queries.length = 0;
    judged(at, { metric, expr }, first + 0.5 * (whole - first));
    expect(await causes(at)).toEqual([]);
    // In the bucket of the whole it is another matter.
    at.run.queries.length = 0;
    judged(
      at,
      { metric, expr },
      quantileOf(
        answers.map(() => whole),
        q,
      ),
    );
    expect(await causes(at)).toEqual([]);
    at.run.queries.length = 0;
    judged(
      at,
      { metric, expr: expr.replace('response_latency_ms_bucket', 'inbound_http_request_duration_seconds_bucket') },
      quantileOf(times, q),
    );
    expect(await causes(at)).toEqual([]);
  });
});

test.each([
  ['both lie in the same bucket', 110, 170, 195],
  ['the value is lower than either', 60, 400, 35],
])('latency is another matter where %s', async (_name, first, whole, value) => {
  const at = world(new Rng(11), {});
  for (const r of at.run.input.truth.flatMap((j) => j.served)) {
    Object.assign(r, { firstByteMs: r.startMs + first, endMs: r.startMs + whole });
  }
  for (const r of at.run.input.truth.flatMap((j) => j.made)) Object.assign(r, { endMs: r.startMs + whole + 1 });
  const expr = 'histogram_quantile(0.95, sum(rate(response_latency_ms_bucket{direction="outbound"}[5s])) by (le))';
  expect(judged(at, { metric: 'p95', expr }, value).verdict).toBe('fail');
  expect(await causes(at)).toEqual([]);
});

describe('raw counters after a restart', () => {
  test('show what the last incarnation has counted', async () => {
    const at = world(new Rng(6), {});
    const { truth, window } = at.run.input;
    const old = truth.find(({ workload }) => workload === 'shop/cart')!;
    const startMs = window.originMs + 7000;
    truth.push(journal(at.mesh, `shop/${old.pod}`, { incarnation: '1', startMs }));
    const lost = truth.flatMap((j) => j.made).filter((r) => r.pod === old.pod && r.endMs! < startMs).length;
    const expr = 'sum(request_total{direction="inbound", tls="true"})';
    judged(at, { metric: 'requests', expr }, 240 - lost);
    const [finding] = await diagnose(at.mesh, at.run);
    expect(finding).toMatchObject({ causes: ['proxy-restarted'], pods: [`shop/${old.pod}`] });
    at.run.queries.length = 0;
    judged(
      at,
      { metric: 'requests', expr: `sum(increase(request_total{direction="inbound", tls="true"}[20s]))` },
      240 - lost,
    );
    expect(await causes(at)).toEqual([]);
  });
});

test('queries of other things, and what is no PromQL, name nothing', async () => {
  const at = world(new Rng(7), { missing: 0.5 });
  for (const expr of ['sum(rate(http_requests_total[5s]))', 'sum(', 'sum(rate(response_total[5s]))', 'vector(1)']) {
    judged(at, { metric: 'successRate', expr }, 1);
  }
  expect(await causes(at)).toEqual([]);
});
