import type { MatrixSeries } from '../../../../prometheus/client.ts';
import {
  type Aggregation,
  bare,
  type Call,
  type Expr,
  print,
  type Selector,
  type Subquery,
  transform,
} from '../../../../prometheus/promql/index.ts';
import { COUNTER_FUNCTIONS } from './calls.ts';
import type { QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** A sum falls when one of its counters begins anew, or is missing; rate() takes that for a reset of the whole sum. */
export const sumBeforeRate: Mend = {
  cause: 'sum-before-rate',
  needs: ['whether a counter in the sum falls or is missing for a while'],
  ways(tree, context): Way[] {
    const found: RateOfSum[] = [];
    const mended = transform(tree, (expr) => {
      const known = rateOfSum(expr);
      if (!known) return expr;
      found.push(known);
      return sumOfRate(known);
    });
    const evidence = found.flatMap((known) => fallsOf(known, context));
    return evidence.length === 0 ? [] : [{ tree: mended, evidence: evidence.slice(0, SHOWN) }];
  },
};

const SHOWN = 6;

/** `rate(sum(x)[5m:])`. */
export interface RateOfSum {
  call: Call;
  subquery: Subquery & { range: { ms: number } };
  sum: Aggregation;
  selector: Selector;
}

/** The expression as a counter's function over a sum; undefined where it is something else. */
export function rateOfSum(expr: Expr): RateOfSum | undefined {
  if (expr.kind !== 'call' || !COUNTER_FUNCTIONS.has(expr.func) || expr.args.length !== 1) return undefined;
  const subquery = bare(expr.args[0]!);
  if (subquery.kind !== 'subquery' || subquery.range.ms === null) return undefined;
  const sum = bare(subquery.expr);
  if (sum.kind !== 'aggregation' || sum.op !== 'sum') return undefined;
  const selector = bare(sum.expr);
  if (selector.kind !== 'selector' || selector.range !== null) return undefined;
  return { call: expr, subquery: subquery as RateOfSum['subquery'], sum, selector };
}

/** The same the right way round: `sum(rate(x[5m]))`. */
export function sumOfRate({ call, subquery, sum, selector }: RateOfSum): Aggregation {
  const time = subquery.time.offset ? { ...selector.time, offset: subquery.time.offset } : selector.time;
  return { ...sum, expr: { ...call, args: [{ ...selector, range: subquery.range, time }] } };
}

/** Where the sum falls: a counter that falls, or that has a hole in which others have none. */
function fallsOf({ selector, subquery, sum }: RateOfSum, context: QueryContext): string[] {
  const series = context.samples(selector, subquery.range.ms) ?? [];
  if (series.length === 0) return [];
  const interval = context.intervalMs(selector) ?? 0;
  const at = (t: number) => new Date(t).toISOString();
  return series.flatMap(({ labels, samples }: MatrixSeries) => {
    const who = labels.pod ?? labels.instance ?? 'a target';
    for (const [i, sample] of samples.entries()) {
      const before = samples[i - 1];
      if (!before) continue;
      if (sample.v < before.v) {
        return [`${print(sum)}: the counter of ${who} falls from ${before.v} to ${sample.v} at ${at(sample.t)}`];
      }
      if (interval > 0 && sample.t - before.t > HOLE * interval) {
        return [`${print(sum)}: ${who} has no sample between ${at(before.t)} and ${at(sample.t)}`];
      }
    }
    const last = samples.at(-1);
    const ends = last && interval > 0 && last.t < context.query.atMs - HOLE * interval;
    return ends ? [`${print(sum)}: the counter of ${who} ends at ${at(last.t)}`] : [];
  });
}

/** Intervals without a sample that are a hole: scrapes come a little early or late. */
const HOLE = 1.8;
