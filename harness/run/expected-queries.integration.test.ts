import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CauseId } from '../causes/ids.ts';
import { randomFrom } from '../matrix/random.ts';
import type { Random } from '../matrix/types.ts';
import type { QueryExpectation } from '../scenario/model.ts';
import { diagnoseAsking } from '../verdict/diagnose/engine.ts';
import { QUERY_RULES } from '../verdict/diagnose/rules/queries/index.ts';
import { passedRun, TestMesh } from '../verdict/diagnose/testing/index.ts';
import { addExpectedQueries, askExpectedQueries } from './expected-queries.ts';
import { prometheusWith } from './testing/history.ts';
import { historiesOf, journalsOf, steady, type World } from './testing/requests.ts';

/** A world and a query about it, as of its end. */
interface Example {
  world: World;
  query: Pick<QueryExpectation, 'expr' | 'metric'> & Partial<QueryExpectation>;
  /** Empty: it fails for another reason, or does not fail. */
  causes: CauseId[];
  verdict?: 'pass';
}

const BASE = { overMs: 5000, within: 0.2 };
const seed = process.env.MESHPROOF_PROPERTY_SEED ?? 'queries';
const EACH = 3;

/** Examples by name; each is drawn several times. */
const DRAWN: Record<string, (world: World, random: Random) => Omit<Example, 'world'>> = {
  'a window of one sample': (world, random) => {
    const window = random.pick(['400ms', '900ms', '1s']);
    return {
      query: random.pick([
        { metric: 'rate', expr: `sum(rate(request_total{${out(world)}}[${window}]))` },
        { metric: 'rate', expr: `sum(increase(request_total{${out(world)}}[1s])) / 1` },
        { metric: 'successRate', expr: share(world, 'irate', window) },
      ]),
      causes: ['window-too-short'],
    };
  },
  'irate after a spike': (world, random) => {
    const { atMs } = world;
    world.asked = [
      ...steady(random.int(3, 6), atMs - 15_000, atMs, random),
      ...steady(random.int(60, 90), atMs - 6000, atMs - 2500, random),
    ];
    const expr = `sum(irate(${random.pick(['request_total', 'response_total'])}{${out(world)}}[8s]))`;
    return { query: { metric: 'rate', expr, overMs: 8000, within: 0.25 }, causes: ['irate-on-a-spiky-load'] };
  },
  'irate after failures': (world, random) => {
    const { atMs } = world;
    world.asked = [
      ...steady(30, atMs - 15_000, atMs - 6000, random),
      ...steady(30, atMs - 6000, atMs - 2500, random, { status: 503 }),
      ...steady(30, atMs - 2500, atMs, random),
    ];
    return {
      query: { metric: 'successRate', expr: share(world, 'irate', '8s'), overMs: 8000, within: 0.15 },
      causes: ['irate-on-a-spiky-load'],
    };
  },
  'a burst that one scrape has whole': (world, random) => {
    const at = world.atMs - random.int(2500, 3500);
    world.asked = steady(random.int(400, 900), at, at + 40, random);
    const window = random.pick(['5s', '5000ms']);
    const increase = `sum(increase(request_total{${out(world)}}[${window}]))`;
    return {
      query: random.pick([
        { metric: 'requests', expr: increase, within: 0.05 },
        { metric: 'rate', expr: `${increase} / 5`, within: 0.05 },
        { metric: 'rate', expr: `sum(rate(request_total{${out(world)}}[${window}]))`, within: 0.05 },
      ]),
      causes: ['series-born-above-zero'],
    };
  },
  'no failure yet': (world, random) => ({
    query: { metric: 'successRate', expr: failures(world, random) },
    causes: ['failure-series-missing'],
  }),
  'nothing but failures': (world, random) => {
    for (const one of world.asked) one.status = 500;
    return {
      query: { metric: 'successRate', expr: share(world, random.pick(['rate', 'irate']), '4s') },
      causes: ['failure-series-missing'],
    };
  },
  'a rate of a sum, and a restart': (world, random) => {
    world.restartMs = world.atMs - random.int(2000, 3500);
    const sum = `sum(request_total{namespace="${world.namespace}", deployment="cart", direction="inbound"})`;
    return {
      query: random.pick([
        { metric: 'rate', expr: `rate(${sum}[5s:500ms])` },
        { metric: 'requests', expr: `increase((${sum})[5s:1s])` },
      ]),
      causes: ['sum-before-rate'],
    };
  },
  'a quantile in a wide bucket': (world, random) => {
    const low = random.pick([100, 200, 500, 1000]);
    for (const one of world.asked) one.latencyMs = low + random.int(5, 20);
    const by = random.pick(['le', 'le, deployment']);
    const buckets = `sum by (${by}) (rate(response_latency_ms_bucket{${out(world)}}[5s]))`;
    return {
      query: { metric: 'p99', expr: `histogram_quantile(0.99, ${buckets})`, within: 0.1 },
      causes: ['quantile-in-a-wide-bucket'],
    };
  },
  'no direction': (world, random) => {
    const labels = `namespace="${world.namespace}", ${random.pick(['deployment="cart"', 'pod=~"cart-.*"'])}`;
    return {
      query: { metric: 'rate', expr: `sum(rate(request_total{${labels}}[${random.pick(['4s', '5s'])}]))` },
      causes: ['no-direction-filter'],
    };
  },
  'the authority of inbound series': (world, random) => {
    const { namespace } = world;
    const authority = random.pick([`="cart.${namespace}.svc.cluster.local"`, `=~"^cart\\\\.${namespace}\\\\..*"`]);
    const more = random.pick(['', `, namespace="${namespace}"`, `, namespace="${namespace}", deployment="cart"`]);
    return {
      query: {
        metric: 'rate',
        expr: `sum(rate(request_total{direction="inbound", authority${authority}${more}}[5s]))`,
      },
      causes: ['label-of-another-version'],
    };
  },
  'the job of a PodMonitor': (world, random) => {
    world.job = random.pick(['linkerd/linkerd-proxy', 'meshes/linkerd-proxy', 'proxies']);
    return {
      query: { metric: 'rate', expr: `sum(rate(request_total{job="linkerd-proxy", ${out(world)}}[5s]))` },
      causes: ['job-label-differs'],
    };
  },
  'two at once: no direction, and a window of one sample': (world) => ({
    query: { metric: 'rate', expr: `sum(rate(request_total{namespace="${world.namespace}", deployment="cart"}[1s]))` },
    causes: ['no-direction-filter', 'window-too-short'],
  }),
  'two at once: the job, and no failure yet': (world) => {
    world.job = 'linkerd/linkerd-proxy';
    const rate = (more: string) => `sum(rate(response_total{job="linkerd-proxy", ${out(world)}${more}}[5s]))`;
    return {
      query: { metric: 'successRate', expr: `1 - ${rate(', classification="failure"')} / ${rate('')}` },
      causes: ['failure-series-missing', 'job-label-differs'],
    };
  },

  // What fails for a reason that is none of these, as proxies count otherwise than people do, or for one that has no name.
  'retries are counted': (world, random) => {
    for (const one of world.asked) one.attempts = random.int(1, 2);
    return { query: { metric: 'rate', expr: `sum(rate(request_total{${out(world)}}[5s]))`, within: 0.1 }, causes: [] };
  },
  'client errors are successes': (world) => {
    for (const [i, one] of world.asked.entries()) if (i % 2 === 0) one.status = 404;
    return { query: { metric: 'successRate', expr: share(world, 'rate', '5s'), within: 0.1 }, causes: [] };
  },
  'a workload that there is not': (world) => ({
    query: { metric: 'rate', expr: `sum(rate(request_total{namespace="${world.namespace}", deployment="crat"}[5s]))` },
    causes: [],
  }),

  // What says what is true.
  'the right rate': (world) => ({
    query: { metric: 'rate', expr: `sum(rate(request_total{${out(world)}}[5s]))`, within: 0.1 },
    causes: [],
    verdict: 'pass',
  }),
  'the right success rate': (world) => {
    for (const [i, one] of world.asked.entries()) if (i % 3 === 0) one.status = 500;
    const expr = share(world, 'rate', '5s');
    return { query: { metric: 'successRate', expr, within: 0.1 }, causes: [], verdict: 'pass' };
  },
  'the right quantile': (world) => {
    for (const one of world.asked) one.latencyMs = 4;
    const buckets = `sum by (le) (rate(response_latency_ms_bucket{${out(world)}}[5s]))`;
    return { query: { metric: 'p50', expr: `histogram_quantile(0.5, ${buckets})` }, causes: [], verdict: 'pass' };
  },
};

/** What web asks of cart, as its proxy counts it. */
const out = ({ namespace }: World) =>
  `namespace="${namespace}", direction="outbound", deployment="web", dst_deployment="cart"`;
const share = (world: World, func: string, window: string) =>
  `sum(${func}(response_total{classification="success", ${out(world)}}[${window}])) / sum(${func}(response_total{${out(world)}}[${window}]))`;

function failures(world: World, random: Random): string {
  const failed = random.pick(['classification="failure"', 'status_code=~"5.."']);
  const bad = `sum(rate(response_total{${out(world)}, ${failed}}[5s]))`;
  const all = `sum(rate(response_total{${out(world)}}[5s]))`;
  return random.pick([`1 - ${bad} / ${all}`, `(${all} - ${bad}) / ${all}`]);
}

const atMs = Math.floor(Date.now() / 1000) * 1000 - 5000;

function draw(name: string, index: number): Example {
  const random = randomFrom(seed, name, index);
  const namespace = `${name.replaceAll(/[^a-z]+/g, '-')}-${index}`;
  const world: World = { namespace, atMs, intervalMs: 1000, asked: [] };
  world.asked = steady(random.int(20, 40), atMs - 15_000, atMs, random);
  return { world, ...DRAWN[name]!(world, random) };
}

const examples = Object.keys(DRAWN).flatMap((name) =>
  Array.from({ length: EACH }, (_, index) => ({ name, index, ...draw(name, index) })),
);

let stored: Awaited<ReturnType<typeof prometheusWith>>;
beforeAll(async () => {
  stored = await prometheusWith(
    examples.flatMap(({ name, index, world }) => historiesOf(world, randomFrom(seed, 'scrapes', name, index))),
  );
});
afterAll(() => stored?.[Symbol.asyncDispose]());

describe('queries of a Prometheus that has stored what happened', () => {
  it.each(examples)('$name ($index)', async ({ world, query, causes, verdict = 'fail' }) => {
    const journals = journalsOf(world);
    const window = { originMs: atMs - 15_000, trafficEndMs: atMs + 500 };
    const flow = { flow: 'web -> cart', source: `${world.namespace}/web`, destination: `${world.namespace}/cart` };
    const asked = await askExpectedQueries(stored.url, [{ ...BASE, ...flow, ...query }], journals, window);
    expect(asked.queries[0]).toMatchObject({ verdict });
    expect(asked.reasons.map((reason) => reason.code)).toEqual(verdict === 'fail' ? ['QUERY_MISLEADS'] : []);

    const mesh = new TestMesh();
    mesh.stored.push({ labels: { __name__: 'proxy_build_info', version: '2.366.0' }, samples: [{ t: atMs, v: 1 }] });
    const run = passedRun(mesh, {
      input: { truth: journals, window: { ...passedRun(mesh).input.window, ...window } },
      queries: asked.queries,
    });
    const { findings } = await diagnoseAsking(
      { evidence: mesh.evidence(), run },
      async (question) => {
        if (question.ask === 'query')
          return { to: 'query', samples: await stored.client.query(question.expr, question.atMs) };
        if (question.ask === 'samples')
          return {
            to: 'samples',
            series: await stored.client.rawSamples(question.selector, question.rangeMs, question.atMs),
          };
        return mesh.answer(question);
      },
      QUERY_RULES,
    );
    expect(findings.map((finding) => [finding.causes, finding.pods])).toEqual(
      expect.arrayContaining(causes.map((cause) => [[cause], []])),
    );
    expect(findings).toHaveLength(causes.length);
    // What is recommended says what is true.
    for (const [remedy] of findings.flatMap(({ causes: [cause], remedy = [] }) =>
      cause === 'quantile-in-a-wide-bucket' ? [] : [remedy],
    )) {
      const [again] = (
        await askExpectedQueries(stored.url, [{ ...BASE, ...flow, ...query, expr: remedy! }], journals, window)
      ).queries;
      expect(again).toMatchObject({ verdict: 'pass' });
    }
  });
});

describe('a query that can not be asked', () => {
  const ask = (expr: string) => {
    const expectation = { ...BASE, expr, metric: 'rate' as const, flow: 'web -> cart', source: '*', destination: '*' };
    return askExpectedQueries(stored.url, [expectation], journalsOf(examples[0]!.world), {
      originMs: 0,
      trafficEndMs: atMs,
    });
  };

  it.each([
    ['sum(rate(request_total[5s])', 'refuses sum(rate(request_total[5s])', 'inconclusive'],
    ['nothing_at_all', 'it yields no sample at all', 'fail'],
    ['request_total', 'samples where one is needed', 'fail'],
    ['vector(0) / 0', 'it yields NaN', 'fail'],
    ['request_total[5s]', 'yields a matrix', 'inconclusive'],
  ] as const)('%s does not pass, and says why', async (expr, why, verdict) => {
    const { queries, reasons } = await ask(expr);
    expect(queries[0]).toMatchObject({ value: null, verdict, why: expect.stringContaining(why) });
    const result: Parameters<typeof addExpectedQueries>[0] = { queries: [], reasons: [], verdict: 'pass' };
    addExpectedQueries(result, { queries, reasons });
    expect(result).toEqual({ queries, reasons, verdict });
  });

  it('is an error when nobody answers', async () => {
    const expectation = { ...BASE, expr: 'up', metric: 'rate' as const, flow: '* -> *', source: '*', destination: '*' };
    await expect(
      askExpectedQueries('http://127.0.0.1:9', [expectation], [], { originMs: 0, trafficEndMs: 1 }),
    ).rejects.toMatchObject({ code: 'PROMETHEUS_UNREACHABLE' });
  });
});
