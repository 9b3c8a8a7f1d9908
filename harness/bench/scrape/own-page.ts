import { type ParsedSample, parsePage } from '../../core/page-parser.ts';

/** What Prometheus refuses, by the name in the record. Each is a counter of its own page (3.x; scrape/metrics.go, tsdb/head.go). */
const REJECTIONS: Record<string, string> = {
  duplicate_timestamp: 'prometheus_target_scrapes_sample_duplicate_timestamp_total',
  out_of_bounds: 'prometheus_target_scrapes_sample_out_of_bounds_total',
  out_of_order: 'prometheus_target_scrapes_sample_out_of_order_total',
  exemplar_out_of_order: 'prometheus_target_scrapes_exemplar_out_of_order_total',
  exceeded_sample_limit: 'prometheus_target_scrapes_exceeded_sample_limit_total',
  exceeded_body_size_limit: 'prometheus_target_scrapes_exceeded_body_size_limit_total',
  exceeded_native_histogram_bucket_limit: 'prometheus_target_scrapes_exceeded_native_histogram_bucket_limit_total',
  exceeded_label_limits: 'prometheus_target_scrape_pool_exceeded_label_limits_total',
  exceeded_target_limit: 'prometheus_target_scrape_pool_exceeded_target_limit_total',
  // The same samples once more, as the database saw them; of rules and of itself, too.
  tsdb_out_of_bound: 'prometheus_tsdb_out_of_bound_samples_total',
  tsdb_out_of_order: 'prometheus_tsdb_out_of_order_samples_total',
  tsdb_too_old: 'prometheus_tsdb_too_old_samples_total',
};

/** What is read of Prometheus' own page. */
export interface OwnPage {
  /** By the name in the record; those that this Prometheus counts. */
  rejected: Record<string, number>;
  headSeries: number;
  cpuSeconds: number;
  residentBytes: number;
}

/** @throws HarnessError BAD_PAGE */
export function readOwnPage(text: string): OwnPage {
  const sums = new Map<string, number>();
  for (const { name, value } of parsePage(text).samples as ParsedSample[])
    sums.set(name, (sums.get(name) ?? 0) + value);
  return {
    rejected: Object.fromEntries(
      Object.entries(REJECTIONS).flatMap(([reason, name]) => (sums.has(name) ? [[reason, sums.get(name)!]] : [])),
    ),
    headSeries: sums.get('prometheus_tsdb_head_series') ?? 0,
    cpuSeconds: sums.get('process_cpu_seconds_total') ?? 0,
    residentBytes: sums.get('process_resident_memory_bytes') ?? 0,
  };
}

/** What was refused between two readings. */
export function rejectedBetween(before: OwnPage, after: OwnPage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(after.rejected).map(([reason, count]) => [reason, count - (before.rejected[reason] ?? 0)]),
  );
}
