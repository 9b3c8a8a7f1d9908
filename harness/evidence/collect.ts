import { epochMs } from '../core/clock.ts';
import { eachOf } from '../core/each-of.ts';
import { describe } from '../core/errors.ts';
import type { EvidenceSource, PageTarget } from '../environment/contract.ts';
import type { PrometheusClient } from '../prometheus/client.ts';
import { controlPlaneNamespaceOf, readCluster } from './cluster.ts';
import { readPrometheus } from './prometheus.ts';
import { adminOf } from './proxies.ts';
import { Reading, within } from './reading.ts';
import type { Evidence, EvidencePod, PageEvidence } from './types.ts';

export interface CollectOptions {
  /** How far back stored samples are read. Default 10 min. */
  storedRangeMs?: number;
  /** Of each page. Default 2.5 s. */
  pageDeadlineMs?: number;
  /** Of everything else that is read. Default 5 s, which only a server that hangs takes. */
  deadlineMs?: number;
  /** How many pages are read at a time. Default 50. */
  pagesAtOnce?: number;
  /** That of Prometheus' own pod, if it is in one: what `own_namespace` in its configuration means. */
  ownNamespace?: string;
}

const STORED_RANGE_MS = 600_000;
const PAGE_DEADLINE_MS = 2500;
const DEADLINE_MS = 5000;
const PAGES_AT_ONCE = 50;

/**
 * Reads everything that diagnosis begins with, side by side. Never rejects: what can't be read stands in `unread`. Where
 * Prometheus' clock is off by more than a tenth of a second, stored samples have times of ours all the same.
 */
export async function collectEvidence(
  source: EvidenceSource,
  client: PrometheusClient,
  options: CollectOptions = {},
): Promise<Evidence> {
  const storedRangeMs = options.storedRangeMs ?? STORED_RANGE_MS;
  const atMs = epochMs();
  const reading = new Reading(options.deadlineMs ?? DEADLINE_MS);
  const cluster = readCluster(source, reading);
  const [prometheus, pods, rest, pages] = await Promise.all([
    readPrometheus(client, source, {
      reading,
      storedRangeMs,
      ...(options.ownNamespace !== undefined && { ownNamespace: options.ownNamespace }),
    }),
    cluster.pods,
    cluster.rest,
    cluster.pods.then((known) => readPages(source, known ?? [], options)),
  ]);
  return {
    atMs,
    controlPlaneNamespace: controlPlaneNamespaceOf(pods ?? []),
    prometheus: prometheus.evidence,
    cluster: { pods, ...rest },
    pages,
    stored: prometheus.stored,
    storedRangeMs,
    unread: reading.unread,
  };
}

function readPages(source: EvidenceSource, pods: EvidencePod[], options: CollectOptions): Promise<PageEvidence[]> {
  const deadlineMs = options.pageDeadlineMs ?? PAGE_DEADLINE_MS;
  const targets = pods.flatMap((pod): PageTarget[] => {
    const admin = adminOf(pod);
    const { name, namespace = '' } = pod.metadata;
    return admin ? [{ namespace, pod: name, ...admin, scheme: 'http', deadlineMs }] : [];
  });
  return eachOf(targets, options.pagesAtOnce ?? PAGES_AT_ONCE, (target) => readPage(source, target));
}

/** Beyond the deadline that the source keeps: it keeps none, when it fails to. */
const GRACE_MS = 500;

/** One page, whatever becomes of it. */
export async function readPage(source: Pick<EvidenceSource, 'fetchPage'>, target: PageTarget): Promise<PageEvidence> {
  const { namespace, pod, ip, port, scheme, deadlineMs } = target;
  const begun = performance.now();
  try {
    return await within(source.fetchPage(target), deadlineMs + GRACE_MS);
  } catch (error) {
    return {
      namespace,
      pod,
      url: `${scheme}://${ip.includes(':') ? `[${ip}]` : ip}:${port}/metrics`,
      outcome: 'failed',
      connected: false,
      status: null,
      error: describe(error),
      durationMs: performance.now() - begun,
      bytes: 0,
      page: null,
      duplicates: [],
    };
  }
}
