import {
  bare,
  binary,
  type Call,
  type Expr,
  print,
  transform,
  withMatcher,
  withoutLabel,
} from '../../../../prometheus/promql/index.ts';
import type { QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** Proxies cut durations to whole milliseconds, so what lies less than this above an edge is in the bucket below it. */
const TRUNCATED_MS = 1;

/** histogram_quantile() takes what is in a bucket for spread evenly over it; it can be anywhere in it. */
export const quantileInAWideBucket: Mend = {
  cause: 'quantile-in-a-wide-bucket',
  needs: ['the buckets that the quantile is taken from'],
  ways(tree, context): Way[] {
    const whole = bare(tree);
    if (!isQuantile(whole)) return [];
    const q = bare(whole.args[0]!);
    const value = context.value(whole);
    const buckets = bucketsOf(whole.args[1]!, context);
    if (q.kind !== 'number' || typeof value !== 'number' || buckets === undefined) return [];
    const between = edgesOf(buckets, q.value);
    const { truth } = context.query;
    if (!between || truth < between.low || truth >= between.high + TRUNCATED_MS) return [];
    const high = Number.isFinite(between.high) ? `${between.high} ms` : 'infinity';
    const text = `between ${between.low} ms and ${high}`;
    return [
      {
        tree: null,
        evidence: [
          `${print(whole.args[1]!)}: the ${q.value * 100}% of the requests that are quickest end in the bucket ${text}, and so does the truth, ${rounded(truth)} ms; ${rounded(value)} ms is interpolated`,
        ],
        remedy: [
          `read it as "${text}": nothing in the histogram tells more`,
          ...(Number.isFinite(between.high)
            ? [`ask for the share below an edge instead, which is exact: ${shareBelow(whole.args[1]!, between.label)}`]
            : []),
        ],
      },
    ];
  },
};

function isQuantile(expr: Expr): expr is Call {
  return expr.kind === 'call' && expr.func === 'histogram_quantile' && expr.args.length === 2;
}

interface Bucket {
  le: number;
  /** As the label says it. */
  label: string;
  count: number;
}

/** Of the one histogram that an expression yields, ascending; undefined when there is none, several, or no answer yet. */
function bucketsOf(expr: Expr, context: QueryContext): Bucket[] | undefined {
  const samples = context.vector(print(expr));
  if (!samples || samples.length === 0) return undefined;
  const groups = new Set(samples.map(({ labels: { le: _, ...rest } }) => JSON.stringify(rest)));
  if (groups.size > 1) return undefined;
  return samples
    .map(({ labels: { le = '' }, v }) => ({
      le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      label: le,
      count: v,
    }))
    .filter(({ le }) => !Number.isNaN(le))
    .sort((a, b) => a.le - b.le);
}

/** The edges of the bucket in which a quantile lies. */
function edgesOf(buckets: Bucket[], q: number): { low: number; high: number; label: string } | undefined {
  const all = buckets.at(-1)?.count ?? 0;
  if (!(all > 0) || !(q > 0) || q > 1) return undefined;
  const at = buckets.findIndex(({ count }) => count >= q * all);
  const bucket = buckets[at];
  return bucket && { low: buckets[at - 1]?.le ?? 0, high: bucket.le, label: bucket.label };
}

/** The share of requests up to an edge, by the same buckets. */
function shareBelow(buckets: Expr, edge: string): string {
  const upTo = (le: string) =>
    transform(buckets, (expr) => {
      if (expr.kind === 'selector') return withMatcher(withoutLabel(expr, 'le'), { label: 'le', op: '=', value: le });
      if (expr.kind !== 'aggregation' || !expr.grouping?.by) return expr;
      const labels = expr.grouping.labels.filter((label) => label !== 'le');
      return { ...expr, grouping: labels.length > 0 ? { by: true, labels } : null };
    });
  return print(binary('/', upTo(edge), upTo('+Inf')));
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
