import type { MatrixSeries, PrometheusClient } from '../prometheus/client.ts';
import { promDuration } from '../prometheus/duration.ts';
import { quote } from '../prometheus/promql.ts';
import { BUILD_INFO, LEDGER_FAMILY_GROUPS, START_TIME, versionOf } from './families.ts';
import { normaliseLe } from './le.ts';
import { TargetIndex } from './target-labels.ts';
import type { LedgerSeries, LedgerTarget, MetricLedger, Scrape } from './types.ts';

export interface LedgerWindow {
  /** Epoch ms, both inclusive. */
  fromMs: number;
  untilMs: number;
  /** How far Prometheus' clock and the truth's may be apart. */
  clockMarginMs: number;
  /** A namespace that is left out: the control plane, whose traffic nobody keeps the truth of. */
  exceptNamespace?: string;
  /** That of the proxies. Default: linkerd-viz' own. */
  job?: string;
}

/**
 * How much later than its time stamp a scrape may have begun: stamps are cut to milliseconds (1 ms), and moved back onto the scrape
 * interval's grid when they are late by 2 ms or 1 % of the interval at most, whichever is less (Prometheus' AlignScrapeTimestamps).
 * A stamp is never later than the scrape's begin, so this widens the end of the window alone.
 */
export const STAMP_SLACK_MS = 3;

/** What linkerd-viz calls the job of the proxies. */
export const PROXY_JOB = 'linkerd-proxy';

/**
 * What Prometheus stored of the proxies in a window: raw samples with their scrapes. A scrape stamped t was rendered in
 * [t - margin, t + STAMP_SLACK_MS + duration + margin], `duration` being its scrape_duration_seconds.
 * A proxy that restarts in its pod keeps its series; `startTime` of the scrapes tells its incarnations.
 * @throws HarnessError PROMETHEUS_UNREACHABLE, PROMETHEUS_ERROR
 */
export async function readPrometheusLedger(client: PrometheusClient, window: LedgerWindow): Promise<MetricLedger> {
  const untilMs = Math.ceil(window.untilMs);
  // Range selectors are open on the left.
  const rangeMs = Math.max(1, untilMs - Math.floor(window.fromMs) + 1);
  const except = window.exceptNamespace ? `,namespace!=${quote(window.exceptNamespace)}` : '';
  const of = `job=${quote(window.job ?? PROXY_JOB)}${except}`;
  const read = (selector: string) => client.rawSamples(selector, rangeMs, untilMs);

  // `up` first: a scrape that is stored while we read is then unknown, rather than known but without samples.
  const up = await read(`up{${of}}`);
  const index = new TargetIndex(up.map((series) => withoutName(series.labels)));
  const durations = byTarget(index, up.length, await read(`scrape_duration_seconds{${of}}`));
  const startTimes = byTarget(index, up.length, await read(`${START_TIME}{${of}}`));
  const versions = versionsByTarget(index, up.length, await read(`${BUILD_INFO}{${of}}`));
  const targets = up.map((series, i) =>
    ledgerTarget(series, durations[i]!, startTimes[i]!, versions[i]!, window.clockMarginMs),
  );

  const known = targets.map((target) => new Set(target.scrapes.map((scrape) => scrape.t)));
  const series: LedgerSeries[] = [];
  for (const group of LEDGER_FAMILY_GROUPS) {
    for (const stored of await read(`{${of},__name__=~"${group}"}`)) {
      const found = index.resolve(stored.labels);
      if (!found) continue;
      const samples = stored.samples.filter((sample) => known[found.target]!.has(sample.t));
      if (samples.length === 0) continue;
      series.push({ name: stored.labels.__name__!, labels: withLe(found.labels), target: found.target, samples });
    }
  }
  return { source: 'prometheus', targets, series };
}

/**
 * When the last scrape of each proxy was made whose samples can be queried, up or down, by `namespace/pod`; epoch ms. The targets page
 * (`lastScrape`) names a scrape a moment before that, so whoever waits for one more scrape must ask here.
 */
export async function lastStoredScrapes(
  client: PrometheusClient,
  atMs: number,
  job: string = PROXY_JOB,
): Promise<Map<string, number>> {
  const stamps = await client.query(`timestamp(up{job=${quote(job)}})`, atMs);
  // A value, which the client does not know for a time.
  const ours = (seconds: number) => Math.round(seconds * 1000) - client.aheadMs;
  return new Map(stamps.map(({ labels, v }) => [`${labels.namespace}/${labels.pod}`, ours(v)]));
}

/**
 * The job under which Prometheus has lately scraped these proxies: linkerd-viz' own where it knows any of them, else the one
 * that knows most; null when none does.
 * @param instances `host:port` of their admin servers
 */
export async function findProxyJob(
  client: PrometheusClient,
  instances: Iterable<string>,
  window: { rangeMs: number; untilMs: number },
): Promise<string | null> {
  const wanted = new Set(instances);
  const expr = `count by (job, instance) (count_over_time(up[${promDuration(Math.ceil(window.rangeMs))}]))`;
  const known = (await client.query(expr, window.untilMs)).filter(({ labels }) => wanted.has(labels.instance ?? ''));
  const counts = new Map<string, number>();
  for (const { labels } of known) counts.set(labels.job ?? '', (counts.get(labels.job ?? '') ?? 0) + 1);
  if (counts.has(PROXY_JOB)) return PROXY_JOB;
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0] ?? null;
}

function ledgerTarget(
  up: MatrixSeries,
  durations: Map<number, number>,
  startTimes: Map<number, number>,
  versions: Map<number, string>,
  marginMs: number,
): LedgerTarget {
  const { job = '', namespace = '', pod = '', instance = '' } = up.labels;
  const scrapes = up.samples.map(({ t, v }): Scrape => {
    const ok = v === 1;
    const durationMs = (durations.get(t) ?? 0) * 1000;
    const version = ok ? versions.get(t) : undefined;
    return {
      t,
      fromMs: t - marginMs,
      untilMs: t + STAMP_SLACK_MS + durationMs + marginMs,
      ok,
      startTime: ok ? (startTimes.get(t) ?? null) : null,
      ...(version !== undefined && { version }),
    };
  });
  return { job, namespace, pod, instance, scrapes };
}

/** Values by time, for each target. */
function byTarget(index: TargetIndex, count: number, all: MatrixSeries[]): Map<number, number>[] {
  const values = Array.from({ length: count }, () => new Map<number, number>());
  for (const { labels, samples } of all) {
    const found = index.resolve(labels);
    if (found) for (const { t, v } of samples) values[found.target]!.set(t, v);
  }
  return values;
}

/** Versions of the proxies by time, for each target. */
function versionsByTarget(index: TargetIndex, count: number, all: MatrixSeries[]): Map<number, string>[] {
  const versions = Array.from({ length: count }, () => new Map<number, string>());
  for (const { labels, samples } of all) {
    const found = index.resolve(labels);
    const version = found && versionOf(found.labels);
    if (version !== undefined) for (const { t } of samples) versions[found!.target]!.set(t, version);
  }
  return versions;
}

function withoutName({ __name__: _name, ...labels }: Record<string, string>): Record<string, string> {
  return labels;
}

function withLe(labels: Record<string, string>): Record<string, string> {
  return labels.le === undefined ? labels : { ...labels, le: normaliseLe(labels.le) };
}
