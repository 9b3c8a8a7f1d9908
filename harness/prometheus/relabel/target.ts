import type { EvidencePod, ScrapeJob } from '../../evidence/types.ts';
import type { Labels } from '../client.ts';
import { printDuration, readDuration } from './durations.ts';
import { type DroppingRule, relabel } from './engine.ts';
import { discoverPod } from './pod-discovery.ts';

/** What a job makes of something that was discovered. */
export type ExplainedTarget = { discovered: Labels } & (
  | {
      outcome: 'kept';
      /** As they stand on every series; `job` and `instance` among them. */
      labels: Labels;
      /** Those that begin with two underscores, too: __address__, __scheme__, __metrics_path__, ... */
      all: Labels;
      /** Without the job's URL parameters. */
      url: string;
    }
  | { outcome: 'dropped'; by: DroppingRule; labels: Labels; why: string }
  /** Relabelling kept it, but it can't be scraped: it has no address, say. Prometheus lists it nowhere. */
  | { outcome: 'invalid'; why: string }
);

/**
 * A job's targets of a pod: what discovery makes of it, and what becomes of each.
 * @returns null when the job does not look for pods, or not in the pod's namespace
 * @throws SyntaxError, RangeError as `relabel` does
 */
export function explainPod(job: ScrapeJob, pod: EvidencePod): ExplainedTarget[] | null {
  if (!looksInto(job, pod.metadata.namespace ?? '')) return null;
  return discoverPod(pod).map((labels) => explainTarget(job, withJobLabels(job, labels)));
}

/** Whether discovery of pods by this job covers a namespace. */
export function looksInto(job: ScrapeJob, namespace: string): boolean {
  return job.kubernetes.some(
    ({ role, namespaces }) => role === 'pod' && (namespaces === null || namespaces.includes(namespace)),
  );
}

/** What every discovered target has from its job, unless discovery said otherwise. */
export function withJobLabels(job: ScrapeJob, labels: Labels): Labels {
  const ofJob: Labels = {
    job: job.name,
    __scrape_interval__: printDuration(job.intervalMs),
    __scrape_timeout__: printDuration(job.timeoutMs),
    __metrics_path__: job.metricsPath,
    __scheme__: job.scheme,
  };
  return { ...ofJob, ...Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')) };
}

/**
 * What becomes of one discovered target, by the rules of Prometheus' scrape/target.go.
 * @param discovered as /api/v1/targets shows discoveredLabels, or as `withJobLabels` makes them
 * @throws SyntaxError, RangeError as `relabel` does
 */
export function explainTarget(job: ScrapeJob, discovered: Labels): ExplainedTarget {
  const relabelled = relabel(discovered, job.relabel);
  if (!relabelled.kept) {
    return {
      outcome: 'dropped',
      discovered,
      by: relabelled.by,
      labels: relabelled.labels,
      why: whyDropped(relabelled.by),
    };
  }
  const all = Object.fromEntries(Object.entries(relabelled.labels).filter(([name]) => !name.startsWith('__meta_')));
  const invalid = problemOf(all);
  if (invalid !== null) return { outcome: 'invalid', discovered, why: invalid };
  all.instance ??= all.__address__!;
  return {
    outcome: 'kept',
    discovered,
    labels: Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('__'))),
    all,
    url: urlOf(all),
  };
}

function problemOf(labels: Labels): string | null {
  const { __address__: address, __scrape_interval__: interval, __scrape_timeout__: timeout } = labels;
  if (address === undefined) return 'no address';
  if (address.includes('/')) return `"${address}" is not a valid hostname`;
  const intervalMs = readDuration(interval ?? '');
  const timeoutMs = readDuration(timeout ?? '');
  if (!intervalMs) return `"${interval ?? ''}" is no scrape interval`;
  if (!timeoutMs) return `"${timeout ?? ''}" is no scrape timeout`;
  if (timeoutMs > intervalMs) return `scrape timeout ${timeout} is greater than scrape interval ${interval}`;
  return null;
}

function urlOf({ __scheme__: scheme, __address__: address, __metrics_path__: path = '' }: Labels): string {
  const slash = path !== '' && !path.startsWith('/') ? '/' : '';
  return `${scheme ? `${scheme}:` : ''}//${address}${slash}${path}`;
}

/** `relabel rule 2 keeps only __meta_..._port_name matching linkerd-admin, which is "admin"`. Rules are counted from 1. */
export function whyDropped({ index, rule, sources, value, target }: DroppingRule): string {
  const seen = sources.map((source) => `${source.name} = ${JSON.stringify(source.value)}`).join(', ');
  const where = `relabel rule ${index + 1} (${rule.action})`;
  switch (rule.action) {
    case 'keepequal':
    case 'dropequal':
      return `${where}: ${seen} ${rule.action === 'keepequal' ? 'differs from' : 'equals'} ${rule.targetLabel} = ${JSON.stringify(target)}`;
    default: {
      const verb = rule.action === 'keep' ? 'does not match' : 'matches';
      const whole = sources.length > 1 ? `${JSON.stringify(value)} of ${seen}` : seen || '""';
      return `${where}: ${whole} ${verb} ${rule.regex}`;
    }
  }
}
