import { type Expr, NO_TIME, nameOf, print, selectorsOf, walk } from '../../prometheus/promql/index.ts';
import type { QueryOutcome } from '../../result/upgrade/types.ts';
import type { AnswerSeries, Query, QueryAnswer } from '../types.ts';
import { compareSeries } from './compare-series.ts';
import {
  filters,
  flipsByChance,
  isSure,
  kindAt,
  type LostSelector,
  lostSelectors,
  type Sides,
  unfilteredSeries,
  type World,
} from './emptiness.ts';
import { shortened, treeOf } from './found.ts';
import { instantOf, isAbsent, unfiltered } from './parts.ts';
import { kindOf } from './series.ts';
import { listed, seriesCounts } from './words.ts';

export interface Comparison {
  outcome: QueryOutcome;
  /** Nothing that it selects was there on either side. */
  notExercised: boolean;
  /** In words: what was there before and after. */
  seen: string;
  /** Worth blocking an upgrade for. */
  broken: boolean;
}

/**
 * What became of a query: its answers in the worlds before against those after. Pure.
 *
 * Series are matched by their labels; values of labels that name pods, addresses and the like differ from world to world and count
 * as one. Values differ when they do by more than chance: see values-differ.ts for what that is. Empty on both sides is decided by
 * the parts: a selector that the expression needs and that had series before and has none after makes it `now-empty`, a dead alert.
 *
 * `broken`: it is empty now, it fails to evaluate now, labels or series are lost, values differ, or an alert would fire that
 * would not have. Labels that came in addition, and series of panels and recording rules that did, break nothing.
 */
export function compareAnswers(
  query: Pick<Query, 'expr' | 'kind'>,
  before: readonly QueryAnswer[],
  after: readonly QueryAnswer[],
): Comparison {
  if (before.length === 0 || after.length === 0) {
    const side = before.length === 0 ? 'before' : 'after';
    return { outcome: 'same', notExercised: true, seen: `it could not be asked ${side}`, broken: false };
  }
  const failed = compareErrors(before, after);
  if (failed) return failed;
  let [was, is] = [worldsOf(before), worldsOf(after)];
  // Prometheus takes what our grammar does not: then what it says is all there is.
  if (!was || !is) return compareSeries(query, { before: clean(before), after: clean(after) }, kindOf(NOTHING_KNOWN));
  // An expression that was rewritten selects what is called otherwise.
  if (namesOf(was[0]!) !== namesOf(is[0]!)) [was, is] = [was.map(nameless), is.map(nameless)];
  const sides = { before: was, after: is };
  const has = (worlds: readonly World[]) => worlds.some(({ answer }) => answer.series.length > 0);
  if (has(was)) return has(is) ? compareFilled(query, sides) : emptied(sides);
  return has(is) ? filled(query, sides) : compareEmpty(sides);
}

function namesOf({ tree }: World): string {
  return selectorsOf(tree).map(nameOf).join();
}

function nameless({ answer, tree }: World): World {
  const without = <T extends Pick<QueryAnswer, 'series'>>(one: T): T => ({
    ...one,
    series: one.series.map(withoutName),
  });
  return { answer: { ...without(answer), parts: answer.parts.map(without) }, tree };
}

function withoutName({ labels: { __name__: _, ...labels }, ...rest }: AnswerSeries): AnswerSeries {
  return { ...rest, labels };
}

const NOTHING_KNOWN: Expr = { kind: 'selector', name: '', matchers: [], range: null, time: NO_TIME };

/** Answers that came to something; a world in which the question was not answered in time is no evidence where others were. */
function clean(answers: readonly QueryAnswer[]): QueryAnswer[] {
  const good = answers.filter(({ error }) => error === '');
  return good.length > 0 ? good : [...answers];
}

function worldsOf(answers: readonly QueryAnswer[]): World[] | null {
  const worlds = clean(answers).map((answer) => ({ answer, tree: treeOf(answer.evaluated) }));
  return worlds.every((world) => world.tree !== null) ? (worlds as World[]) : null;
}

function compareErrors(before: readonly QueryAnswer[], after: readonly QueryAnswer[]): Comparison | null {
  const errorOf = (answers: readonly QueryAnswer[]) =>
    answers.every(({ error }) => error !== '') ? shortened(answers[0]!.error, 200) : '';
  const [was, is] = [errorOf(before), errorOf(after)];
  if (was === '' && is === '') return null;
  const error = (seen: string, broken: boolean): Comparison => ({
    outcome: 'error',
    notExercised: false,
    seen,
    broken,
  });
  const count = (answers: readonly QueryAnswer[]) => seriesCounts(clean(answers).map(({ series }) => series.length));
  if (was === '') return error(`${count(before)} before; after: ${is}`, true);
  if (is === '') return error(`${count(after)} after; before: ${was}`, false);
  return error(was === is ? `before and after: ${was}` : `before: ${was}; after: ${is}`, false);
}

/** Silent on both sides: asleep, dead, or never alive. */
function compareEmpty(sides: Sides): Comparison {
  const dead = (why: string) =>
    outcome('now-empty', `no series on either side, but it is dead now: ${why}`, { broken: true });
  const lost = lostSelectors(sides);
  if (lost.length > 0) return dead(lostText(lost));
  const [was, is] = [unfilteredSeries(sides.before), unfilteredSeries(sides.after)];
  const lives = is.some(({ length }) => length > 0);
  if (!lives && isSure(sides, 'before', was)) {
    return dead(`without its filters it has ${countsOf(was)} before, none after`);
  }
  if (!lives && was.every(({ length }) => length === 0)) {
    return outcome('same', nothingText(sides), { notExercised: true });
  }
  const blind = otherwiseFiltered(sides);
  if (blind) return blind;
  return outcome('same', `no series on either side; what it filters: ${countsOf(was)} before, ${countsOf(is)} after`);
}

/**
 * What it filters has lost labels or series: it has one threshold for what had one each, or watches some no more. Values are
 * another matter, as long as they stay on the same side of the threshold; and of `or` either side may be what it watches.
 */
function otherwiseFiltered(sides: Sides): Comparison | null {
  const [first] = sides.before;
  if ([...walk(first!.tree)].some(({ expr }) => expr.kind === 'binary' && expr.op === 'or')) return null;
  // Names of series go where they are computed with, and from alerts.
  const without = (worlds: Sides['before']) =>
    unfilteredSeries(worlds).map((series) => ({ series: series.map(withoutName) }));
  const [before, after] = [without(sides.before), without(sides.after)];
  if ([...before, ...after].some(({ series }) => series.length === 0)) return null;
  const below = compareSeries({ kind: 'panel' }, { before, after }, kindAt(sides, unfiltered(first!.tree)));
  if (below.outcome !== 'different-labels' || !below.broken) return null;
  return { ...below, seen: `no series on either side; what it filters: ${below.seen}` };
}

/** Which of its selectors had nothing on either side; where each had something, nothing of it matched. */
function nothingText({ before, after }: Sides): string {
  const had = (expr: string) =>
    [...before, ...after].some(({ answer }) =>
      answer.parts.some((part) => part.expr === expr && part.series.length > 0),
    );
  const all = [...new Set(selectorsOf(before[0]!.tree).map((selector) => print(instantOf(selector))))];
  const nothing = all.filter((expr) => !had(expr));
  if (nothing.length === 0) return 'what it selects never matched on either side';
  if (nothing.length === all.length) return 'nothing that it selects was there on either side';
  return `on neither side was there ${listed(nothing.map((expr) => shortened(expr, 120)))}`;
}

function emptied(sides: Sides): Comparison {
  const was = sides.before.map(({ answer }) => answer.series);
  const seen = `${countsOf(was)} before, none after`;
  const lost = lostSelectors(sides);
  if (lost.length > 0) return outcome('now-empty', `${seen}; ${lostText(lost)}`, { broken: true });
  const chance = byChance(seen, sides, isSure(sides, 'before', was));
  if (chance) return chance;
  if (!isAbsent(sides.before[0]!.tree)) return outcome('now-empty', seen, { broken: true });
  return outcome('now-empty', `${seen}: what was absent is there now`);
}

function filled(query: Pick<Query, 'kind'>, sides: Sides): Comparison {
  const is = sides.after.map(({ answer }) => answer.series);
  const seen = `none before, ${countsOf(is)} after`;
  const chance = byChance(seen, sides, isSure(sides, 'after', is));
  if (chance) return chance;
  const fires = query.kind === 'alert';
  return outcome('newly-non-empty', fires ? `${seen}: it would fire` : seen, { broken: fires });
}

/** What filters let through on one side alone, by chance; null: it is not chance. */
function byChance(seen: string, sides: Sides, sure: boolean): Comparison | null {
  if (!sure) return outcome('same-within-noise', `${seen}; so few events that there may as well have been none`);
  if (!flipsByChance(sides)) return null;
  return outcome('same-within-noise', `${seen}; what it compares is the same on both sides`);
}

/** Series on both sides. Where a filter makes the difference, what it filters is what counts. */
function compareFilled(query: Pick<Query, 'kind'>, sides: Sides): Comparison {
  const [first] = sides.before;
  const kind = kindAt(sides, first!.tree);
  const answers = { before: sides.before.map(({ answer }) => answer), after: sides.after.map(({ answer }) => answer) };
  const whole = compareSeries(query, answers, kind);
  if (!whole.outcome.startsWith('different') || !filters(first!) || !flipsByChance(sides)) return whole;
  const without = (worlds: Sides['before']) => unfilteredSeries(worlds).map((series) => ({ series }));
  const under = kindAt(sides, unfiltered(first!.tree));
  const below = compareSeries(query, { before: without(sides.before), after: without(sides.after) }, under);
  if (below.outcome.startsWith('different')) return whole;
  return outcome('same-within-noise', `${whole.seen}; what it compares is the same on both sides`);
}

function outcome(
  value: QueryOutcome,
  seen: string,
  { broken = false, notExercised = false }: Partial<Pick<Comparison, 'broken' | 'notExercised'>> = {},
): Comparison {
  return { outcome: value, notExercised, seen, broken };
}

function countsOf(series: readonly QueryAnswer['series'][]): string {
  return seriesCounts(series.map(({ length }) => length));
}

function lostText(lost: readonly LostSelector[]): string {
  return listed(
    lost.map(({ expr, before }) => `${shortened(expr, 120)} has ${seriesCounts(before)} before, none after`),
  );
}
