import { failingScenario, passingScenario, sampleFlow, sampleResult } from '../../../result/testing/sample.ts';
import type { FlowTimeline, LatencyDistribution, Timeline } from '../../../result/timeline/types.ts';
import type { FlowResult, Result, ScenarioResult } from '../../../result/types.ts';

/** Suites as large as real ones, made without a clock and without chance. */

const WORKLOADS = ['meshproof/load', 'shop/web', 'shop/cart', 'shop/pay', 'shop/db'];
const SECONDS = 20;
/** Of the truth each second: as dense as real ones are kept. */
const POINTS = 10;
const EDGES_MS = [1, 2, 3, 4, 5, 10, 20, 30, 40, 50, 100, 200, 300, 400, 500, 1000, 2000, 3000, 4000, 5000, 10_000];

/** A result of `count` scenarios, each with a row of five workloads; every third fails, with its diagnosis. */
export function sampleSuite(count: number): { result: Result; timelines: Map<string, Timeline> } {
  const scenarios = Array.from({ length: count }, (_, i) => suiteScenario(i));
  return {
    result: { ...sampleResult(), scenarios },
    timelines: new Map(scenarios.map((scenario) => [scenario.name, sampleTimeline(scenario)])),
  };
}

function suiteScenario(index: number): ScenarioResult {
  const base = index % 3 === 2 ? failingScenario() : passingScenario();
  const edges = WORKLOADS.slice(1).flatMap((destination, i) =>
    (['inbound', 'outbound'] as const).map((direction) => ({ source: WORKLOADS[i]!, destination, direction })),
  );
  return { ...base, name: `scenario-${index}`, flows: [...edges.map(sampleFlow), ...base.flows.slice(1)] };
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
  const seen = scrapes();
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
