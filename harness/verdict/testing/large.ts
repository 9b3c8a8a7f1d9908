import type { Topology } from '../../core/topology.ts';
import type { LedgerSeries, LedgerTarget, MetricLedger, TruthJournal } from '../../ledger/types.ts';
import type { JudgeInput } from '../judge.ts';
import { simulate } from './simulate.ts';
import type { ServiceSimSpec, WorldSpec } from './world.ts';

/**
 * Large inputs of the judge. `wide`: many applications side by side, each of seven services of all kinds (HTTP, gRPC, routes,
 * splits, retries, a ServiceProfile, policy). `deep`: one service of many pods that calls another of as many, so that all
 * traffic is between the same two workloads.
 */
export type Shape = 'wide' | 'deep';

/** @param series about how many both ledgers have together, those of connections, a quarter as on real pages, among them */
export function largeInput(series: number, shape: Shape = 'wide'): JudgeInput {
  return withConnections(shape === 'wide' ? wide(series) : deep(series));
}

export function seriesOf({ proxy, prometheus }: JudgeInput): number {
  return proxy.series.length + prometheus.series.length;
}

function wide(series: number): JudgeInput {
  return sideBySide(simulate(APPLICATION), Math.max(1, Math.round(series / SERIES_OF_APPLICATION)));
}

/** In both ledgers, of connections too. */
const SERIES_OF_APPLICATION = 12_000;

const CALM: ServiceSimSpec = {
  ...{ replicas: 2, calls: [], latencyMs: { min: 1, max: 60 }, errorRate: 0, hangRate: 0, resetRate: 0, midRate: 0 },
  ...{ streamMs: 0, postRate: 0.3, timeoutMs: 5000, shared: false },
};

const RUN = { durationMs: 60_000, scrapeIntervalMs: 5000, skewMs: 1, restarts: [] };
const OPEN = { accounts: null, routes: false, limitRate: 0 };

const APPLICATION: WorldSpec = {
  ...RUN,
  seed: 11,
  requests: 200,
  services: [
    { ...CALM, calls: [1, 2, 3], errorRate: 0.05 },
    { ...CALM, calls: [4], route: { backends: [1, 4], retries: 1 }, errorRate: 0.05 },
    { ...CALM, calls: [5], grpc: true, server: OPEN },
    { ...CALM, calls: [6], server: { accounts: ['s0', 'load'], routes: true, limitRate: 0 } },
    { ...CALM, calls: [5], errorRate: 0.02 },
    { ...CALM, grpc: true, errorRate: 0.05 },
    { ...CALM, route: { backends: [6], retries: 0 }, profile: true },
  ],
};

/** Of each pair of pods, in both ledgers, of connections too: most are of the caller, the callee has them for all callers. */
const SERIES_OF_PAIR = 104;

function deep(series: number): JudgeInput {
  const replicas = Math.max(2, Math.round(Math.sqrt(series / SERIES_OF_PAIR)));
  const services: ServiceSimSpec[] = [
    { ...CALM, replicas, calls: [1] },
    { ...CALM, replicas },
  ];
  // So many that hardly any pair of pods has none.
  return simulate({ ...RUN, seed: 12, services, requests: 4 * replicas * replicas });
}

/** Copies of a run beside one another, each in namespaces of its own. */
export function sideBySide(unit: JudgeInput, copies: number): JudgeInput {
  const all = Array.from({ length: copies }, (_, i) => renamed(unit, i));
  return {
    ...unit,
    topology: {
      ...unit.topology,
      workloads: all.flatMap((c) => c.topology.workloads),
      pods: all.flatMap((c) => c.topology.pods),
      services: all.flatMap((c) => c.topology.services),
    },
    truth: all.flatMap((c) => c.truth),
    proxy: joined(all.map((c) => c.proxy)),
    prometheus: joined(all.map((c) => c.prometheus)),
  };
}

function joined(ledgers: readonly MetricLedger[]): MetricLedger {
  const targets: LedgerTarget[] = [];
  const series: LedgerSeries[] = [];
  for (const ledger of ledgers) {
    const before = targets.length;
    for (const target of ledger.targets) targets.push(target);
    for (const s of ledger.series) series.push({ ...s, target: before + s.target });
  }
  return { source: ledgers[0]!.source, targets, series };
}

/** Whatever names a namespace or an address; the labels of a copy are strings of its own, as those of a page are. */
function renamed(unit: JudgeInput, copy: number): JudgeInput {
  const text = (s: string): string =>
    s
      .replaceAll('shop', `shop-${copy}`)
      .replaceAll('meshproof', `load-${copy}`)
      .replace(/^10\.(\d)\.0\./, `10.$1.${copy}.`);
  const deepText = <T>(value: T): T => JSON.parse(text(JSON.stringify(value))) as T;
  const labels = (own: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(own).map(([name, value]) => [name, text(value)]));
  const ledger = ({ source, targets, series }: MetricLedger): MetricLedger => ({
    source,
    targets: targets.map((t) => ({ ...t, namespace: text(t.namespace), instance: text(t.instance) })),
    series: series.map((s) => ({ ...s, labels: labels(s.labels), samples: s.samples.map((x) => ({ ...x })) })),
  });
  const topology: Topology = deepText(unit.topology);
  for (const pod of topology.pods) {
    pod.ip = text(pod.ip);
    pod.instance = text(pod.instance);
  }
  const journal = (j: TruthJournal): TruthJournal => ({
    ...j,
    workload: text(j.workload),
    served: j.served.map((r) => ({ ...r, caller: text(r.caller) })),
    made: j.made.map((r) => ({ ...r, callee: text(r.callee) })),
  });
  return {
    ...unit,
    topology,
    truth: unit.truth.map(journal),
    proxy: ledger(unit.proxy),
    prometheus: ledger(unit.prometheus),
  };
}

const OF_CONNECTIONS = [
  'tcp_open_total',
  'tcp_open_connections',
  'tcp_close_total',
  'tcp_read_bytes_total',
  'tcp_write_bytes_total',
];

/** A third as many series of connections as there are others, as proxies have: of HTTP nobody judges them. */
function withConnections(input: JudgeInput): JudgeInput {
  const more = (ledger: MetricLedger): MetricLedger => {
    const added = ledger.series
      .filter((_, i) => i % 3 === 0)
      .map((s, i): LedgerSeries => {
        const target = ledger.targets[s.target]!;
        const labels = {
          direction: 'outbound',
          peer: 'dst',
          target_addr: `10.3.${(i >> 8) & 255}.${i & 255}:8080`,
          tls: 'true',
          server_id: `default.${target.namespace}.serviceaccount.identity.linkerd.cluster.local`,
        };
        return { name: OF_CONNECTIONS[i % OF_CONNECTIONS.length]!, labels, target: s.target, samples: s.samples };
      });
    return { ...ledger, series: [...ledger.series, ...added] };
  };
  return { ...input, proxy: more(input.proxy), prometheus: more(input.prometheus) };
}
