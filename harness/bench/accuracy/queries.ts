import { promDuration } from '../../prometheus/duration.ts';
import { labelSet } from '../../prometheus/promql.ts';
import type { AccuracyPoint } from '../../result/bench/types.ts';
import type { Truth } from './truth.ts';

type Metric = AccuracyPoint['metric'];

const MINUTE = 60_000;
/** Grafana's `$__rate_interval`. */
const INTERVALS_PER_WINDOW = 4;

/** One, two and five minutes, and four scrape intervals. */
export function windowsOf(intervalMs: number): number[] {
  const windows = [MINUTE, 2 * MINUTE, 5 * MINUTE, INTERVALS_PER_WINDOW * intervalMs];
  return [...new Set(windows)].sort((a, b) => a - b);
}

export interface AccuracyQuery {
  metric: Metric;
  expr: string;
  truth(truth: Truth): number;
  /** Errors are absolute, not relative to the truth. */
  absolute: boolean;
}

/** What people ask of a deployment's inbound traffic. @param labels that select it */
export function accuracyQueries(labels: Record<string, string>, windowMs: number): AccuracyQuery[] {
  const window = promDuration(windowMs);
  const responses = (more: Record<string, string> = {}) =>
    `sum(rate(response_total${labelSet({ ...labels, direction: 'inbound', ...more })}[${window}]))`;
  const buckets = `response_latency_ms_bucket${labelSet({ ...labels, direction: 'inbound' })}`;
  return [
    { metric: 'rate', expr: responses(), truth: ({ rate }) => rate, absolute: false },
    {
      metric: 'success-rate',
      expr: `${responses({ classification: 'success' })} / ${responses()}`,
      truth: ({ successRate }) => successRate,
      absolute: true,
    },
    {
      metric: 'p99',
      expr: `histogram_quantile(0.99, sum(rate(${buckets}[${window}])) by (le))`,
      truth: ({ p99 }) => p99,
      absolute: false,
    },
  ];
}
