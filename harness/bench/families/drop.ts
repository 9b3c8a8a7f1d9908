import { stringify } from 'yaml';
import type { RelabelConfig } from '../../prometheus/scrape-config.ts';

/** Drops samples by these names: `part` is a regular expression that follows the family's name. */
function dropRule(family: string, part: string): RelabelConfig {
  return { source_labels: ['__name__'], regex: `${family}${part}`, action: 'drop' };
}

/** Rules that drop a family whole; Prometheus anchors their expressions. */
export function dropWhole(family: string, histogram: boolean): RelabelConfig[] {
  return [dropRule(family, histogram ? '_(bucket|count|sum)' : '')];
}

/** Rules that drop a histogram's buckets and leave its count and its sum: rates and means remain, quantiles do not. */
export function dropBuckets(family: string): RelabelConfig[] {
  return [dropRule(family, '_bucket')];
}

/**
 * Rules that drop some buckets of a histogram. Buckets are cumulative, so that those which stay remain right, and quantiles are
 * interpolated over wider ones.
 * @param bounds upper bounds of those that go, never `+Inf`
 */
export function dropBounds(family: string, bounds: readonly number[]): RelabelConfig[] {
  // `le` is `1` as scraped by Prometheus 2, and `1.0` by 3; of fractions the dot is no wildcard.
  const values = bounds.map((bound) => String(bound).replace('.', '\\.')).join('|');
  return [{ source_labels: ['__name__', 'le'], regex: `${family}_bucket;(${values})(\\.0)?`, action: 'drop' }];
}

/** Every other bound or so: of each power of ten (or of two) the first one stays, and the last of all. */
export function sparseBounds(bounds: readonly number[]): number[] {
  const decade = (bound: number) => Math.floor(Math.log10(bound) + 1e-9);
  return bounds.filter((bound, i) => {
    const lead = bound / 10 ** decade(bound);
    const keep = i === bounds.length - 1 || Math.abs(lead - 1) < 1e-9 || Math.abs(lead - 5) < 1e-9;
    return !keep;
  });
}

/** As it is pasted: into a job of prometheus.yml, or, the list alone, into linkerd-viz' value `prometheus.metricRelabelConfigs`. */
export function yamlOf(rules: readonly RelabelConfig[]): string {
  return stringify({ metric_relabel_configs: rules }, { lineWidth: 0 });
}

/** The rules as comments: another way that one may choose. */
export function commented(text: string, rules: readonly RelabelConfig[]): string {
  const list = stringify(rules, { lineWidth: 0 }).trimEnd().split('\n');
  return [`  # ${text}`, ...list.map((line) => `  # ${line}`), ''].join('\n');
}
