import { epochMs } from '../core/clock.ts';
import { describe } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { ProxyPage, RunningEnvironment, UnreadPage } from '../environment/contract.ts';
import { findProxyJob, lastStoredScrapes, readPrometheusLedger } from '../ledger/prometheus.ts';
import { readProxyLedger } from '../ledger/proxy.ts';
import { parseJournals } from '../ledger/truth.ts';
import type { MetricLedger, TruthJournal } from '../ledger/types.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { correctionMs, measureClock } from '../prometheus/clock.ts';
import { countsAtRest } from './at-rest.ts';

export interface Observation {
  truth: TruthJournal[];
  proxy: MetricLedger;
  prometheus: MetricLedger;
  /** What the proxy ledger was read from. */
  pages: ProxyPage[];
  /** Proxies whose pages could not be had, or are none; the ledger lacks them. */
  unread: UnreadPage[];
  /** After this nothing moves any more. */
  quietFromMs: number;
  clockMarginMs: number;
  clockReason: string;
}

export interface ObserveOptions {
  /** Ledger of the load generator. */
  loadJournal: string;
  originMs: number;
  scrapeIntervalMs: number;
  signal: AbortSignal;
  /** Told what begins: settle, last scrape, ledgers. */
  phase?: (name: string) => void;
}

/** Reads the three ledgers, once traffic has ended and everything that was in flight has come to its end. */
export async function observe(env: RunningEnvironment, options: ObserveOptions): Promise<Observation> {
  options.phase?.('settle');
  const truth = await settledTruth(env, options);
  await settledProxies(env, options);
  const clock = await env.clockMarginMs();
  const quietFromMs = epochMs();
  const { pages, unread } = await env.readProxyPages();
  const proxy = readProxyLedger(pages, ({ namespace, pod, instance }, error) =>
    unread.push({ namespace, pod, instance, error: describe(error) }),
  );
  const stamps = await prometheusClock(env.prometheusUrl, clock);
  const { client } = stamps;
  options.phase?.('last scrape');
  const job = await proxyJob(client, env, options);
  await oneMoreScrape(client, quietFromMs + stamps.readMarginMs, job, options);
  options.phase?.('ledgers');
  const prometheus = await readPrometheusLedger(client, {
    fromMs: options.originMs - BEFORE_ORIGIN_MS,
    untilMs: epochMs(),
    clockMarginMs: stamps.readMarginMs,
    exceptNamespace: env.topology.controlPlaneNamespace,
    ...(job !== null && { job }),
  });
  return {
    truth,
    proxy,
    prometheus,
    pages,
    unread,
    quietFromMs,
    clockMarginMs: stamps.marginMs,
    clockReason: stamps.reason,
  };
}

/** How long before the origin the first scrapes may have been. */
const BEFORE_ORIGIN_MS = 60_000;

interface StampClock {
  /** Asks and answers by our clock. */
  client: PrometheusClient;
  /** Of the stamps as they are read, and of the clocks as they are. */
  readMarginMs: number;
  marginMs: number;
  reason: string;
}

/** A clock that goes with ours stays as it is; the stamps of one that does not are moved by as much as it is off. */
async function prometheusClock(url: string, others: { marginMs: number; reason: string }): Promise<StampClock> {
  const client = new PrometheusClient(url);
  const offset = await measureClock(client);
  const aheadMs = correctionMs(offset);
  if (aheadMs === 0) return { client, readMarginMs: others.marginMs, ...others };
  const readMarginMs = others.marginMs + offset.uncertaintyMs + ROUNDED_MS;
  return {
    client: client.corrected(aheadMs),
    readMarginMs,
    marginMs: Math.max(readMarginMs, Math.abs(aheadMs)),
    reason: `Prometheus' clock is ${Math.abs(aheadMs)} ms ${aheadMs > 0 ? 'ahead' : 'behind'}; ${others.reason}`,
  };
}

/** The offset is taken in whole milliseconds. */
const ROUNDED_MS = 1;

/** null: it has scraped none of these proxies. */
async function proxyJob(
  client: PrometheusClient,
  env: RunningEnvironment,
  options: ObserveOptions,
): Promise<string | null> {
  const instances = env.topology.pods.map(({ instance }) => instance);
  const untilMs = epochMs();
  return findProxyJob(client, instances, { rangeMs: untilMs - options.originMs + BEFORE_ORIGIN_MS, untilMs });
}

/** The truth, when no request is in flight in a living incarnation any more. */
async function settledTruth(env: RunningEnvironment, options: ObserveOptions): Promise<TruthJournal[]> {
  return waitFor(
    async (seen) => {
      const truth = parseJournals([...(await env.readJournals()), options.loadJournal]);
      // What a pod that is gone has left open stays so.
      const gone = new Set(env.rollout?.().flatMap(({ what, pod }) => (what === 'pod-gone' ? [pod] : [])));
      const open = latestIncarnations(truth)
        .filter(({ pod }) => !gone.has(pod))
        .reduce((sum, journal) => sum + inFlight(journal), 0);
      seen(`${open} requests and connections still in flight`);
      return open === 0 ? truth : undefined;
    },
    {
      what: 'every request has come to its end',
      deadlineMs: 20_000,
      hint: 'a service still works on a request whose caller has no timeout; give its calls one',
      signal: options.signal,
      check: () => env.check(),
    },
  );
}

/**
 * Waits until the proxies have counted what the journals say has ended: a callee stamps before its last write, so a proxy
 * may be a moment behind. Two readings in a row must show the same.
 */
async function settledProxies(env: RunningEnvironment, options: ObserveOptions): Promise<void> {
  let before: string | null = null;
  await waitFor(
    async () => {
      const { pages } = await env.readProxyPages();
      const now = countsAtRest(readProxyLedger(pages, () => {}));
      const same = now === before;
      before = now;
      return same || undefined;
    },
    {
      what: "the proxies' counters have come to rest",
      deadlineMs: 10_000,
      everyMs: LOOK_AT_PAGES_EVERY_MS,
      hint: 'something else than this run sends meshed traffic',
      signal: options.signal,
      check: () => env.check(),
    },
  );
}

const LOOK_AT_PAGES_EVERY_MS = 50;

function latestIncarnations(truth: TruthJournal[]): TruthJournal[] {
  const latest = new Map<string, TruthJournal>();
  for (const journal of truth) {
    const pod = `${journal.workload}/${journal.pod}`;
    const known = latest.get(pod);
    if (!known || known.startMs < journal.startMs) latest.set(pod, journal);
  }
  return [...latest.values()];
}

/** Probes come and go for ever; only requests of named callers count. What a journal that was closed leaves open stays so. */
function inFlight(journal: TruthJournal): number {
  if (journal.endMs !== null) return 0;
  return (
    journal.served.filter((r) => r.outcome === 'open' && r.caller !== '-').length +
    journal.made.filter((r) => r.outcome === 'open').length +
    [...journal.accepted, ...journal.connected].filter((connection) => connection.outcome === 'open').length
  );
}

/**
 * Waits until a scrape of each active target that began after `afterMs` can be queried (`up` is committed with the
 * samples); a target that is down is left to the verdict.
 */
async function oneMoreScrape(
  client: PrometheusClient,
  afterMs: number,
  job: string | null,
  options: ObserveOptions,
): Promise<void> {
  // Nobody is scraped: nothing will come, and the verdict says so.
  if (job === null) return;
  const deadlineMs = 2 * options.scrapeIntervalMs + 5000;
  const from = epochMs();
  await waitFor(
    async (seen) => {
      const latest = await lastStoredScrapes(client, epochMs(), job);
      const late = [...latest].filter(([, t]) => t < afterMs).map(([pod]) => pod);
      seen(late);
      // What does not come is reported as missing data, target by target, not as a failure of the wait.
      return (latest.size > 0 && late.length === 0) || epochMs() - from > deadlineMs - 1000 ? true : undefined;
    },
    {
      what: 'one more scrape of each target',
      deadlineMs,
      hint: 'Prometheus does not answer; see its log',
      signal: options.signal,
    },
  );
}
