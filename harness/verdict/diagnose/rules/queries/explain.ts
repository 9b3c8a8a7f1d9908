import type { CauseId } from '../../../../causes/ids.ts';
import { type Expr, print } from '../../../../prometheus/promql/index.ts';
import { withUnit } from '../../../queries/judge.ts';
import type { FailedQuery } from '../../failed-query.ts';
import type { Finding } from '../../types.ts';
import type { QueryContext } from './context.ts';
import type { Mend, Way } from './mend.ts';

/** Causes that together explain a query, and the query without them. */
interface Explanation {
  steps: Step[];
  /** What the mended query says; null: there is none, but the value is explained. */
  value: number | null;
  tree: Expr | null;
}

interface Step {
  cause: CauseId;
  way: Way;
}

/** What remains of the difference may be this share of it: rate() and the moments of scrapes blur a little. */
const REST = 0.25;
/** A cause must take away this share of the difference; of two, each of what the other leaves. */
const MATTERS = 0.5;

/**
 * The causes of a query: those whose mending makes it say what is true, or else nearly all of it. One at a time; where none
 * suffices, two together. Several explanations: what they have in common is decided, and of the rest one.
 */
export function explain(context: QueryContext, mends: readonly Mend[]): Finding[] {
  const { query } = context;
  const { tree } = query;
  if (!tree) return [];
  for (const accepts of [mattering, nearly]) {
    const single = mends.flatMap((mend) => explanations(tree, mend, context, accepts).slice(0, 1));
    if (context.waits) return [];
    if (single.length > 0) return findings(query, single);
  }
  const pairs = bothNeeded(tree, context, mends);
  return context.waits ? [] : findings(query, pairs);
}

type Accepts = (query: FailedQuery, value: number) => boolean;

const agreeing: Accepts = (query, value) => query.agrees(value);
const mattering: Accepts = (query, value) =>
  query.agrees(value) && (query.value === null || matters(value, query.value, query.truth));
const nearly: Accepts = ({ value: shown, truth }, value) =>
  Math.abs(value - truth) <= REST * Math.abs((shown ?? 0) - truth);

function matters(value: number, before: number, truth: number): boolean {
  return Math.abs(value - truth) <= MATTERS * Math.abs(before - truth);
}

function explanations(tree: Expr, mend: Mend, context: QueryContext, accepts: Accepts): Explanation[] {
  return mend.ways(tree, context).flatMap((way): Explanation[] => {
    const steps = [{ cause: mend.cause, way }];
    if (way.tree === null) return [{ steps, value: null, tree: null }];
    const value = context.value(way.tree);
    return typeof value === 'number' && accepts(context.query, value) ? [{ steps, value, tree: way.tree }] : [];
  });
}

/** Two causes of which neither suffices; the one must matter after the other, in whichever order they are mended. */
function bothNeeded(tree: Expr, context: QueryContext, mends: readonly Mend[]): Explanation[] {
  const { truth } = context.query;
  const idle = new Set<string>();
  const found = mends.flatMap((first) =>
    first.ways(tree, context).flatMap((way) => {
      if (!way.tree) return [];
      const between = context.value(way.tree);
      return mends.flatMap((second): Explanation[] => {
        if (second === first) return [];
        const [both] = explanations(way.tree!, second, context, agreeing);
        if (!both) return [];
        const helps = both.value === null || typeof between !== 'number' || matters(both.value, between, truth);
        if (!helps) idle.add(keyOf(first, second));
        const steps = [{ cause: first.cause, way }, ...both.steps];
        return [{ steps, value: both.value ?? between ?? null, tree: both.tree ?? way.tree }];
      });
    }),
  );
  return found.filter(({ steps: [first, second] }) => !idle.has(keyOf(first!, second!)));
}

function keyOf(...causes: { cause: CauseId }[]): string {
  return causes
    .map(({ cause }) => cause)
    .sort()
    .join(' ');
}

function findings(query: FailedQuery, found: readonly Explanation[]): Finding[] {
  if (found.length === 0) return [];
  const sets = found.map(({ steps }) => new Set(steps.map(({ cause }) => cause)));
  const common = [...sets[0]!].filter((cause) => sets.every((set) => set.has(cause)));
  const rest = [...new Set(sets.flatMap((set) => [...set]))].filter((cause) => !common.includes(cause)).sort();
  const of = (causes: CauseId[]): Finding => findingOf(query, causes as [CauseId, ...CauseId[]], found);
  return [...common.map((cause) => of([cause])), ...(rest.length > 0 ? [of(rest)] : [])];
}

function findingOf(query: FailedQuery, causes: [CauseId, ...CauseId[]], found: readonly Explanation[]): Finding {
  const concerned = found.filter(({ steps }) => steps.some(({ cause }) => causes.includes(cause)));
  const ways = concerned.flatMap(({ steps }) =>
    steps.filter(({ cause }) => causes.includes(cause)).map(({ way }) => way),
  );
  const mended = concerned.flatMap(({ tree, value }) => (tree && value !== null ? [{ text: print(tree), value }] : []));
  const { metric, subject, expr } = query.result;
  const says = query.value === null ? 'shows no data' : `says ${withUnit(metric, query.value)}`;
  const truth = `the truth of ${subject} is ${withUnit(metric, query.truth)}`;
  const rewritten = mended.map(({ text, value }) => `${text} says ${withUnit(metric, value)}`);
  const remedy = [...mended.map(({ text }) => text), ...ways.flatMap((way) => way.remedy ?? [])];
  return {
    causes,
    pods: [],
    subject: expr,
    summary: `${expr} ${says}, and ${truth}${rewritten.length > 0 ? `; ${rewritten[0]}` : ''}.`,
    evidence: unique([...ways.flatMap((way) => way.evidence), ...rewritten]),
    ...(remedy.length > 0 && { remedy: unique(remedy) }),
  };
}

function unique(texts: string[]): string[] {
  return [...new Set(texts)];
}
