import { describe, expect, it } from 'vitest';
import type { Answer, Question } from '../evidence/types.ts';
import { TestMesh } from '../verdict/diagnose/testing/index.ts';
import { isEmpty, isUnread, isWrong, ruleReports } from './rules.ts';

const evidence = new TestMesh().evidence();

/** A Prometheus with these rules, which has series of the families that are named, all of job linkerd-proxy. */
async function reports(rules: object[], families: string[]) {
  const asked: string[] = [];
  const answer = async (question: Question): Promise<Answer> => {
    if (question.ask !== 'query') return { to: 'error', message: 'not asked here' };
    asked.push(question.expr);
    const known =
      families.some((family) => question.expr.includes(family)) && !/job="other"|pod="none"/.test(question.expr);
    return { to: 'query', samples: known ? [{ labels: { job: 'linkerd-proxy' }, t: 0, v: 1 }] : [] };
  };
  const client = { read: async () => ({ groups: [{ name: 'mesh', rules }] }) };
  return { reports: await ruleReports(client, evidence, answer), asked };
}

const alert = (name: string, query: string, more: object = {}) => ({ name, query, type: 'alerting', ...more });

describe('rules of a Prometheus', () => {
  it('are well where they select something', async () => {
    const { reports: found } = await reports([alert('Errors', 'sum(rate(request_total[5m])) > 1')], ['request_total']);
    expect(found).toEqual([
      { group: 'mesh', name: 'Errors', type: 'alerting', expr: 'sum(rate(request_total[5m])) > 1', problems: [] },
    ]);
  });

  it('select nothing now, which need not be wrong', async () => {
    const { reports: found } = await reports([alert('Gone', 'up{pod="none"} == 0')], ['up']);
    expect(found[0]!.problems).toMatchObject([{ cause: null, message: 'it selects nothing' }]);
    expect([found[0]!.problems.every(isEmpty), isWrong(found[0]!)]).toEqual([true, false]);
  });

  it('have another name for the job, or could not be evaluated', async () => {
    const rules = [
      alert('Job', 'sum(rate(request_total{job="other"}[5m])) > 1'),
      alert('Failed', 'up', { lastError: 'many-to-many matching not allowed' }),
    ];
    const { reports: found } = await reports(rules, ['request_total', 'up']);
    expect(found.map(isWrong)).toEqual([true, true]);
    expect(found[0]!.problems).toMatchObject([{ cause: 'job-label-differs' }]);
    expect(found[1]!.problems).toMatchObject([{ message: expect.stringContaining('many-to-many') }]);
  });

  it('are not wrong because Prometheus knows more of its language than we do', async () => {
    const query = 'of_tomorrow(up) > 1';
    const rules = [
      alert('New', query),
      alert('NewAndFailed', query, { lastError: 'many-to-many matching not allowed' }),
    ];
    const { reports: found } = await reports(rules, ['up']);
    expect(found.map(isUnread)).toEqual([true, true]);
    expect(found.map(isWrong)).toEqual([false, true]);
  });

  it('ask each question once, whoever asks it', async () => {
    const query = 'sum(rate(request_total[5m])) > 1';
    const { asked } = await reports([alert('A', query), alert('B', query)], ['request_total']);
    expect(asked.length).toBeGreaterThan(0);
    expect(new Set(asked).size).toBe(asked.length);
  });
});
