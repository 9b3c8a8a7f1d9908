import type { FaultsRecord, Tally } from '../../../matrix/record.ts';
import { mean } from '../../../upgrade/statistics.ts';
import { environments, other, tools, unfinished } from '../caveats.ts';
import { ofShares } from '../counting.ts';
import { type Draft, matched } from '../draft.ts';
import { ofPairs, unknown } from '../noise.ts';

const GROUPS = { faults: 'one fault', clean: 'no fault', pairs: 'two faults' } as const;

export function faultsDrafts(a: FaultsRecord, b: FaultsRecord): Draft[] {
  const scores = (['faults', 'clean', 'pairs'] as const).map((group): Draft => {
    const [x, y] = [a.score[group], b.score[group]];
    return {
      group: GROUPS[group],
      what: 'diagnosed rightly',
      unit: 'ratio',
      a: ratio(x),
      b: ratio(y),
      better: 'higher',
      test: x.worlds > 0 && y.worlds > 0 ? ofShares(rights(x), rights(y)) : unknown(''),
      headline: true,
    };
  });
  const pairs = matched(times(a), times(b), ({ of }) => of).filter(([, x, y]) => x.length > 0 && y.length > 0);
  const [before, after] = [
    pairs.map(([, x]) => mean(x.map(({ ms }) => ms))),
    pairs.map(([, , y]) => mean(y.map(({ ms }) => ms))),
  ];
  const time: Draft = {
    group: '',
    what: 'from a fault to its diagnosis',
    unit: 'ms',
    a: before.length > 0 ? mean(before) : null,
    b: after.length > 0 ? mean(after) : null,
    better: 'lower',
    test: ofPairs(before, after),
  };
  return [...scores, time];
}

/** Of each world that got to a diagnosis; compared by what was injected, since faults differ in how soon they show. */
function times({ worlds }: FaultsRecord) {
  return worlds.flatMap(({ cases, faultToDiagnosisMs: ms }) => (ms === null ? [] : [{ of: cases.join(' + '), ms }]));
}

const rights = ({ right, worlds }: Tally) => ({ hits: right, of: worlds });
const ratio = ({ right, worlds }: Tally) => (worlds > 0 ? right / worlds : null);

export function faultsCaveats(a: FaultsRecord, b: FaultsRecord): string[] {
  const cases = ({ worlds }: FaultsRecord) => [...new Set(worlds.flatMap((world) => world.cases))].sort().join(', ');
  return [
    ...environments(a.environment, b.environment),
    ...tools(a.environment.tools, b.environment.tools),
    ...other('platform', a.environment.platform, b.environment.platform),
    ...other('seed', a.seed, b.seed),
    ...(cases(a) === cases(b) ? [] : ['other faults were drawn']),
    ...unfinished(a, b),
  ];
}
