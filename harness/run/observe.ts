import { epochMs } from '../core/clock.ts';
import { waitFor } from '../core/wait.ts';
import type { ProxyPage, RunningEnvironment } from '../environment/contract.ts';
import { lastStoredScrapes, readPrometheusLedger } from '../ledger/prometheus.ts';
import { readProxyLedger } from '../ledger/proxy.ts';
import { parseJournals } from '../ledger/truth.ts';
import type { MetricLedger, TruthJournal } from '../ledger/types.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { countsAtRest } from './at-rest.ts';

export interface Observation {
  truth: TruthJournal[];
  proxy: MetricLedger;
  prometheus: MetricLedger;
  /** What the proxy ledger was read from. */
  pages: ProxyPage[];
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
  const pages = await env.readProxyPages();
  const client = new PrometheusClient(env.prometheusUrl);
  options.phase?.('last scrape');
  await oneMoreScrape(client, quietFromMs + clock.marginMs, options);
  options.phase?.('ledgers');
  const prometheus = await readPrometheusLedger(client, {
    fromMs: options.originMs - 60_000,
    untilMs: epochMs(),
    clockMarginMs: clock.marginMs,
    exceptNamespace: env.topology.controlPlaneNamespace,
  });
  return {
    truth,
    proxy: readProxyLedger(pages),
    prometheus,
    pages,
    quietFromMs,
    clockMarginMs: clock.marginMs,
    clockReason: clock.reason,
  };
}

/** The truth, when no request is in flight in a living incarnation any more. */
async function settledTruth(env: RunningEnvironment, options: ObserveOptions): Promise<TruthJournal[]> {
  return waitFor(
    async (seen) => {
      const truth = parseJournals([...(await env.readJournals()), options.loadJournal]);
      const open = latestIncarnations(truth).reduce((sum, journal) => sum + inFlight(journal), 0);
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
      const now = countsAtRest(readProxyLedger(await env.readProxyPages()));
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

/** Probes come and go for ever; only requests of named callers count. */
function inFlight(journal: TruthJournal): number {
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
async function oneMoreScrape(client: PrometheusClient, afterMs: number, options: ObserveOptions): Promise<void> {
  const deadlineMs = 2 * options.scrapeIntervalMs + 5000;
  const from = epochMs();
  await waitFor(
    async (seen) => {
      const latest = await lastStoredScrapes(client, epochMs());
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
