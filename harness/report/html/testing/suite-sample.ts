import {
  failingScenario,
  passingScenario,
  sampleBound,
  sampleFlow,
  sampleResult,
} from '../../../result/testing/sample.ts';
import type { Configuration } from '../../../result/timeline/configuration.ts';
import type { FlowTimeline, LatencyDistribution, Timeline } from '../../../result/timeline/types.ts';
import type { FlowResult, Result, ScenarioResult } from '../../../result/types.ts';

/** Suites as large as real ones, made without a clock and without chance. */

const WORKLOADS = ['meshproof/load', 'shop/web', 'shop/cart', 'shop/pay', 'shop/db'];
const SECONDS = 20;
/** Of the truth each second: as dense as real ones are kept. */
const POINTS = 10;
const EDGES_MS = [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10_000];

/** Which scenarios fail: every third, all, or all since Prometheus had no data at all. */
export type Trouble = 'some' | 'all' | 'prometheus-down';

export interface SampleSuite {
  result: Result;
  timelines: Map<string, Timeline>;
  configurations: Map<string, Configuration>;
}

/**
 * A result of `count` scenarios, each with a row of five workloads, and with as many statuses, percentiles, queries and bounds as
 * those have that are shipped.
 */
export function sampleSuite(count: number, trouble: Trouble = 'some'): SampleSuite {
  const scenarios = Array.from({ length: count }, (_, i) => suiteScenario(i, trouble));
  const verdict = scenarios.some((scenario) => scenario.verdict === 'fail') ? 'fail' : 'pass';
  return {
    result: { ...sampleResult(), verdict, scenarios },
    timelines: new Map(scenarios.map((scenario) => [scenario.name, sampleTimeline(scenario)])),
    configurations: new Map(scenarios.map(({ name }) => [name, sampleConfiguration()])),
  };
}

/** As long as those of scenarios with five workloads. */
export function sampleConfiguration(): Configuration {
  const lines = (count: number, line: string) => Array.from({ length: count }, (_, i) => `${line} ${i}\n`).join('');
  return {
    scenario: lines(110, '      requestBytes: 0 # line'),
    prometheus: lines(120, '      - source_labels: [__meta_kubernetes] # line'),
  };
}

const QUERIES = 33;
const QUANTILES = [0.5, 0.95, 0.99];
const FAMILIES = 46;

function suiteScenario(index: number, trouble: Trouble): ScenarioResult {
  const fails = trouble !== 'some' || index % 3 === 2;
  const base = fails ? failingScenario() : passingScenario();
  const edges = WORKLOADS.slice(1).flatMap((destination, i) =>
    (['inbound', 'outbound'] as const).map((direction) => ({ source: WORKLOADS[i]!, destination, direction })),
  );
  const [query, quantile] = [base.queries[0]!, base.quantiles[0]!];
  const flows = edges.flatMap((edge) => [sampleFlow(edge), sampleFlow({ ...edge, status: '503', truth: 120 })]);
  const scenario: ScenarioResult = {
    ...base,
    name: `scenario-${index}`,
    flows: trouble === 'some' ? [...flows, ...base.flows.slice(1)] : flows.map((flow) => wrongFlow(flow, trouble)),
    quantiles: edges.flatMap((edge) => QUANTILES.map((q) => ({ ...quantile, ...edge, quantile: q }))),
    queries: Array.from({ length: QUERIES }, (_, i) => ({
      ...query,
      tool: ['linkerd viz stat', 'Grafana: top line', 'Grafana: deployment'][i % 3]!,
      subject: `deploy/${WORKLOADS[i % WORKLOADS.length]!}`,
      metric: (['rate', 'successRate', 'p50', 'p95', 'p99'] as const)[i % 5]!,
      expr: `${query.expr} # ${i}`,
    })),
    checks: Array.from({ length: FAMILIES }, (_, i) => ({
      ...base.checks[0]!,
      family: `a_family_of_proxies_${i}_total`,
    })),
    notes: Array.from(
      { length: 6 },
      (_, i) => `shop/web-5c9d8f7b6-x2x4z, incarnation ${i}: 3 requests died after its last scrape`,
    ),
  };
  if (trouble !== 'some') {
    scenario.reasons = scenario.flows.map((flow) => ({
      code: trouble === 'all' ? 'NOT_EQUAL_AT_END' : 'NO_DATA',
      verdict: 'fail',
      message: `response_total of ${flow.source} -> ${flow.destination}, status ${flow.status}, ${flow.direction}: it is not as it must be`,
    }));
  }
  if (trouble === 'prometheus-down') {
    scenario.quantiles = scenario.quantiles.map((q) => ({ ...q, observedMs: null, verdict: 'inconclusive' }));
    scenario.queries = scenario.queries.map((q) => ({ ...q, value: null }));
  }
  return scenario;
}

function wrongFlow(flow: FlowResult, trouble: Trouble): FlowResult {
  if (trouble === 'prometheus-down') return { ...flow, prometheus: null, verdict: 'inconclusive', bounds: [] };
  const [bound] = flow.bounds;
  const bounds = Array.from({ length: 3 }, (_, i) => ({
    ...(bound ?? sampleBound({})),
    family: `response_total_${i}`,
    violations: 9,
    worst: { t: 1_767_323_060_000, low: flow.truth, value: flow.truth - 30, high: flow.truth },
  }));
  return { ...flow, prometheus: flow.truth - 30, verdict: 'fail', bounds };
}

/** What may have happened over time in a scenario: a line for each edge and direction of its flows. */
export function sampleTimeline({ name, flows }: ScenarioResult): Timeline {
  const edges = [...new Map(flows.map((flow) => [edgeOf(flow), flow])).values()];
  const workloads = [...new Set(edges.flatMap(({ source, destination }) => [source, destination]))];
  return {
    apiVersion: 'meshproof/v1',
    kind: 'Timeline',
    scenario: name,
    originEpochMs: Date.parse('2026-01-02T03:04:05Z'),
    fromMs: -1000,
    toMs: SECONDS * 1000,
    trafficEndMs: (SECONDS - 4) * 1000,
    scrapeIntervalMs: 2000,
    pods: workloads.map((workload, i) => ({
      namespace: workload.split('/')[0]!,
      pod: `${workload.split('/')[1]}-5d5c8-${i}`,
      workload,
      scrapes: scrapes().map((atMs, k) => ({ atMs: atMs + 10 * i, ok: k !== 3 })),
      series: 420 + i,
    })),
    bands: [
      { kind: 'timeline', label: 'shop/cart: errors 30% 503', fromMs: 4000, toMs: 8000 },
      { kind: 'fault', label: 'admin port of shop/pay dropped', fromMs: 9000, toMs: null },
    ],
    flows: edges.map(timelineOf),
    latencies: edges.map(latencyOf),
  };
}

const edgeOf = ({ source, destination, direction }: FlowResult) => `${source} ${destination} ${direction}`;
const scrapes = () => Array.from({ length: SECONDS / 2 }, (_, i) => i * 2000 + 700);

function timelineOf(flow: FlowResult): FlowTimeline {
  const { source, destination, direction, truth: total } = flow;
  const rate = total / (SECONDS - 4);
  const at = (ms: number) => Math.round(Math.min(total, Math.max(0, (ms / 1000) * rate)));
  const points = Array.from({ length: (SECONDS + 1) * POINTS + 1 }, (_, i) => -1000 + (i * 1000) / POINTS);
  const count = points.map(at);
  const seen = flow.prometheus === null ? [] : scrapes();
  return {
    ...{ source, destination, direction, unit: 'responses' },
    truth: { atMs: points, count, failures: count.map((value) => Math.floor(value / 10)) },
    prometheus: {
      atMs: seen,
      count: seen.map((ms, i) => at(ms) - (flow.verdict === 'fail' && i > 4 ? 30 : 0)),
      failures: seen.map((ms) => Math.floor(at(ms) / 10)),
      low: seen.map((ms) => at(ms - 20)),
      high: seen.map((ms) => at(ms + 20)),
    },
    proxy: { atMs: SECONDS * 1000, count: total, failures: Math.floor(total / 10) },
  };
}

function latencyOf({ source, destination, direction, truth }: FlowResult): LatencyDistribution {
  const upTo = Array.from({ length: 60 }, (_, i) => 10 ** (i / 15));
  const share = (ms: number) => Math.exp(-((Math.log10(ms) - 1.2) ** 2) / 0.1);
  const spread = (edges: readonly number[]) => {
    const sum = edges.reduce((all, ms) => all + share(ms), 0);
    return edges.map((ms) => Math.round((truth * share(ms)) / sum));
  };
  const buckets = [...spread(EDGES_MS), 0];
  return {
    ...{ source, destination, direction },
    edgesMs: [...EDGES_MS, null],
    truth: buckets,
    observed: buckets,
    fine: { upToMs: upTo, count: spread(upTo) },
  };
}
