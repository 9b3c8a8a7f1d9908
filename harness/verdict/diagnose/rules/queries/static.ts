import type { CauseId } from '../../../../causes/ids.ts';
import { familyHistory, hasIt, spanText } from '../../../../changes/index.ts';
import type { Evidence } from '../../../../evidence/types.ts';
import {
  bare,
  type Expr,
  nameOf,
  PromqlError,
  parse,
  print,
  type Selector,
  selectorsOf,
  tryParse,
  walk,
  withMatcher,
  withoutLabel,
} from '../../../../prometheus/promql/index.ts';
import type { Ask } from '../../types.ts';
import { COUNTER_FUNCTIONS, NEED_TWO_SAMPLES, rangeCall } from './calls.ts';
import { asInstant, intervalOf } from './context.ts';
import { OUTCOME } from './failure-series-missing.ts';
import { goneLabel, proxyVersions } from './label-of-another-version.ts';
import { rateOfSum, sumOfRate } from './sum-before-rate.ts';

/** What an expression can be held against without knowing what it is meant to say. */
export interface StaticFacts {
  /** How often what has this `job` label is scraped, ms; undefined: not known. */
  intervalMs(job: string): number | undefined;
  /** Values of a label among the series that a selector selects now (`''`: those without it); undefined: not known. */
  valuesOf(label: string, selector: Selector): readonly string[] | undefined;
  /** Of the proxies that run. */
  proxyVersions: readonly string[];
  /** Expressions of recording rules by the name that they record. */
  recorded: ReadonlyMap<string, string>;
}

/** Something about an expression that can't be meant. */
export interface StaticProblem {
  /** null: there is no name for it (it selects nothing). */
  cause: CauseId | null;
  /** The part of the expression that is concerned. */
  part: string;
  /** A sentence without its full stop. */
  message: string;
  /** What to write or do instead; empty: not known. */
  instead: string;
  /** Nothing is known to be wrong: Prometheus has taken it, and our grammar does not know it. */
  unread?: true;
}

/** The facts as evidence and answers have them; asked as of `atMs`. */
export function staticFacts(
  evidence: Evidence,
  ask: Ask,
  recorded: ReadonlyMap<string, string> = new Map(),
  atMs = evidence.atMs,
): StaticFacts {
  return {
    intervalMs: (job) => intervalOf(job, evidence),
    valuesOf(label, selector) {
      const expr = `group by (${label}) (${print(asInstant(selector))})`;
      const answer = ask({ ask: 'query', expr, atMs });
      return answer?.to === 'query' ? answer.samples.map(({ labels }) => labels[label] ?? '').sort() : undefined;
    },
    proxyVersions: proxyVersions(evidence),
    recorded,
  };
}

/**
 * What is wrong with an expression that Prometheus has taken, of a rule or a dashboard, as it stands: a window holds fewer than two samples, a
 * sum is taken before a rate, or a selector selects nothing: for a label or a family of another version, for the job's name, or
 * for no reason that is known. What selects nothing because nothing has failed is as it should be.
 */
export function staticProblems(expr: string, facts: StaticFacts): StaticProblem[] {
  let tree: Expr;
  try {
    tree = parse(expr);
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error;
    // It may be newer than our grammar, or of another database's dialect.
    const message = `it was not judged, as meshproof can't read it: ${error.message}`;
    return [{ cause: null, part: expr, message, instead: '', unread: true }];
  }
  const found = [...walk(tree)].flatMap(({ expr: part, around }): StaticProblem[] => [
    ...shortWindow(part, facts),
    ...earlySum(part, facts),
    ...(part.kind === 'selector' && !mayBeEmpty(part, around, facts) ? emptySelector(part, facts) : []),
  ]);
  return found.filter(
    (one, i) => found.findIndex((other) => other.part === one.part && other.cause === one.cause) === i,
  );
}

function shortWindow(part: Expr, facts: StaticFacts): StaticProblem[] {
  const known = rangeCall(part, NEED_TWO_SAMPLES);
  if (!known) return [];
  const jobs = facts.valuesOf('job', known.selector) ?? [];
  const intervals = jobs.flatMap((job) => facts.intervalMs(job) ?? []);
  const interval = Math.max(0, ...intervals);
  if (known.selector.range.ms >= 2 * interval) return [];
  const seconds = (ms: number) => `${ms / 1000} s`;
  return [
    {
      cause: 'window-too-short',
      part: print(part),
      message: `its window of ${known.selector.range.text} often holds fewer than two samples: job ${jobs.join(', ')} is scraped every ${seconds(interval)}`,
      instead: `a window of ${seconds(4 * interval)} or more`,
    },
  ];
}

function earlySum(part: Expr, facts: StaticFacts): StaticProblem[] {
  const known = rateOfSum(part);
  if (known) {
    return [
      {
        cause: 'sum-before-rate',
        part: print(part),
        message: `${known.call.func}() takes every fall of the sum for a reset: when a pod restarts, it counts the others once more`,
        instead: print(sumOfRate(known)),
      },
    ];
  }
  const call = rangeCall(part, COUNTER_FUNCTIONS);
  const recorded = call && facts.recorded.get(nameOf(call.selector));
  const sum = recorded === undefined ? null : tryParse(recorded);
  if (!call || !sum || !isSumOfCounters(bare(sum))) return [];
  return [
    {
      cause: 'sum-before-rate',
      part: print(part),
      message: `${nameOf(call.selector)} is a sum of counters (${recorded}), and ${call.call.func}() takes every fall of it for a reset`,
      instead: `record a sum of ${call.call.func}(), not of the counters`,
    },
  ];
}

function isSumOfCounters(expr: Expr): boolean {
  if (expr.kind !== 'aggregation' || expr.op !== 'sum') return false;
  const inner = bare(expr.expr);
  return inner.kind === 'selector' && /_(?:total|count|sum|bucket)$/.test(nameOf(inner));
}

/** Where it is right to select nothing: a question for absence, one of several alternatives, failures that did not happen. */
function mayBeEmpty(selector: Selector, around: readonly Expr[], facts: StaticFacts): boolean {
  const selects = (one: Selector) => facts.valuesOf('job', one)?.length !== 0;
  for (const expr of around) {
    if (expr.kind === 'call' && expr.func.startsWith('absent')) return true;
    if (expr.kind !== 'binary') continue;
    if (expr.op === 'unless' && selectorsOf(expr.right).includes(selector)) return true;
    if (expr.op === 'or' && selectorsOf(expr).some((one) => one !== selector && selects(one))) return true;
  }
  const without = OUTCOME.reduce(withoutLabel, selector);
  return without.matchers.length < selector.matchers.length && selects(without);
}

function emptySelector(selector: Selector, facts: StaticFacts): StaticProblem[] {
  if (facts.valuesOf('job', selector)?.length !== 0) return [];
  const part = print(asInstant(selector));
  const problem = (cause: CauseId | null, message: string, instead: string) => [{ cause, part, message, instead }];
  for (const { label } of selector.matchers) {
    const history = goneLabel(selector, label, facts);
    if (!history) continue;
    const message = `no series of ${nameOf(selector)} has a value for ${label}: ${spanText(history)} give one`;
    return problem('label-of-another-version', message, history.instead);
  }
  const asked = selector.matchers.find(({ label, op }) => label === 'job' && op === '=');
  const jobs = asked ? facts.valuesOf('job', withoutLabel(selector, 'job')) : undefined;
  if (asked && jobs && jobs.length > 0) {
    const message = `there is no such series of job "${asked.value}", but of job ${jobs.map((job) => `"${job}"`).join(', ')}`;
    const value = jobs.length === 1 ? jobs[0]! : jobs.join('|');
    const matcher = { label: 'job', op: jobs.length === 1 ? ('=' as const) : ('=~' as const), value };
    return problem('job-label-differs', message, print(withMatcher(withoutLabel(asInstant(selector), 'job'), matcher)));
  }
  const name = nameOf(selector);
  const family = familyHistory(name);
  if (family && facts.proxyVersions.length > 0 && !facts.proxyVersions.some((version) => hasIt(family, version))) {
    return problem(
      'label-of-another-version',
      `${spanText(family)} have ${name}, and none of those runs here`,
      family.instead,
    );
  }
  return problem(null, 'it selects nothing', narrowest(selector, facts));
}

/** Which matcher makes a selector select nothing, where it is one. */
function narrowest(selector: Selector, facts: StaticFacts): string {
  const guilty = selector.matchers.filter(
    ({ label }) => (facts.valuesOf('job', withoutLabel(selector, label))?.length ?? 0) > 0,
  );
  const texts = guilty.map(({ label, op, value }) => `${label}${op}"${value}"`);
  return texts.length > 0 ? `it selects series without ${texts.join(', or without ')}` : '';
}
