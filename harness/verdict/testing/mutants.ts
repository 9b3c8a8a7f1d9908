import type { LedgerSeries, MetricLedger } from '../../ledger/types.ts';

/**
 * Telemetry mutants: ledgers as a proxy that counts wrongly would have left them. The same mistake is made in the proxy's
 * own pages and in what Prometheus scraped of them; the judge has to find it by the truth alone.
 */
export interface Mutation {
  name: string;
  /** Changes the victim's series (and its siblings) in a ledger; null: it does not apply to it. */
  apply: (ledger: MetricLedger, victim: Victim) => MetricLedger | null;
}

/** Where a mutant strikes: one series by its pod, name and labels, from a moment on. */
export interface Victim {
  namespace: string;
  pod: string;
  name: string;
  labels: Record<string, string>;
  fromMs: number;
}

type Values = (samples: LedgerSeries['samples']) => LedgerSeries['samples'];

/** All mutations; which apply to a family shows by trying. */
export const MUTATIONS: readonly Mutation[] = [
  { name: 'one request lost', apply: onValues((v, t, victim) => (t >= victim.fromMs ? Math.max(0, v - 1) : v)) },
  { name: 'counted twice', apply: onValues((v) => 2 * v) },
  {
    name: 'one too many at the last scrape',
    apply: onSamples((s) => s.map((x, i) => (i === s.length - 1 ? { ...x, v: x.v + 1 } : x))),
  },
  {
    name: 'stops moving',
    apply: onFrom((s, from) => s.map((x, i) => (i >= from ? { ...x, v: s[from - 1]?.v ?? 0 } : x))),
  },
  {
    name: 'falls to zero',
    apply: onFrom((s, from) => s.map((x, i) => (i >= from ? { ...x, v: x.v - (s[from - 1]?.v ?? 0) } : x))),
  },
  { name: 'series missing', apply: (ledger, victim) => replace(ledger, victim, () => []) },
  {
    name: 'page delayed by a scrape',
    apply: onSamples((s) => s.map((x, i) => ({ ...x, v: i > 0 ? s[i - 1]!.v : 0 }))),
  },
  {
    name: 'one status swapped',
    apply: swapOne(['status_code', 'status', 'http_status', 'grpc_status'], otherStatus),
  },
  {
    name: 'classification swapped',
    apply: relabel('classification', (v) => (v === 'success' ? 'failure' : 'success')),
  },
  { name: 'code of gRPC swapped', apply: swapOne(['grpc_status'], otherStatus) },
  { name: 'client_id of another', apply: swapLabel('client_id') },
  { name: 'dst_pod of another', apply: swapLabel('dst_pod') },
  { name: 'dst_deployment of another', apply: swapLabel('dst_deployment') },
  { name: 'authority of another', apply: swapLabel('authority') },
  { name: 'server_id of another', apply: swapLabel('server_id') },
  { name: 'target_ip of another', apply: swapLabel('target_ip') },
  { name: 'backend and parent of another', apply: swapLabels('backend_name', 'parent_name') },
  { name: 'tls swapped', apply: relabel('tls', (v) => (v === 'true' ? 'no_identity' : 'true')) },
  { name: 'srv_port of another', apply: relabel('srv_port', (v) => `${v}1`) },
  { name: 'route_name of another', apply: relabel('route_name', (v) => (v === 'probe' ? 'default' : 'probe')) },
  { name: 'declared route of another', apply: swapLabel('route_name') },
  { name: 'backend of another', apply: swapLabel('backend_name') },
  { name: 'authorization of another', apply: relabel('authz_name', (v) => `${v}1`) },
  { name: 'route of the profile lost', apply: relabel('rt_route', (v) => `${v}1`) },
  { name: 'template hash of another', apply: relabel('dst_pod_template_hash', (v) => `${v}0`) },
  { name: 'samples of two pods swapped', apply: swapPods },
  { name: 'also counted as no_identity', apply: alsoPlain },
  { name: 'one in twenty latencies a bucket up', apply: bucketsUp },
  {
    name: 'sum a quarter too large',
    apply: (ledger, victim) => (victim.name.endsWith('_sum') ? onValues((v) => 1.25 * v)(ledger, victim) : null),
  },
];

/** Of proxies that fill this label in. */
export const HOSTNAME_SWAPPED: Mutation = { name: 'hostname of another', apply: swapLabel('hostname') };

/** Another value of the same kind: a status, a number or a name of gRPC. */
function otherStatus(value: string): string {
  if (/^\d{3}$/.test(value)) return value === '200' ? '404' : '200';
  if (/^\d+$/.test(value)) return value === '0' ? '5' : '0';
  return value === 'OK' ? 'NOT_FOUND' : 'OK';
}

function isVictim(ledger: MetricLedger, series: LedgerSeries, victim: Victim): boolean {
  return (
    atPod(ledger, series, victim) && series.name === victim.name && labelKey(series.labels) === labelKey(victim.labels)
  );
}

function atPod(ledger: MetricLedger, series: LedgerSeries, victim: Victim): boolean {
  const target = ledger.targets[series.target]!;
  return target.pod === victim.pod && target.namespace === victim.namespace;
}

export function labelKey(labels: Record<string, string>): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join(',');
}

function replace(ledger: MetricLedger, victim: Victim, make: (s: LedgerSeries) => LedgerSeries[]): MetricLedger {
  return { ...ledger, series: ledger.series.flatMap((s) => (isVictim(ledger, s, victim) ? make(s) : [s])) };
}

function onSamples(change: Values) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger =>
    replace(ledger, victim, (s) => [{ ...s, samples: change(s.samples) }]);
}

function onValues(change: (v: number, t: number, victim: Victim) => number) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger =>
    onSamples((samples) => samples.map((x) => ({ ...x, v: change(x.v, x.t, victim) })))(ledger, victim);
}

/** From the first sample at or after the victim's moment on. */
function onFrom(change: (samples: LedgerSeries['samples'], from: number) => LedgerSeries['samples']) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger =>
    onSamples((samples) => {
      const from = samples.findIndex((x) => x.t >= victim.fromMs);
      return from < 0 ? samples : change(samples, from);
    })(ledger, victim);
}

function relabel(label: string, change: (value: string) => string) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger | null => {
    const value = victim.labels[label];
    if (value === undefined) return null;
    return replace(ledger, victim, (s) => [{ ...s, labels: { ...s.labels, [label]: change(value) } }]);
  };
}

/** From the victim's moment on, one of its counts appears under another value of a label. */
function swapOne(names: string[], change: (value: string) => string) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger | null => {
    const label = names.find((name) => victim.labels[name]);
    if (!label || victim.labels.le !== undefined || !victim.name.endsWith('_total')) return null;
    const labels = { ...victim.labels, [label]: change(victim.labels[label]!) };
    const moved = ledger.series
      .find((s) => isVictim(ledger, s, victim))
      ?.samples.filter((x) => x.t >= victim.fromMs && x.v > 0);
    if (!moved || moved.length === 0) return null;
    const times = new Set(moved.map((x) => x.t));
    const less = replace(ledger, victim, (s) => [
      { ...s, samples: s.samples.map((x) => (times.has(x.t) ? { ...x, v: x.v - 1 } : x)) },
    ]);
    const sibling = { ...victim, labels };
    if (less.series.some((s) => isVictim(less, s, sibling))) {
      return replace(less, sibling, (s) => [
        { ...s, samples: s.samples.map((x) => (times.has(x.t) ? { ...x, v: x.v + 1 } : x)) },
      ]);
    }
    const target = ledger.series.find((s) => isVictim(ledger, s, victim))!.target;
    const born = { name: victim.name, labels, target, samples: moved.map((x) => ({ t: x.t, v: 1 })) };
    return { ...less, series: [...less.series, born] };
  };
}

/** Both labels change places, one after the other: a series is then wholly another's. */
function swapLabels(first: string, second: string) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger | null => {
    if (victim.labels[first] === undefined || victim.labels[second] === undefined) return null;
    const swapped = swapLabel(first)(ledger, victim);
    return swapped && swapLabel(second)(swapped, { ...victim });
  };
}

/** All series of a family at a pod: the values of a label change places between the victim's peer and another. */
function swapLabel(label: string) {
  return (ledger: MetricLedger, victim: Victim): MetricLedger | null => {
    const mine = victim.labels[label];
    const family = ledger.series.filter((s) => s.name === victim.name && atPod(ledger, s, victim));
    const others = [...new Set(family.map((s) => s.labels[label]))].filter((v) => v !== undefined && v !== mine).sort();
    const other = others[0];
    if (mine === undefined || other === undefined) return null;
    const swap = (value: string | undefined): string | undefined =>
      value === mine ? other : value === other ? mine : value;
    return {
      ...ledger,
      series: ledger.series.map((s) =>
        family.includes(s) ? { ...s, labels: { ...s.labels, [label]: swap(s.labels[label])! } } : s,
      ),
    };
  };
}

/** What came by TLS shows once more in a series of traffic without. */
function alsoPlain(ledger: MetricLedger, victim: Victim): MetricLedger | null {
  const { client_id: client, ...rest } = victim.labels;
  if (client === undefined || victim.labels.tls !== 'true') return null;
  const labels = { ...rest, tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' };
  return replace(ledger, victim, (s) => [s, { ...s, labels }]);
}

/** A family's series of the victim's pod and of another replica of the same workload change places. */
function swapPods(ledger: MetricLedger, victim: Victim): MetricLedger | null {
  const stem = victim.pod.replace(/-[^-]+$/, '');
  const mine = ledger.targets.findIndex((t) => t.pod === victim.pod && t.namespace === victim.namespace);
  const other = ledger.targets.findIndex(
    (t, i) => i !== mine && t.pod.startsWith(stem) && t.namespace === victim.namespace,
  );
  if (mine < 0 || other < 0) return null;
  const times = (i: number): number[] => ledger.targets[i]!.scrapes.map((s) => s.t);
  const moved = (s: LedgerSeries, to: number): LedgerSeries => {
    const from = times(s.target);
    const there = times(to);
    const samples = s.samples.flatMap((x) => {
      const t = there[from.indexOf(x.t)];
      return t === undefined ? [] : [{ t, v: x.v }];
    });
    return { ...s, target: to, samples };
  };
  return {
    ...ledger,
    series: ledger.series.map((s) => {
      if (s.name !== victim.name) return s;
      return s.target === mine ? moved(s, other) : s.target === other ? moved(s, mine) : s;
    }),
  };
}

/** In the victim's histogram, every twentieth latency of a bucket lands in the next one. */
function bucketsUp(ledger: MetricLedger, victim: Victim): MetricLedger | null {
  if (!victim.name.endsWith('_bucket')) return null;
  const { le: _le, ...rest } = victim.labels;
  const key = labelKey(rest);
  const histogram = ledger.series
    .filter((s) => s.name === victim.name && atPod(ledger, s, victim) && withoutLe(s.labels) === key)
    .sort((a, b) => edge(a) - edge(b));
  const at = (i: number, t: number): number => histogram[i]?.samples.find((x) => x.t === t)?.v ?? 0;
  const changed = new Map(
    histogram.slice(0, -1).map((s, i) => {
      const samples = s.samples.map((x) => ({
        t: x.t,
        v: x.v - Math.floor((x.v - (i > 0 ? at(i - 1, x.t) : 0)) / 20),
      }));
      return [s, { ...s, samples }];
    }),
  );
  return { ...ledger, series: ledger.series.map((s) => changed.get(s) ?? s) };
}

function withoutLe(labels: Record<string, string>): string {
  const { le: _le, ...rest } = labels;
  return labelKey(rest);
}

function edge(s: LedgerSeries): number {
  return s.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(s.labels.le);
}

/** Whether two ledgers say the same: a mutation that changed nothing is no mutant. */
export function sameLedger(a: MetricLedger, b: MetricLedger): boolean {
  const text = (l: MetricLedger): string =>
    l.series
      .map((s) => `${s.target}|${s.name}|${labelKey(s.labels)}|${s.samples.map((x) => `${x.t}:${x.v}`).join(' ')}`)
      .sort()
      .join('\n');
  return text(a) === text(b);
}
