import type { Timeline } from '../../../result/timeline/types.ts';
import type { FlowResult, QuantileResult, ScenarioResult, VerdictValue } from '../../../result/types.ts';
import { isSuccess } from '../../deviation.ts';
import { countDeviation } from '../../flows.ts';
import { formatNumber, plural } from '../../format.ts';

/** The golden metrics of one side of an edge, by one ledger; null where it has none. */
export interface Golden {
  /** Responses; of TCP connections. */
  count: number | null;
  ratePerSecond: number | null;
  successRate: number | null;
  p99Ms: number | null;
}

/** What the proxies of one side of an edge counted, all statuses together. */
export interface Side {
  direction: 'inbound' | 'outbound';
  unit: 'responses' | 'connections';
  truth: Golden;
  proxy: number | null;
  prometheus: Golden;
  verdict: VerdictValue;
  /** Of each metric whether what Prometheus says of it was judged right. */
  marks: Record<keyof Omit<Golden, 'count'>, VerdictValue>;
  /** What is wrong, in a word or three: `3 too few`; empty where nothing is. */
  differs: string;
}

export interface Edge {
  source: string;
  destination: string;
  /** The side where something is wrong, else the callee's. */
  shown: Side;
  sides: Side[];
}

export interface Workload {
  /** `namespace/workload`; `-` for callers that nobody can name. */
  name: string;
  /** All that lived during the run; null where nothing was recorded. */
  pods: number | null;
}

export interface Topology {
  workloads: Workload[];
  edges: Edge[];
}

/** Who called whom, from the flows; how many pods each had, from the timeline. */
export function topologyOf(scenario: ScenarioResult, timeline: Timeline | undefined): Topology {
  const edges = [...Map.groupBy(scenario.flows, (flow) => JSON.stringify([flow.source, flow.destination])).values()];
  const seconds = trafficSeconds(scenario, timeline);
  const pods = Map.groupBy(timeline?.pods ?? [], ({ workload }) => workload);
  const ends = scenario.flows.flatMap(({ source, destination }) => [source, destination]);
  return {
    workloads: [...new Set([...ends, ...pods.keys()])].map((name) => ({ name, pods: pods.get(name)?.length ?? null })),
    edges: inOrderOfCalls(edges.map((flows) => edgeOf(flows, scenario.quantiles, seconds))),
  };
}

/** From those whom nobody calls on, as a request goes. */
function inOrderOfCalls(edges: Edge[]): Edge[] {
  const called = new Set(edges.map(({ destination }) => destination));
  const first = edges.map(({ source }) => source).filter((source) => !called.has(source));
  const depth = new Map(first.map((source) => [source, 0]));
  for (const [source, d] of depth) {
    // What is added to a map while it is walked is walked as well.
    for (const edge of edges)
      if (edge.source === source && !depth.has(edge.destination)) depth.set(edge.destination, d + 1);
  }
  const depthOf = ({ source }: Edge) => depth.get(source) ?? edges.length;
  return edges.toSorted((a, b) => depthOf(a) - depthOf(b));
}

/** How long the load lasted; null when that is not known. */
function trafficSeconds({ traffic }: ScenarioResult, timeline: Timeline | undefined): number | null {
  const seconds = traffic.ratePerSecond > 0 ? traffic.requests / traffic.ratePerSecond : 0;
  if (seconds > 0) return seconds;
  return timeline && timeline.trafficEndMs > 0 ? timeline.trafficEndMs / 1000 : null;
}

function edgeOf(flows: FlowResult[], quantiles: QuantileResult[], seconds: number | null): Edge {
  const { source, destination } = flows[0]!;
  const sides = [...Map.groupBy(flows, ({ direction }) => direction)].map(([direction, own]) => {
    const latencies = quantiles.filter(
      (q) => q.source === source && q.destination === destination && q.direction === direction,
    );
    return sideOf(direction, own, latencies, seconds);
  });
  sides.sort((a, b) => a.direction.localeCompare(b.direction));
  return { source, destination, sides, shown: sides.toSorted((a, b) => WORSE[a.verdict] - WORSE[b.verdict])[0]! };
}

const WORSE: Record<VerdictValue, number> = { fail: 0, inconclusive: 1, pass: 2 };

function sideOf(
  direction: Side['direction'],
  flows: FlowResult[],
  latencies: QuantileResult[],
  seconds: number | null,
): Side {
  const answers = flows.filter(({ protocol }) => protocol !== 'tcp');
  const counted = answers.length > 0 ? answers : flows.filter(({ status }) => status === 'connections');
  const p99 = latencies.find(({ quantile }) => quantile === 0.99);
  const golden = (ledger: 'truth' | 'prometheus'): Golden => {
    const count = total(counted, ledger);
    const good = total(answers.filter(isSuccess), ledger) ?? 0;
    return {
      count,
      ratePerSecond: count !== null && seconds ? count / seconds : null,
      successRate: answers.length > 0 && count ? good / count : null,
      p99Ms: (ledger === 'truth' ? p99?.truthMs : p99?.observedMs) ?? null,
    };
  };
  const [truth, prometheus] = [golden('truth'), golden('prometheus')];
  // A flow may be wrong on its way and right in the end.
  const off = counted.filter((flow) => flow.verdict !== 'pass' && countDeviation(flow) !== 0);
  return {
    direction,
    unit: answers.length > 0 ? 'responses' : 'connections',
    truth,
    proxy: total(counted, 'proxy'),
    prometheus,
    verdict: worstOf([...flows, ...latencies]),
    marks: {
      ratePerSecond: worstOf(off),
      successRate: truth.successRate === prometheus.successRate ? 'pass' : worstOf(off),
      p99Ms: p99?.verdict ?? 'pass',
    },
    differs: differenceOf(flows, latencies),
  };
}

function worstOf(judged: readonly { verdict: VerdictValue }[]): VerdictValue {
  return judged.map(({ verdict }) => verdict).toSorted((a, b) => WORSE[a] - WORSE[b])[0] ?? 'pass';
}

/** null when no flow has data. */
function total(flows: FlowResult[], ledger: 'truth' | 'proxy' | 'prometheus'): number | null {
  const known = flows.map((flow) => flow[ledger]).filter((value) => value !== null);
  return known.length === 0 && flows.length > 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

function differenceOf(flows: FlowResult[], latencies: QuantileResult[]): string {
  const wrong = flows.filter(({ verdict }) => verdict !== 'pass');
  if (wrong.length > 0 && wrong.every(({ prometheus }) => prometheus === null)) return 'no data';
  const off = wrong.map((flow) => countDeviation(flow) ?? -flow.truth);
  const [many, few] = [off.filter((n) => n > 0), off.filter((n) => n < 0)].map((some) =>
    some.reduce((a, b) => a + b, 0),
  );
  const words = [few && `${formatNumber(-few, 1)} too few`, many && `${formatNumber(many, 1)} too many`].filter(
    Boolean,
  );
  if (words.length > 0) return words.join(', ');
  const violations = wrong.flatMap(({ bounds }) => bounds).reduce((sum, bound) => sum + bound.violations, 0);
  if (violations > 0) return `${plural(violations, 'sample')} out of bounds`;
  if (wrong.length > 0) return wrong.some(({ verdict }) => verdict === 'fail') ? 'differs' : 'undecided';
  if (latencies.some(({ verdict }) => verdict === 'fail')) return 'latency off';
  return latencies.some(({ verdict }) => verdict !== 'pass') ? 'latency undecided' : '';
}
