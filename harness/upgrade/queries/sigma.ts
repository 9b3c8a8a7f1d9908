import {
  type Binary,
  bare,
  type Call,
  type Expr,
  nameOf,
  type Selector,
  selectorsOf,
} from '../../prometheus/promql/index.ts';
import type { QueryAnswer } from '../types.ts';
import { BYTES_PER_EVENT, countsBytes, natureOf } from './nature.ts';
import { isFilter, isScalar } from './parts.ts';
import { type Buckets, quantileOf, reachOfQuantile, sigmaOfQuantile } from './quantile.ts';

export type Series = QueryAnswer['series'];
export type Labels = Record<string, string>;

export interface SigmaContext {
  scrapeIntervalMs: number;
  recorded: ReadonlyMap<string, Expr>;
  /** What a part of the expression comes to. */
  valueOf(part: Expr): Promise<Series>;
}

/** Standard deviation of a value that the expression has for a label set. */
export type Sigma = (labels: Labels, value: number) => number;

const NONE: Sigma = () => 0;
const MAX_DEPTH = 20;

/**
 * Standard deviations of values by the number of events behind each. Traffic is random (which endpoint a request goes to, which
 * one fails, which one falls just before a scrape): a number N of events of a world may as well have been off by sqrt(N).
 *
 * - A counter, or `increase`: sqrt(v). `rate` over a window w of v per second: N = v * w, so sqrt(v / w). The window is the
 *   range, also where there were samples for a part of it only: Prometheus divides by all of it; of `irate` it is the scrape
 *   interval. Sums of such: the same, of the sum. Of bytes 1024 are taken for one event.
 * - A quotient a/b between 0 and 1: a share of N events, N being those of b: sqrt(p * (1 - p) / N), with two events of each kind
 *   added (Agresti and Coull), so that a share of all or of nothing is not taken for certain.
 * - Other quotients and products: relative deviations add up in squares; sums and differences: deviations do.
 * - A quantile has none of its own (see `reaches`); but where no more than 16 events are behind it, it may as well not have been
 *   there, and half of it is given.
 * - Everything else (how many series there are, what is up): none.
 */
export async function sigmas(expr: Expr, series: Series, context: SigmaContext): Promise<number[]> {
  const sigma = await sigmaOf(expr, context, 0);
  return series.map(({ labels, value }) => {
    const s = Number.isFinite(value) ? sigma(labels, value) : 0;
    return Number.isFinite(s) && s > 0 ? s : 0;
  });
}

async function sigmaOf(expr: Expr, context: SigmaContext, depth: number): Promise<Sigma> {
  const e = bare(expr);
  if (depth > MAX_DEPTH || isScalar(e)) return NONE;
  const of = (inner: Expr) => sigmaOf(inner, context, depth + 1);
  switch (e.kind) {
    case 'selector': {
      const rule = context.recorded.get(nameOf(e));
      if (rule) return of(rule);
      return countsEvents(e) ? counted(1, unitOf(e)) : NONE;
    }
    case 'subquery':
      return of(e.expr);
    case 'unary': {
      const inner = await of(e.expr);
      return (labels, v) => inner(labels, -v);
    }
    case 'aggregation':
      return ['count', 'group', 'count_values'].includes(e.op) ? NONE : of(e.expr);
    case 'call':
      return sigmaOfCall(e, context, depth);
    case 'binary':
      return sigmaOfBinary(e, context, of);
    default:
      return NONE;
  }
}

/** Events of a value: v * windowSeconds / unit. */
function counted(windowSeconds: number, unit: number): Sigma {
  return (_, v) => Math.sqrt((Math.abs(v) * unit) / windowSeconds);
}

function unitOf(expr: Expr): number {
  return selectorsOf(expr).some((selector) => countsBytes(nameOf(selector))) ? BYTES_PER_EVENT : 1;
}

async function sigmaOfCall(call: Call, context: SigmaContext, depth: number): Promise<Sigma> {
  const { func, args } = call;
  const [first] = args;
  if (func === 'histogram_quantile' && args[1]) {
    const buckets = await bucketsOf(args[1], context, depth);
    return buckets ? sigmaOfQuantile(buckets) : NONE;
  }
  if (!first || /^(?:histogram_|absent|present_|count_over)/.test(func)) return NONE;
  if (/^(?:rate|irate|increase|delta|idelta|deriv)$/.test(func)) {
    if (!selectorsOf(first).every((selector) => countsEvents(selector))) return NONE;
    return counted(/^(?:increase|delta|idelta)$/.test(func) ? 1 : windowSeconds(call, context), unitOf(first));
  }
  if (func === 'changes' || func === 'resets') return counted(1, 1);
  const vector = args.find((arg) => !isScalar(arg) && arg.kind !== 'string');
  return vector ? sigmaOf(vector, context, depth + 1) : NONE;
}

async function bucketsOf(buckets: Expr, context: SigmaContext, depth: number): Promise<Buckets | null> {
  const sigma = await sigmaOf(buckets, context, depth + 1);
  return sigma === NONE ? null : { sigma, series: await context.valueOf(buckets) };
}

/** How far off quantiles may be by the number of their events; 0 for what is none. See reachOfQuantile. */
export async function reaches(expr: Expr, series: Series, context: SigmaContext): Promise<number[]> {
  const call = quantileOf(expr, context.recorded);
  const q = call && literal(call.args[0]!);
  const buckets = call && q !== null ? await bucketsOf(call.args[1]!, context, 0) : null;
  return series.map(({ labels, value }) => (buckets ? reachOfQuantile(q!, labels, value, buckets) : 0));
}

/** Counters of events, buckets of histograms among them. */
function countsEvents(selector: Selector): boolean {
  return natureOf(selector) === 'counted' || /_(?:bucket|count)$/.test(nameOf(selector));
}

/** What a rate has been divided by: its range, however little of it there were samples for. */
function windowSeconds({ func, args }: Call, { scrapeIntervalMs }: SigmaContext): number {
  if (func === 'irate') return scrapeIntervalMs / 1000;
  const range = args.map((arg) => bare(arg)).find((arg) => arg.kind === 'selector' || arg.kind === 'subquery')?.range;
  return (range?.ms ?? scrapeIntervalMs) / 1000;
}

async function sigmaOfBinary(e: Binary, context: SigmaContext, of: (e: Expr) => Promise<Sigma>): Promise<Sigma> {
  const { op, left, right } = e;
  if (isFilter(e)) return of(isScalar(left) ? right : left);
  if (op === 'and' || op === 'unless') return of(left);
  if (op === 'or') {
    const [l, r] = await Promise.all([of(left), of(right)]);
    return (labels, v) => Math.max(l(labels, v), r(labels, v));
  }
  if (isScalar(right) || isScalar(left)) return ofScaled(e, await of(isScalar(right) ? left : right));
  if (!['+', '-', '*', '/'].includes(op)) return NONE;
  const [l, r] = await Promise.all([of(left), of(right)]);
  if (l === NONE && r === NONE) return NONE;
  const [lefts, rights] = await Promise.all([context.valueOf(left), context.valueOf(right)]);
  const [findLeft, findRight] = [finder(lefts), finder(rights)];
  return (labels, v) => {
    const a = findLeft(labels);
    const b = findRight(labels);
    const sa = l(labels, a);
    const sb = r(labels, b);
    if (op === '+' || op === '-') return Math.hypot(sa, sb);
    // Of b events the value is a share; their number is (b / sb)^2 as sb is sqrt(N) in its unit.
    if (op === '/' && v >= 0 && v <= 1 && sb > 0) {
      const n = (b / sb) ** 2;
      const p = (v * n + 2) / (n + 4);
      return Math.sqrt((p * (1 - p)) / (n + 4));
    }
    return Math.abs(v) * Math.hypot(a === 0 ? 0 : sa / a, b === 0 ? 0 : sb / b);
  };
}

/** `x * 100`, `1 - x`, `x / 60`: what is known of x, through the constant. One that is no literal is passed over. */
function ofScaled({ op, left, right }: Binary, inner: Sigma): Sigma {
  const [constant, first] = isScalar(right) ? [literal(right), false] : [literal(left), true];
  if (constant === null || inner === NONE) return inner;
  const c = constant;
  if (op === '*' && c !== 0) return (labels, v) => Math.abs(c) * inner(labels, v / c);
  if (op === '+') return (labels, v) => inner(labels, v - c);
  if (op === '-') return (labels, v) => inner(labels, first ? c - v : v + c);
  if (op === '/' && !first) return (labels, v) => inner(labels, v * c) / Math.abs(c);
  if (op === '/') return (labels, v) => (v === 0 ? 0 : (v * v * inner(labels, c / v)) / Math.abs(c));
  return NONE;
}

function literal(expr: Expr): number | null {
  const e = bare(expr);
  if (e.kind === 'number') return e.value;
  if (e.kind !== 'unary') return null;
  const value = literal(e.expr);
  return value === null ? null : e.op === '-' ? -value : value;
}

/** The value of the series that agrees with a label set on the labels that both have; of several the smallest. */
function finder(series: Series): (labels: Labels) => number {
  return (labels) => {
    const agreeing = series.filter((one) =>
      Object.entries(one.labels).every(([name, value]) => labels[name] === undefined || labels[name] === value),
    );
    return agreeing.length === 0 ? 0 : Math.min(...agreeing.map(({ value }) => Math.abs(value)));
  };
}
