import { type AppliedChange, changesBetween, type VersionSteps } from '../changes/index.ts';
import { nameOf, selectorsOf, tryParse } from '../prometheus/promql/index.ts';
import type { QueryOutcome, QueryVerdict, SchemaDifference } from '../result/upgrade/types.ts';
import type { LostTarget } from './decide.ts';
import { type Comparison, compareAnswers } from './queries/index.ts';
import { sound } from './sound.ts';
import type { MeshSchema, Query, QueryAnswer, TargetSchema } from './types.ts';
import { type Explanation, foreseenReason } from './why/index.ts';
import type { World } from './world.ts';

/** What is made of worlds, purely: the difference of their schemas, and what becomes of queries. */

/** Who knows about schemas and queries; tests may put others in their place. */
export interface Experts {
  diff(before: readonly MeshSchema[], after: readonly MeshSchema[], versions: VersionSteps): SchemaDifference;
  explain(
    query: Query,
    compared: Compared,
    known: { schema: SchemaDifference; changes: readonly AppliedChange[] },
  ): Explanation;
}

export const NO_DIFFERENCE: SchemaDifference = {
  changes: [],
  seriesPerProxy: { before: 0, after: 0 },
  bytesPerScrape: { before: 0, after: 0 },
};

/** Which versions turned out to run on each side; what is the same on both is no step. */
export function stepsOf(worlds: readonly World[]): VersionSteps {
  const of = (phase: World['phase'], read: (world: World) => string | undefined) =>
    worlds.filter((world) => world.phase === phase).flatMap((world) => read(world) || [])[0];
  const step = (read: (world: World) => string | undefined) => {
    const [from, to] = [of('before', read), of('after', read)];
    return from !== undefined && to !== undefined && from !== to ? { from, to } : undefined;
  };
  const [proxy, linkerd, prometheus] = [
    step(({ info }) => info?.mesh.proxyVersion),
    step(({ info }) => info?.mesh.version),
    step(({ prometheusVersion }) => prometheusVersion),
  ];
  return { ...(proxy && { proxy }), ...(linkerd && { linkerd }), ...(prometheus && { prometheus }) };
}

export function differenceOf(worlds: readonly World[], experts: Experts): SchemaDifference {
  const of = (phase: World['phase']) =>
    worlds.filter((world) => world.phase === phase).flatMap(({ schema }) => schema ?? []);
  const [before, after] = [of('before'), of('after')];
  if (before.length === 0 || after.length === 0) return NO_DIFFERENCE;
  return experts.diff(before, after, stepsOf(worlds));
}

/** What was scraped well in each world before and in none after, under whatever job. */
export function lostTargets(worlds: readonly World[], { changes }: SchemaDifference): LostTarget[] {
  const of = (phase: World['phase']) =>
    worlds
      .filter((world) => world.phase === phase)
      .flatMap(({ schema }) => (schema ? [schema.targets.filter(({ up }) => up > 0)] : []));
  const [before, after] = [of('before'), of('after')];
  if (after.length === 0) return [];
  const [first = [], ...others] = before;
  const has = (targets: readonly TargetSchema[], what: string) => targets.some((target) => target.of === what);
  return first
    .filter((target) => others.every((targets) => has(targets, target.of)))
    .filter((target) => !after.some((targets) => has(targets, target.of)))
    .map(({ job, of: what }) => {
      const change = changes.find(
        (one) => one.what === 'targets' && one.subject.includes(job) && one.before.includes(what),
      );
      return { job, of: what, reason: change?.reason ?? '' };
    });
}

/** What became of a query in the scenario in which it fared worst. */
export interface Compared extends Comparison {
  scenario: string;
  evaluated: string;
  before: QueryAnswer[];
  after: QueryAnswer[];
}

/** A query over all scenarios. */
export function compareQuery(query: Query, worlds: readonly World[]): Compared {
  const scenarios = [...new Set(worlds.map(({ scenario }) => scenario.name))];
  const compared = scenarios.map((scenario): Compared => {
    const of = (phase: World['phase']) =>
      sound(worlds.filter((world) => world.scenario.name === scenario && world.phase === phase)).flatMap(
        ({ answers }) => answers.get(query.id) ?? [],
      );
    const [before, after] = [of('before'), of('after')];
    const evaluated = (before[0] ?? after[0])?.evaluated ?? query.expr;
    return { scenario, evaluated, before, after, ...compareAnswers(query, before, after) };
  });
  const exercised = compared.filter(({ notExercised }) => !notExercised);
  const [worst] = (exercised.length > 0 ? exercised : compared).sort((a, b) => rank(b) - rank(a));
  if (!worst) throw new RangeError('no world was run');
  const several = scenarios.length > 1 && worst.seen !== '' && !worst.notExercised;
  return several ? { ...worst, seen: `${worst.scenario}: ${worst.seen}` } : worst;
}

const BAD: readonly QueryOutcome[] = [
  'same',
  'same-within-noise',
  'newly-non-empty',
  'different-values',
  'different-labels',
  'now-empty',
  'error',
];

/** The worse, the more; whatever is broken is worse than what is not. */
function rank({ outcome, broken }: Pick<Comparison, 'outcome' | 'broken'>): number {
  return BAD.indexOf(outcome) + (broken ? BAD.length : 0);
}

/** A rewritten expression, as it was asked of a world of after. */
export interface Candidate {
  id: string;
  expr: string;
  scenario: string;
  answer: QueryAnswer;
}

/** Whether something became of it that wants a reason. */
function wantsReason({ outcome, broken }: Pick<Comparison, 'outcome' | 'broken'>): boolean {
  return broken || !outcome.startsWith('same');
}

/** The verdict on each query; a rewrite is only named when it was asked. */
export function judgeQueries(
  queries: readonly Query[],
  worlds: readonly World[],
  schema: SchemaDifference,
  candidates: readonly Candidate[],
  experts: Experts,
): QueryVerdict[] {
  if (!worlds.some(({ answers }) => answers.size > 0)) return [];
  const changes = changesBetween(stepsOf(worlds));
  const all = queries.map((query) => ({ query, compared: compareQuery(query, worlds) }));
  return all.map(({ query, compared }) => {
    const { place, kind, expr } = query;
    const { evaluated, outcome, notExercised, seen, broken } = compared;
    const base = { place, kind, expr, evaluated, outcome, notExercised, seen, broken };
    if (!wantsReason(compared)) {
      const reason = notExercised ? foreseenReason(evaluated, { schema, changes }) : '';
      return { ...base, reason, rewrite: null };
    }
    const root = all.find((one) => one.compared.broken && one.query !== query && buildsOn(evaluated, one.query));
    if (root) {
      const reason = `it builds on ${root.query.records}, whose own rule broke: ${root.query.place}`;
      return { ...base, reason, rewrite: null };
    }
    const { reason, rewrite } = experts.explain(query, compared, { schema, changes });
    return { ...base, reason, rewrite: rewrite === null ? null : checked(query, rewrite, worlds, candidates) };
  });
}

/** What a rule records is not there, or otherwise, when the rule itself broke. */
function buildsOn(expr: string, { records }: Query): boolean {
  const tree = records === '' ? null : tryParse(expr);
  return tree !== null && selectorsOf(tree).some((selector) => nameOf(selector) === records);
}

/** What to write instead of the queries of which something became, as queries of their own; not yet checked. */
export function rewritesOf(queries: readonly Query[], worlds: readonly World[], experts: Experts): Query[] {
  const schema = differenceOf(worlds, experts);
  const changes = changesBetween(stepsOf(worlds));
  return queries.flatMap((query): Query[] => {
    const compared = compareQuery(query, worlds);
    if (!wantsReason(compared)) return [];
    const { rewrite } = experts.explain(query, compared, { schema, changes });
    return rewrite === null ? [] : [{ ...query, expr: rewrite }];
  });
}

function checked(
  query: Query,
  expr: string,
  worlds: readonly World[],
  candidates: readonly Candidate[],
): QueryVerdict['rewrite'] {
  const asked = candidates.filter((candidate) => candidate.id === query.id && candidate.expr === expr);
  const outcomes = asked.map(({ scenario, answer }) => {
    const before = worlds
      .filter((world) => world.phase === 'before' && world.scenario.name === scenario)
      .flatMap(({ answers }) => answers.get(query.id) ?? []);
    return compareAnswers({ ...query, expr }, before, [answer]);
  });
  const [worst] = outcomes.sort((a, b) => rank(b) - rank(a));
  return worst ? { expr, checked: worst.outcome } : null;
}
