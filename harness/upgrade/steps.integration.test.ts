import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { changesBetween } from '../changes/index.ts';
import { findProfile } from '../mesh/profiles/index.ts';
import type { SchemaChange } from '../result/upgrade/types.ts';
import { openLocal, quietContext } from '../run/testing/context.ts';
import { sayOnceMore } from '../run/testing/expect-passed.ts';
import { tempDir } from '../run/testing/tools.ts';
import { parseScenario } from '../scenario/load.ts';
import { askQueries, compareAnswers, readQueries, recordingRules } from './queries/index.ts';
import { collectSchema, diffSchemas } from './schema/index.ts';
import { FORTY, STEPS, type Step, UNCHANGED } from './testdata/forty-expected.ts';
import { BY_CHANCE, PANELS } from './testdata/panels-expected.ts';
import { CHANGES, REASONS } from './testing/steps-expected.ts';
import type { Query, QueryAnswer } from './types.ts';
import { editsOf, explainQuery, rewritten } from './why/index.ts';
import { runWorld, type World } from './world.ts';

/**
 * Every release's mesh, brought up and under the same traffic, and what a person is told of the way from each to the next: all that
 * is known to have changed and nothing else, which of forty rules it breaks, and why.
 */

const TWO_AT_A_TIME = 2;
const versionsOf = (step: Step) => step.split(' -> ') as [string, string];
const VERSIONS = [...new Set(STEPS.flatMap(versionsOf))];

const worlds = new Map<string, World>();
let rules: Query[] = [];
let panels: Query[] = [];

beforeAll(async () => {
  const file = join(import.meta.dirname, '../../scenarios/upgrade/surface.yaml');
  const surface = parseScenario(await readFile(file, 'utf8'), file);
  const { queries, problems } = await readQueries({
    rules: [join(import.meta.dirname, 'testdata/forty.rules.yaml')],
    dashboards: [join(import.meta.dirname, 'testdata/linkerd-dashboard.json')],
    signal: new AbortController().signal,
  });
  expect(problems).toEqual([]);
  rules = queries.filter(({ kind }) => kind !== 'panel');
  panels = queries.filter(({ kind }) => kind === 'panel');
  await using dir = await tempDir();
  await using session = await openLocal(quietContext(dir.path));
  const run = async (version: string, attempt: string) => {
    const scenario = {
      ...surface,
      mesh: { ...surface.mesh, version },
      rules: recordingRules(queries, surface.mesh.scrapeIntervalMs) ?? undefined,
    };
    const world = await runWorld({
      ...{ scenario, phase: 'before', repeat: 1, session },
      context: quietContext(join(dir.path, version, attempt)),
      queries: [...queries, ...rewritesFor(version)],
      observers: { schema: collectSchema, answers: askQueries },
    });
    worlds.set(version, world);
  };
  const waiting = [...VERSIONS];
  const work = async () => {
    for (let version = waiting.shift(); version !== undefined; version = waiting.shift()) await run(version, 'first');
  };
  await Promise.all(Array.from({ length: TWO_AT_A_TIME }, work));
  // Once more, and alone.
  for (const version of VERSIONS) {
    const missed = missedIn(worlds.get(version)!);
    if (missed.length === 0) continue;
    sayOnceMore(missed.map((text) => `${version}: ${text}`));
    await run(version, 'again');
  }
}, 600_000);

const stepsOf = (step: Step) => {
  const [from, to] = versionsOf(step);
  const proxy = { from: findProfile(from).proxyVersion, to: findProfile(to).proxyVersion };
  return { proxy, linkerd: { from, to } };
};

/** The rules as they are to be written after each step that ends at this version: asked there, as they will be. */
function rewritesFor(version: string): Query[] {
  return STEPS.filter((step) => versionsOf(step)[1] === version).flatMap((step) =>
    rules.flatMap((query): Query[] => {
      const expr = rewritten(query.expr, editsOf(changesBetween(stepsOf(step))));
      return expr === null ? [] : [{ ...query, id: rewriteId(query, step), expr, records: '' }];
    }),
  );
}

const rewriteId = (query: Query, step: Step) => `${query.id} after ${step}`;

/** What the rule is called: its place ends in it. */
const ruleOf = (query: Query) => FORTY.find(({ name }) => query.place.includes(name) && nameFits(query, name));
const nameFits = (query: Query, name: string) => new RegExp(`(?<![\\w:])${name}(?![\\w:])`).test(query.place);

function differenceOf(step: Step) {
  const [from, to] = versionsOf(step);
  const schemaOf = (version: string) => worlds.get(version)!.schema!;
  return diffSchemas([schemaOf(from)], [schemaOf(to)], stepsOf(step));
}

/** What the machine, not the release, kept from being looked at: scrapes that failed, say. Requests that k6 could not make aside. */
function missedIn({ result }: World): string[] {
  if (result.verdict !== 'inconclusive') return [];
  const missed = result.reasons.filter(({ code }) => code !== 'DROPPED_ITERATIONS');
  return missed.map(({ code, message }) => `${code}: ${message}`);
}

const droppedIn = (version: string) =>
  worlds.get(version)!.result.reasons.some(({ code }) => code === 'DROPPED_ITERATIONS');

type Answers = [before: QueryAnswer[], after: QueryAnswer[]];

const lineOf = ({ kind, what, subject, before, after }: SchemaChange) => {
  const line = `${kind} ${what} ${subject}`;
  return ['label', 'label-value', 'targets', 'page'].includes(what) ? `${line}: ${before} -> ${after}` : line;
};

describe.each(STEPS)('from one release to the next: %s', (step) => {
  const [from, to] = versionsOf(step);

  it('both worlds came up and could be looked at', () => {
    for (const version of [from, to]) {
      const world = worlds.get(version)!;
      const { result, troubles, schema } = world;
      expect({ version, error: result.error, troubles, seen: schema !== null, missed: missedIn(world) }).toEqual({
        ...{ version, error: undefined, troubles: [], seen: true, missed: [] },
      });
    }
  });

  it('everything that changed is told, and nothing else, each with its reason', () => {
    const { changes } = differenceOf(step);
    expect(changes.map(lineOf).sort()).toEqual([...CHANGES[step]].sort());
    expect(changes.filter(({ reason, guessed }) => reason === '' || guessed)).toEqual([]);
  });

  it('what becomes of each of the forty rules, and why', () => {
    const schema = differenceOf(step);
    const changes = changesBetween(stepsOf(step));
    const dropped = [from, to].some(droppedIn);
    const told = rules.map((query) => {
      const expected = ruleOf(query)!;
      const answer = (version: string) => worlds.get(version)!.answers.get(query.id)!;
      const [before, after] = [[answer(from)], [answer(to)]];
      const compared = compareAnswers(query, before, after);
      const { outcomes, broken } = expected.steps[step] ?? UNCHANGED;
      const asWanted = outcomes.includes(compared.outcome) && compared.broken === broken;
      // Requests that k6 could not make change values: no measure for what stays the same.
      const excused = !(step in expected.steps) && dropped && compared.outcome === 'different-values';
      const seen = {
        name: expected.name,
        outcome: asWanted || excused ? outcomes[0] : compared.outcome,
        broken: excused ? broken : compared.broken,
        notExercised: compared.notExercised,
      };
      const notExercised = expected.notExercised.includes(step);
      const wanted = { name: expected.name, outcome: outcomes[0], broken, notExercised };
      if (!(step in expected.steps) || compared.outcome.startsWith('same')) return { seen, wanted };
      const why = explainQuery(
        query,
        { ...compared, evaluated: before[0]!.evaluated, before, after },
        { schema, changes },
      );
      const { reason, rewrite = null } = REASONS[expected.name]!;
      return {
        seen: { ...seen, reason: reason.test(why.reason) ? 'as known' : why.reason, rewrite: why.rewrite },
        wanted: { ...wanted, reason: 'as known', rewrite: rewrite === null ? null : expect.stringContaining(rewrite) },
      };
    });
    expect(told.map(({ seen }) => seen)).toEqual(told.map(({ wanted }) => wanted));
  });

  it('what becomes of the panels of a dashboard, and that there is a reason', () => {
    const known = { schema: differenceOf(step), changes: changesBetween(stepsOf(step)) };
    const dropped = [from, to].some(droppedIn);
    const told = panels.map((query) => {
      const title = query.place.split(' > ').at(-1)!;
      const { steps = {}, notExercised = [] } = PANELS[title] ?? {};
      const [before, after] = [from, to].map((version) => [worlds.get(version)!.answers.get(query.id)!]) as Answers;
      const compared = compareAnswers(query, before, after);
      const byChance = compared.outcome === 'different-values' && (title === BY_CHANCE || dropped);
      const { outcomes, broken } = steps[step] ?? UNCHANGED;
      const excused = byChance && !(step in steps);
      const asWanted = outcomes.includes(compared.outcome) || excused;
      const { reason } = explainQuery(query, { ...compared, evaluated: before[0]!.evaluated, before, after }, known);
      const wantsReason = !compared.outcome.startsWith('same') && !excused;
      return {
        seen: {
          title,
          outcome: asWanted ? outcomes[0] : compared.outcome,
          broken: excused ? broken : compared.broken,
          notExercised: compared.notExercised,
          unexplained: wantsReason && /^$|no known change/.test(reason) ? reason : null,
        },
        wanted: {
          ...{ title, outcome: outcomes[0], broken, notExercised: notExercised.includes(step), unexplained: null },
        },
      };
    });
    expect(told).toHaveLength(18);
    expect(told.map(({ seen }) => seen)).toEqual(told.map(({ wanted }) => wanted));
  });

  it('rules that are written anew say after it what they said before', () => {
    for (const query of rules) {
      const after = worlds.get(to)!.answers.get(rewriteId(query, step));
      const before = worlds.get(from)!.answers.get(query.id)!;
      if (!after || before.error !== '') continue;
      const { outcome, broken } = compareAnswers(query, [before], [after]);
      expect({ place: query.place, outcome, broken }).toEqual({
        place: query.place,
        outcome: expect.stringMatching(/^same|^newly-non-empty$/),
        broken: false,
      });
    }
  });
});
