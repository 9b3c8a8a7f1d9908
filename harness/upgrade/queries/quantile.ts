import { bare, type Call, type Expr, nameOf } from '../../prometheus/promql/index.ts';
import { isFilter, isScalar } from './parts.ts';
import type { Labels, Series, Sigma } from './sigma.ts';

/** So few events that 4 standard deviations of their number reach down to none. */
const FEW = 16;
/** As DEVIATIONS of values-differ.ts. */
const DEVIATIONS = 4;
const MAX_DEPTH = 20;

/** What is known of the buckets behind a quantile. */
export interface Buckets {
  series: Series;
  sigma: Sigma;
}

/** A quantile of no more than 16 events may as well not have been there: half of it is given. */
export function sigmaOfQuantile({ series, sigma }: Buckets): Sigma {
  return (labels, v) => (eventsOf(labels, { series, sigma }) <= FEW ? Math.abs(v) / 2 : 0);
}

/** The events of a label set: of its last bucket. */
function eventsOf(labels: Labels, { series, sigma }: Buckets): number {
  const all = ownBuckets(labels, series).find((one) => one.labels.le === '+Inf');
  const deviation = all ? sigma(all.labels, all.value) : 0;
  return all && deviation > 0 ? (all.value / deviation) ** 2 : Number.POSITIVE_INFINITY;
}

/** Those whose labels, `le` aside, the quantile has, too. */
function ownBuckets(labels: Labels, series: Series): Series {
  return series.filter((one) =>
    Object.entries(one.labels).every(([name, value]) => name === 'le' || name === '__name__' || labels[name] === value),
  );
}

/** The `histogram_quantile` that an expression comes to; null where it is none, or is computed with. */
export function quantileOf(expr: Expr, recorded: ReadonlyMap<string, Expr>, depth = 0): Call | null {
  const e = bare(expr);
  if (depth > MAX_DEPTH) return null;
  if (e.kind === 'call') return e.func === 'histogram_quantile' && e.args.length === 2 ? e : null;
  if (e.kind === 'selector') {
    const rule = recorded.get(nameOf(e));
    return rule ? quantileOf(rule, recorded, depth + 1) : null;
  }
  return isFilter(e) && isScalar(e.right) ? quantileOf(e.left, recorded, depth + 1) : null;
}

/**
 * How far off a quantile of n events may be: it is the value of one of them, and which one is known no better than
 * sqrt(n * q * (1 - q)) of them. So it lies between the edges of the buckets in which the quantiles that far below and above are.
 * @returns the distance to the farther edge
 */
export function reachOfQuantile(q: number, labels: Labels, value: number, buckets: Buckets): number {
  const n = eventsOf(labels, buckets);
  const own = ownBuckets(labels, buckets.series)
    .map((one) => ({
      le: one.labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(one.labels.le),
      upTo: one.value,
    }))
    .sort((a, b) => a.le - b.le);
  const total = own.at(-1)?.upTo ?? 0;
  if (!(total > 0) || !Number.isFinite(n) || !Number.isFinite(value)) return 0;
  // An event more or less, also where q is 0 or 1.
  const by = DEVIATIONS * Math.sqrt((q * (1 - q)) / n) + 1 / n;
  const at = (share: number) =>
    Math.max(
      0,
      own.findIndex(({ upTo }) => upTo >= share * total * (1 - 1e-9)),
    );
  const low = own[at(Math.max(q - by, 0)) - 1]?.le ?? 0;
  const high = own[at(Math.min(q + by, 1))]!.le;
  const highest = own.filter(({ le }) => Number.isFinite(le)).at(-1)?.le ?? value;
  return Math.max(value - low, (Number.isFinite(high) ? high : highest) - value, 0);
}
