import { describe, expect, it } from 'vitest';
import {
  type Candidate,
  compareQuery,
  type Experts,
  judgeQueries,
  lostTargets,
  rewritesOf,
  stepsOf,
} from './analysis.ts';
import { imaginedWorld, smallScenario } from './testing/worlds.ts';
import type { MeshSchema, Query, QueryAnswer, TargetSchema } from './types.ts';
import type { World } from './world.ts';

const query = (id: string, expr: string, records = ''): Query => ({
  ...{ id, place: `rules.yaml ${id}`, kind: records ? 'recording' : 'alert', expr, records, labels: {}, variables: {} },
});

type Series = QueryAnswer['series'];
const some: Series = [{ labels: { deployment: 'web' }, value: 5 }];

const answer = (expr: string, series: Series): QueryAnswer => ({
  ...{ evaluated: expr, series, error: '', parts: [{ expr, series, error: '' }] },
});

function world(phase: World['phase'], answers: Record<string, QueryAnswer>, name = 'small'): World {
  const scenario = { ...smallScenario(), name };
  return imaginedWorld({ phase, scenario, answers: new Map(Object.entries(answers)) });
}

const A = query('a', 'process_threads');
const there = { a: answer('process_threads', some) };
const gone = { a: answer('process_threads', []) };

const NO_SCHEMA = { changes: [], seriesPerProxy: { before: 0, after: 0 }, bytesPerScrape: { before: 0, after: 0 } };
const experts = (rewrite: string | null): Experts => ({
  diff: () => NO_SCHEMA,
  explain: () => ({ reason: 'as it is known', rewrite }),
});

describe('a query over scenarios', () => {
  it('fares as in the one in which it fares worst', () => {
    const worlds = [
      ...[world('before', there, 'one'), world('after', there, 'one')],
      ...[world('before', there, 'two'), world('after', gone, 'two')],
    ];
    expect(compareQuery(A, worlds)).toMatchObject({
      ...{ outcome: 'now-empty', broken: true, scenario: 'two', seen: expect.stringMatching(/^two: /) },
    });
  });

  it('fares worst where it broke, whatever else became of it elsewhere', () => {
    const failing = { a: { ...answer('process_threads', []), error: 'bad_data: no' } };
    const worlds = [
      // An error on both sides is the query's own.
      ...[world('before', failing, 'one'), world('after', failing, 'one')],
      ...[world('before', there, 'two'), world('after', gone, 'two')],
    ];
    expect(compareQuery(A, worlds)).toMatchObject({ outcome: 'now-empty', broken: true, scenario: 'two' });
  });

  it('is not exercised only where no scenario does', () => {
    const idle = [world('before', gone, 'one'), world('after', gone, 'one')];
    const busy = [world('before', there, 'two'), world('after', there, 'two')];
    expect(compareQuery(A, idle).notExercised).toBe(true);
    expect(compareQuery(A, [...idle, ...busy]).notExercised).toBe(false);
  });

  it('goes by runs that have a verdict, where there are any', () => {
    const of = (verdict: 'pass' | 'inconclusive', phase: World['phase'], answers: Record<string, QueryAnswer>) => {
      const one = world(phase, answers);
      return { ...one, result: { ...one.result, verdict } };
    };
    const [before, disturbed] = [of('pass', 'before', there), of('inconclusive', 'after', gone)];
    expect(compareQuery(A, [before, of('pass', 'after', there), disturbed]).outcome).toBe('same');
    expect(compareQuery(A, [before, disturbed]).outcome).toBe('now-empty');
  });

  it('is asked of worlds before and after alone', () => {
    const worlds = [world('before', there), world('after', there), world('during', gone)];
    expect(compareQuery(A, worlds).outcome).toBe('same');
  });
});

describe('verdicts on queries', () => {
  const worlds = [world('before', there), world('after', gone)];
  const candidate = (series: Series): Candidate => ({
    ...{ id: 'a', expr: 'process_other', scenario: 'small', answer: answer('process_other', series) },
  });

  it('have a reason where something broke, and none where nothing did', () => {
    const [broken] = judgeQueries([A], worlds, NO_SCHEMA, [], experts(null));
    expect(broken).toMatchObject({ broken: true, reason: 'as it is known', rewrite: null });
    const same = [world('before', there), world('after', there)];
    expect(judgeQueries([A], same, NO_SCHEMA, [], experts('process_other'))).toMatchObject([
      { outcome: 'same', reason: '', rewrite: null },
    ]);
  });

  it('name a rewrite with what its own evaluation made of it, and none that was not asked', () => {
    const rewriteWith = (...candidates: Candidate[]) =>
      judgeQueries([A], worlds, NO_SCHEMA, candidates, experts('process_other'))[0]!.rewrite;
    expect(rewriteWith(candidate(some))).toEqual({ expr: 'process_other', checked: 'same' });
    expect(rewriteWith(candidate([]))).toEqual({ expr: 'process_other', checked: 'now-empty' });
    expect(rewriteWith()).toBeNull();
    expect(rewriteWith({ ...candidate(some), expr: 'process_third' })).toBeNull();
  });

  it('ask for rewrites of what broke alone', () => {
    const B = query('b', 'fine');
    const fine = { b: answer('fine', some) };
    const both = [world('before', { ...there, ...fine }), world('after', { ...gone, ...fine })];
    expect(rewritesOf([A, B], both, experts('process_other'))).toEqual([{ ...A, expr: 'process_other' }]);
    expect(rewritesOf([A, B], both, experts(null))).toEqual([]);
  });

  it('lead what builds on a recorded series to the rule that broke', () => {
    const rule = query('a', 'process_threads', 'process_recorded');
    const alert = query('b', 'process_recorded < 1');
    const alerts = (series: Series) => ({
      ...answer('process_recorded < 1', []),
      parts: [{ expr: 'process_recorded', series, error: '' }],
    });
    const chain = [world('before', { ...there, b: alerts(some) }), world('after', { ...gone, b: alerts([]) })];
    const [, dependent] = judgeQueries([rule, alert], chain, NO_SCHEMA, [], experts('process_other'));
    expect(dependent).toMatchObject({
      ...{ broken: true, reason: 'it builds on process_recorded, whose own rule broke: rules.yaml a', rewrite: null },
    });
  });

  it('say of what was not exercised why it will select nothing', () => {
    const expr = 'request_total{direction="inbound", authority="x"}';
    const versions = { before: ['2.17', 'v2.268.0'], after: ['2.18', 'v2.294.0'] } as const;
    const idle = (['before', 'after'] as const).map((phase) => {
      const [version, proxyVersion] = versions[phase];
      const mesh = { kind: 'simulated' as const, version, proxyVersion };
      return { ...world(phase, { a: answer(expr, []) }), info: { name: 'local', mesh } };
    });
    const [verdict] = judgeQueries([query('a', expr)], idle, NO_SCHEMA, [], experts(null));
    expect(verdict).toMatchObject({ outcome: 'same', notExercised: true, broken: false });
    expect(verdict!.reason).toMatch(/^`authority` is no longer on inbound series/);
  });

  it('are none where nothing was asked', () => {
    expect(judgeQueries([A], [world('before', {})], NO_SCHEMA, [], experts(null))).toEqual([]);
  });
});

describe('targets', () => {
  const target = (job: string, of: string, up = 1): TargetSchema => ({
    job,
    of,
    up,
    down: 1 - up,
    native: 0,
    labels: [],
  });
  const schema = (targets: TargetSchema[]): MeshSchema => ({
    ...{ families: [], targets, seriesPerProxy: 0, bytesPerScrape: 0, page: {} },
  });
  const of = (phase: World['phase'], ...targets: TargetSchema[]) => imaginedWorld({ phase, schema: schema(targets) });

  it('are lost when none after scrapes them, under whatever job', () => {
    const before = [target('proxy', 'proxies'), target('controller', 'policy'), target('mirror', 'mirror')];
    const after = [target('proxy', 'proxies'), target('multicluster', 'mirror')];
    const change = { kind: 'gone', what: 'targets', subject: 'controller', after: '', guessed: false } as const;
    const changes = [{ ...change, before: 'destination, policy', reason: 'since 2.19' }];
    expect(lostTargets([of('before', ...before), of('after', ...after)], { ...NO_SCHEMA, changes })).toEqual([
      { job: 'controller', of: 'policy', reason: 'since 2.19' },
    ]);
  });

  it('are lost when they are down, and not when one world of after has them, or one of before has not', () => {
    const policy = target('controller', 'policy');
    const down = target('controller', 'policy', 0);
    expect(lostTargets([of('before', policy), of('after', down)], NO_SCHEMA)).toHaveLength(1);
    expect(lostTargets([of('before', policy), of('after', down), of('after', policy)], NO_SCHEMA)).toEqual([]);
    expect(lostTargets([of('before', policy), of('before', down), of('after', down)], NO_SCHEMA)).toEqual([]);
    expect(lostTargets([of('before', policy)], NO_SCHEMA)).toEqual([]);
  });
});

describe('the step', () => {
  const info = (version: string, proxyVersion: string) => ({
    ...{ name: 'local', mesh: { kind: 'simulated' as const, version, proxyVersion } },
  });

  it('is between the versions that turned out to run', () => {
    const worlds = [
      imaginedWorld({ phase: 'before', info: info('2.17', 'v2.268.0') }),
      imaginedWorld({ phase: 'after', info: info('2.18', 'v2.294.0') }),
    ];
    expect(stepsOf(worlds)).toEqual({
      proxy: { from: 'v2.268.0', to: 'v2.294.0' },
      linkerd: { from: '2.17', to: '2.18' },
    });
    expect(stepsOf(worlds.slice(0, 1))).toEqual({});
  });
});
