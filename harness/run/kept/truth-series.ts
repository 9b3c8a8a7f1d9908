import { classificationOf, GRPC_WITHOUT_TRAILERS, grpcOutcome } from '../../core/outcome.ts';
import type { Topology } from '../../core/topology.ts';
import type { MadeRequest, ServedRequest, TruthJournal } from '../../ledger/types.ts';
import { STALE, type TimeSeries } from '../../prometheus/remote-write.ts';

export interface TruthSeriesInput {
  scenario: string;
  topology: Pick<Topology, 'pods'>;
  truth: readonly TruthJournal[];
  originMs: number;
  scrapeIntervalMs: number;
  /** Samples are up to then, at least; epoch ms. */
  untilMs: number;
}

/** The family that is no counter. */
export const TRUTH_LATENCY = 'meshproof_truth_latency_ms';

/** So many scrape intervals make the window of a quantile, as they make that of a rate. */
export const WINDOW_SCRAPES = 4;
/** Samples are so much closer to one another than scrapes: what is queried of the truth is hardly blurred. */
const STEPS_PER_SCRAPE = 4;
const QUANTILES = [0.5, 0.95, 0.99];

/**
 * The truth as Prometheus would have it if the journals were pages: counters of requests and answers under the labels of
 * Linkerd's outbound and inbound series, so that one can be subtracted from the other, and exact quantiles of latency over the
 * last four scrape intervals. Counters begin at zero before the first request. Documented in docs/dashboards.md.
 */
export function truthSeries(input: TruthSeriesInput): TimeSeries[] {
  const { truth, scrapeIntervalMs } = input;
  const edgeOf = edges(input.topology);
  const counted = new Counters();
  const latencies = new Map<string, Latencies>();
  const addLatency = (labels: Labels, request: MadeRequest | ServedRequest) => {
    if (request.firstByteMs === null || request.outcome !== 'completed') return;
    const key = keyOf(labels);
    const list = latencies.get(key) ?? { labels, samples: [] };
    latencies.set(key, list);
    list.samples.push({ atMs: request.firstByteMs, ms: request.firstByteMs - request.startMs });
  };
  for (const journal of truth) {
    for (const request of journal.made) {
      const edge = edgeOf(journal.workload, request);
      counted.add('meshproof_truth_requests_total', edge, request.startMs);
      if (request.endMs === null) continue;
      counted.add('meshproof_truth_responses_total', { ...edge, ...outcomeLabels(request) }, request.endMs);
      addLatency({ ...edge, side: 'caller' }, request);
    }
    for (const request of journal.served) {
      // Probes are no traffic; and of what nobody waited for any more no proxy need have counted an answer.
      if (request.caller === '-' || request.endMs === null || request.outcome === 'client-gone') continue;
      const server = target(journal.workload);
      counted.add('meshproof_truth_served_total', { ...server, ...outcomeLabels(request) }, request.endMs);
      addLatency({ ...target(request.caller), ...destination(journal.workload), side: 'callee' }, request);
    }
  }
  const instants = instantsOf(input, counted.lastMs);
  const windowMs = WINDOW_SCRAPES * scrapeIntervalMs;
  return [
    {
      labels: { __name__: 'meshproof_truth_info', scenario: input.scenario, window: `${windowMs / 1000}s` },
      samples: instants.map((t) => ({ t, v: 1 })),
    },
    ...counted.series(instants),
    ...[...latencies.values()].flatMap((list) => quantiles(list, instants, windowMs)),
  ];
}

type Labels = Record<string, string>;

/** `namespace/workload` as a proxy's target labels have it. */
function target(workload: string): Labels {
  const [namespace = '', deployment = ''] = workload.split('/');
  return { namespace, deployment };
}

/** The same as the labels of where a request went. */
function destination(workload: string): Labels {
  const [dst_namespace = '', dst_deployment = ''] = workload.split('/');
  return { dst_namespace, dst_deployment };
}

/** Who asked whom: the workload that answered, as its pod named itself; where none did, the one that was asked. */
function edges({ pods }: TruthSeriesInput['topology']): (caller: string, request: MadeRequest) => Labels {
  const workloadOf = new Map(pods.map((pod) => [pod.name, pod.workload]));
  return (caller, { pod, callee }) => ({ ...target(caller), ...destination(workloadOf.get(pod) ?? callee) });
}

/** As Linkerd calls it. A request without an answer is a failure to whoever made it. */
function outcomeLabels({ outcome, status, grpc }: MadeRequest | ServedRequest): Labels {
  const number = grpc === null ? status : grpc === 'missing' ? GRPC_WITHOUT_TRAILERS : grpcOutcome(grpc);
  return {
    status_code: status === 0 ? '' : String(status),
    grpc_status: grpc === null || grpc === 'missing' ? '' : String(grpc),
    classification: outcome === 'completed' ? classificationOf(number) : 'failure',
  };
}

/** Whole, evenly spaced, from before the first request to after the last of everything. */
function instantsOf({ originMs, scrapeIntervalMs, untilMs }: TruthSeriesInput, lastMs: number): number[] {
  const step = Math.max(1, Math.round(scrapeIntervalMs / STEPS_PER_SCRAPE));
  const instants: number[] = [];
  const end = Math.max(untilMs, lastMs);
  for (let t = Math.floor(originMs) - step; ; t += step) {
    instants.push(t);
    if (t >= end) return instants;
  }
}

const keyOf = (labels: Labels) => JSON.stringify(Object.entries(labels).sort());

/** Events by series, and what counters of them show. */
class Counters {
  lastMs = 0;
  readonly #events = new Map<string, { labels: Labels; atMs: number[] }>();

  add(name: string, labels: Labels, atMs: number): void {
    const all = { __name__: name, ...labels };
    const key = keyOf(all);
    const series = this.#events.get(key);
    if (series) series.atMs.push(atMs);
    else this.#events.set(key, { labels: all, atMs: [atMs] });
    this.lastMs = Math.max(this.lastMs, atMs);
  }

  series(instants: readonly number[]): TimeSeries[] {
    return [...this.#events.values()].map(({ labels, atMs }) => {
      const sorted = atMs.toSorted((a, b) => a - b);
      let count = 0;
      const samples = instants.map((t) => {
        while (count < sorted.length && sorted[count]! <= t) count += 1;
        return { t, v: count };
      });
      return { labels, samples };
    });
  }
}

interface Latencies {
  labels: Labels;
  samples: { atMs: number; ms: number }[];
}

/** Nearest rank, of the answers that began in the window before each instant; where there are none the series ends. */
function quantiles({ labels, samples }: Latencies, instants: readonly number[], windowMs: number): TimeSeries[] {
  const ordered = samples.toSorted((a, b) => a.atMs - b.atMs);
  const windows = instants.map((t) => ({
    t,
    ms: ordered
      .filter(({ atMs }) => atMs > t - windowMs && atMs <= t)
      .map(({ ms }) => ms)
      .sort((a, b) => a - b),
  }));
  return QUANTILES.map((quantile) => {
    const series: TimeSeries = {
      labels: { __name__: TRUTH_LATENCY, ...labels, quantile: String(quantile) },
      samples: [],
    };
    for (const { t, ms } of windows) {
      const before = series.samples.at(-1)?.v;
      if (ms.length > 0) series.samples.push({ t, v: ms[Math.ceil(quantile * ms.length) - 1]! });
      else if (before !== undefined && before !== STALE) series.samples.push({ t, v: STALE });
    }
    return series;
  });
}
