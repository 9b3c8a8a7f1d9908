import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { recordingRules } from './recording.ts';
import { queryOf } from './testing/answers.ts';

const rule = (records: string, expr: string, labels: Record<string, string> = {}) =>
  queryOf(expr, { id: `${records} ${expr}`, kind: 'recording', records, labels });

const rulesOf = (text: string | null) =>
  (parse(text!) as { groups: { rules: { record: string; expr: string; labels?: object }[] }[] }).groups[0]!.rules;

describe('recordingRules', () => {
  it('are one group at the interval of scrapes', () => {
    const text = recordingRules([rule('a:b', 'sum(up)', { team: 'x' }), queryOf('up')], 2000);
    expect(parse(text!)).toEqual({
      groups: [
        { name: 'recording-rules', interval: '2s', rules: [{ record: 'a:b', expr: 'sum(up)', labels: { team: 'x' } }] },
      ],
    });
  });

  it('are none where nothing is recorded', () => {
    expect(recordingRules([queryOf('up'), queryOf('up', { kind: 'alert' })], 1000)).toBeNull();
  });

  it('leave out what does not parse, and what is there twice', () => {
    const rules = [
      rule('a:b', 'sum('),
      rule('a:c', 'up'),
      rule('a:c', 'up'),
      rule('a:c', 'up', { x: 'y' }),
      rule('a:c', 'down'),
    ];
    expect(rulesOf(recordingRules(rules, 1000)).map(({ record, expr }) => [record, expr])).toEqual([
      ['a:c', 'up'],
      ['a:c', 'up'],
      ['a:c', 'down'],
    ]);
  });

  it('come after those that they build on', () => {
    const rules = [rule('a:c', 'a:b / 2'), rule('a:b', 'sum(a:a)'), rule('a:a', 'up'), rule('a:x', 'a:x + 1')];
    expect(rulesOf(recordingRules(rules, 1000)).map(({ record }) => record)).toEqual(['a:a', 'a:b', 'a:c', 'a:x']);
  });
});
