import { describe, expect, it } from 'vitest';
import type { NamedCause } from './record.ts';
import { judgeWorld, scoreOf } from './score.ts';
import { sampleDiagnosis, sampleRecord, sampleWorld } from './testing/samples.ts';

const RENAMED: NamedCause = { cause: 'admin-port-renamed', pods: ['shop/cart-0'] };
const REFUSED: NamedCause = { cause: 'admin-port-refused', pods: ['shop/web-0'] };
const named = sampleDiagnosis({});
const refused = sampleDiagnosis({ causes: ['admin-port-refused'], pods: ['shop/web-0'], summary: 'nobody listens' });

describe('a world is right', () => {
  it.each([
    ['with the cause and exactly its pods', [RENAMED], [named]],
    ['with both of two, in any order', [RENAMED, REFUSED], [refused, named]],
    ['without a fault and a diagnosis', [], []],
    ['with a cause that concerns no pod', [{ ...RENAMED, pods: [] }], [{ ...named, pods: [] }]],
  ])('%s', (_, expected, diagnoses) => {
    expect(judgeWorld(expected, diagnoses)).toMatchObject({ right: true, why: '', wrong: [], found: expected });
  });
});

describe('a world is wrong', () => {
  it.each([
    ['without a diagnosis', [RENAMED], [], 'admin-port-renamed was not named'],
    [
      'with another cause',
      [RENAMED],
      [refused],
      'admin-port-renamed was not named; admin-port-refused was named of shop/web-0: nobody listens',
    ],
    ['with one besides', [RENAMED], [named, refused], 'admin-port-refused was named of shop/web-0: nobody listens'],
    [
      'with the same twice',
      [RENAMED],
      [named, { ...named, summary: 'again' }],
      'admin-port-renamed was named of shop/cart-0: again',
    ],
    [
      'undecided',
      [RENAMED],
      [{ ...named, causes: ['admin-port-renamed', 'container-renamed'] }],
      'undecided between admin-port-renamed and container-renamed',
    ],
    [
      'of other pods',
      [{ ...RENAMED, pods: ['a', 'b'] }],
      [{ ...named, pods: ['b', 'c'] }],
      'admin-port-renamed names other pods: without a, with c',
    ],
    [
      'of too few',
      [{ ...RENAMED, pods: ['a', 'b'] }],
      [{ ...named, pods: ['b'] }],
      'admin-port-renamed names other pods: without a',
    ],
    ['of none', [RENAMED], [{ ...named, pods: [] }], 'admin-port-renamed names other pods: without shop/cart-0'],
    ['with a diagnosis and no fault', [], [{ ...named, pods: [] }], `admin-port-renamed was named: ${named.summary}`],
    ['with one of two', [RENAMED, REFUSED], [named], 'admin-port-refused was not named'],
  ])('%s', (_, expected, diagnoses, why) => {
    expect(judgeWorld(expected, diagnoses)).toMatchObject({ right: false, why });
  });

  it('takes the exact one of two that name the cause', () => {
    const { found, why } = judgeWorld([RENAMED], [{ ...named, pods: ['x'], summary: 'too many' }, named]);
    expect(found).toEqual([RENAMED]);
    expect(why).toBe('admin-port-renamed was named of x: too many');
  });
});

describe('the score', () => {
  it('counts worlds of each kind by their outcome', () => {
    expect(scoreOf(sampleRecord().worlds)).toEqual({
      faults: { worlds: 2, right: 1, wrong: 1, errors: 0 },
      clean: { worlds: 2, right: 1, wrong: 0, errors: 1 },
      pairs: { worlds: 1, right: 1, wrong: 0, errors: 0, bothNamed: 1, wrongNamed: 0 },
    });
  });

  it('tells a pair of which one was not named from one with something wrong', () => {
    const pair = sampleWorld({ kind: 'pair', expected: [RENAMED, REFUSED], outcome: 'wrong' });
    const of = (...diagnosed: (typeof named)[]) => scoreOf([{ ...pair, diagnosed }]).pairs;
    expect(of(named, refused)).toMatchObject({ bothNamed: 1, wrongNamed: 0 });
    expect(of(named)).toMatchObject({ bothNamed: 0, wrongNamed: 0 });
    expect(of(named, refused, { ...named, causes: ['rbac-denied'], pods: [] })).toMatchObject({
      bothNamed: 1,
      wrongNamed: 1,
    });
    expect(of(named, { ...refused, pods: ['shop/web-0', 'shop/db-0'] })).toMatchObject({ bothNamed: 0, wrongNamed: 1 });
    expect(of(named, { ...refused, pods: [] })).toMatchObject({ bothNamed: 0, wrongNamed: 0 });
    expect(scoreOf([{ ...pair, outcome: 'error', diagnosed: [] }]).pairs).toMatchObject({ bothNamed: 0, errors: 1 });
  });
});
