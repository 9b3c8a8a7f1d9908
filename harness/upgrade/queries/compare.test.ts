import { describe, expect, it } from 'vitest';
import type { AnswerSeries } from '../types.ts';
import { compareAnswers } from './compare.ts';
import { answer, compare, counted, queryOf, said, series } from './testing/answers.ts';

describe('values', () => {
  const EXPR = 'sum by (deployment) (increase(request_total[1m]))';
  const world = (value: number, over: Partial<AnswerSeries> = {}) =>
    answer(EXPR, [{ ...counted({ deployment: 'web' }, value), ...over }]);

  it('that are equal are the same', () => {
    expect(compare(EXPR, world(100), world(100))).toEqual({
      ...{ outcome: 'same', notExercised: false, broken: false },
      seen: '1 series, the same values',
    });
  });

  it('differ by chance as the number of events has it', () => {
    expect(compare(EXPR, world(100), world(150))).toMatchObject({
      outcome: 'same-within-noise',
      broken: false,
      seen: '1 series; 100 before, 150 after (noise up to 63.2)',
    });
    expect(compare(EXPR, world(100), world(200))).toEqual({
      ...{ outcome: 'different-values', notExercised: false, broken: true },
      seen: '{deployment="web"}: 100 before, 200 after (noise up to 69.3)',
    });
  });

  it('differ by what a scrape more or less makes of them', () => {
    expect(compare(EXPR, world(100, { phase: 40 }), world(200))).toMatchObject({ outcome: 'same-within-noise' });
    expect(compare(EXPR, world(100, { sigma: 0 }), world(110, { sigma: 0, phase: 5 })).outcome).toBe(
      'different-values',
    );
    expect(compare(EXPR, world(100, { sigma: 0 }), world(110, { sigma: 0, phase: 10 })).outcome).toBe(
      'same-within-noise',
    );
  });

  it('differ by what they do from world to world', () => {
    const exact = (...values: number[]) => values.map((value) => world(value, { sigma: 0 }));
    expect(compare(EXPR, exact(100, 104), exact(110, 111)).outcome).toBe('different-values');
    expect(compare(EXPR, exact(100, 104), exact(108, 110)).outcome).toBe('same-within-noise');
  });

  it('differ by the traffic that callers made', () => {
    const with_ = (value: number, volume: number) => ({ ...world(value), volume });
    expect(compare(EXPR, with_(1000, 1000), with_(500, 1000)).outcome).toBe('different-values');
    expect(compare(EXPR, with_(1000, 1000), with_(500, 520)).outcome).toBe('same-within-noise');
    expect(compare(EXPR, with_(1000, 1000), with_(10, 0)).outcome).toBe('same-within-noise');
  });

  it('of pods add up: which of them had a request is chance', () => {
    const pods = (...values: number[]) =>
      answer(
        'increase(request_total[1m])',
        values.map((value, i) => counted({ pod: `web-${value}-${i}` }, value)),
      );
    expect(compare('increase(request_total[1m])', pods(100, 300), pods(199, 201)).outcome).toBe('same');
    expect(compare('increase(request_total[1m])', pods(100, 300), pods(400)).outcome).toBe('same');
    expect(compare('increase(request_total[1m])', pods(100, 300), pods(100, 300, 400)).outcome).toBe(
      'different-values',
    );
  });

  it('of shares do not', () => {
    const expr = 'sum by (pod) (rate(a_total[1m])) / sum by (pod) (rate(b_total[1m]))';
    const shares = (...values: number[]) =>
      answer(
        expr,
        values.map((value, i) => ({ labels: { pod: `p${value}${i}` }, value, sigma: 0.01 })),
      );
    expect(compare(expr, shares(0.9, 0.92), shares(0.915)).outcome).toBe('same-within-noise');
    expect(compare(expr, shares(0.9, 0.92), shares(0.5)).seen).toBe('0.91 before, 0.5 after (noise up to 0.049)');
  });

  it('of states have no noise of their own, and as many series as before', () => {
    expect(compare('count(up)', said('count(up)', '4'), said('count(up)', '5'))).toMatchObject({
      outcome: 'different-values',
      seen: '4 before, 5 after',
      broken: true,
    });
    const up = (...pods: string[]) => said('up', ...pods.map((pod) => `{job="x",pod="${pod}"} 1`));
    expect(compare('up', up('a', 'b'), up('c', 'd')).outcome).toBe('same');
    expect(compare('up', up('a', 'b'), up('c'))).toMatchObject({
      outcome: 'different-values',
      seen: '{job="x"}: 2 series before, 1 series after',
    });
    expect(compare('up', [up('a', 'b'), up('a')], up('c')).outcome).toBe('same');
  });

  it('of clocks and processes never differ', () => {
    for (const expr of ['process_start_time_seconds', 'time() - x', 'rate(process_cpu_seconds_total[1m])']) {
      expect(compare(expr, said(expr, '5'), said(expr, '5000'))).toMatchObject({
        outcome: 'same-within-noise',
        seen: '1 series; values that are never the same twice',
      });
    }
  });

  it('of times differ by orders of magnitude: another unit', () => {
    const expr = 'histogram_quantile(0.99, sum by (le) (rate(response_latency_ms_bucket[1m])))';
    const world = (value: string) => said(expr, value);
    expect(compare(expr, world('12'), world('90')).outcome).toBe('same-within-noise');
    expect(compare(expr, world('120'), world('0.12'))).toMatchObject({ outcome: 'different-values', broken: true });
    expect(compare(expr, world('NaN'), world('NaN')).outcome).toBe('same');
    expect(compare(expr, world('12'), world('NaN')).outcome).toBe('same-within-noise');
    expect(compare(expr, [world('12'), world('NaN')], world('NaN')).outcome).toBe('same-within-noise');
    const few = answer(expr, [{ labels: {}, value: 120, sigma: 60 }]);
    expect(compare(expr, few, world('0.12')).outcome).toBe('same-within-noise');
  });

  it('of recorded series are what was recorded', () => {
    const recorded = { 'a:p99': 'histogram_quantile(0.99, rate(x_bucket[1m]))', 'a:up': 'count(up)' };
    const world = (expr: string, value: string) => ({ ...said(expr, value), recorded });
    expect(compare('a:p99', world('a:p99', '12'), world('a:p99', '90')).outcome).toBe('same-within-noise');
    expect(compare('a:up', world('a:up', '12'), world('a:up', '13')).outcome).toBe('different-values');
  });
});

describe('labels', () => {
  const EXPR = 'sum by (authority, deployment) (request_total)';
  const world = (...rows: [Record<string, string>, number][]) =>
    answer(
      EXPR,
      rows.map(([labels, value]) => counted(labels, value)),
    );

  it('that are gone break a query', () => {
    const before = world([{ authority: 'web', deployment: 'web' }, 100], [{ authority: 'api', deployment: 'api' }, 50]);
    const after = world([{ deployment: 'web' }, 100], [{ deployment: 'api' }, 50]);
    expect(compare(EXPR, before, after)).toEqual({
      ...{ outcome: 'different-labels', notExercised: false, broken: true },
      seen: 'label authority gone',
    });
    expect(compare(EXPR, after, before)).toMatchObject({ broken: false, seen: 'label authority new' });
  });

  it('that came or went are seen over many series of few events', () => {
    const few = (extra: Record<string, string>) =>
      world(
        ...['a', 'b', 'c', 'd', 'e', 'f'].map((d): [Record<string, string>, number] => [
          { deployment: d, ...extra },
          3,
        ]),
      );
    expect(compare(EXPR, few({}), few({ authority: 'x' })).seen).toBe('label authority new');
    expect(
      compare(EXPR, world([{ deployment: 'a' }, 3]), world([{ deployment: 'a', authority: 'x' }, 3])).outcome,
    ).toBe('same-within-noise');
  });

  it('with other values are told by what differs', () => {
    const expr = 'sum by (grpc_status) (response_total)';
    const of = (...rows: [string, number][]) =>
      answer(
        expr,
        rows.map(([s, n]) => counted({ grpc_status: s }, n)),
      );
    expect(compare(expr, of(['0', 90], ['14', 30]), of(['0', 60], ['14', 30], ['2', 30]))).toMatchObject({
      outcome: 'different-labels',
      broken: false,
      seen: 'series {grpc_status="2"} only after',
    });
    expect(compare(expr, of(['0', 60], ['2', 30]), of(['0', 60]), 'alert')).toMatchObject({
      broken: true,
      seen: 'series {grpc_status="2"} only before',
    });
    expect(compare(expr, of(['0', 60]), of(['0', 60], ['2', 30]), 'alert').broken).toBe(true);
  });

  it('of few events are on one side by chance; of more worlds fewer are enough', () => {
    const expr = 'sum by (status_code) (response_total)';
    const of = (errors: number) =>
      answer(expr, [
        counted({ status_code: '200' }, 500),
        ...(errors > 0 ? [counted({ status_code: '503' }, errors)] : []),
      ]);
    expect(compare(expr, of(13), of(0)).outcome).toBe('same-within-noise');
    expect(compare(expr, of(15), of(0)).outcome).toBe('different-labels');
    expect(compare(expr, [of(8), of(8)], [of(0), of(0)]).outcome).toBe('different-labels');
    expect(compare(expr, [of(20), of(0)], [of(0), of(0)]).outcome).toBe('same-within-noise');
  });

  it('that name pods, addresses and builds are all one', () => {
    const of = (n: number) =>
      said(
        'request_total',
        `{pod="web-${n}",instance="10.0.0.${n}:4191",target_addr="10.0.0.${n}:80",dst_pod="x${n}",peer="10.1.1.${n}"} 5`,
      );
    expect(compare('request_total', of(1), of(2)).outcome).toBe('same');
    const info = (version: string) => said('count by (version) (proxy_build_info)', `{version="${version}"} 3`);
    expect(compare('count by (version) (proxy_build_info)', info('1'), info('2')).outcome).toBe('same');
    const app = (version: string) => said('count by (version) (up)', `{version="${version}"} 3`);
    expect(compare('count by (version) (up)', app('1'), app('2')).outcome).toBe('different-labels');
  });

  it('le is another one in Prometheus 3', () => {
    const expr = 'sum by (le) (rate(x_bucket[1m]))';
    expect(compare(expr, said(expr, '{le="1"} 5'), said(expr, '{le="1.0"} 5'))).toMatchObject({
      outcome: 'different-labels',
      seen: 'series {le="1"} only before; series {le="1.0"} only after',
    });
  });
});

describe('errors', () => {
  const failed = (text: string) => answer('x(', [], {}, text);

  it('that are new break a query', () => {
    expect(compare('x(', said('x(', '1'), failed('unknown function'))).toEqual({
      ...{ outcome: 'error', notExercised: false, broken: true },
      seen: '1 series before; after: unknown function',
    });
    expect(compare('x(', failed('a'), said('x(', '1'))).toMatchObject({
      broken: false,
      seen: '1 series after; before: a',
    });
    expect(compare('x(', failed('a'), failed('a'))).toMatchObject({
      outcome: 'error',
      broken: false,
      seen: 'before and after: a',
    });
    expect(compare('x(', failed('a'), failed('b')).seen).toBe('before: a; after: b');
  });

  it('of one world of several count for nothing', () => {
    const good = said('up', '{job="x"} 1');
    expect(
      compare('up', [good, answer('up', [], {}, 'timeout')], [answer('up', [], {}, 'timeout'), good]).outcome,
    ).toBe('same');
  });

  it('in the wake of a run that broke off are no comparison', () => {
    expect(compareAnswers(queryOf('up'), [], [said('up', '1')])).toMatchObject({
      outcome: 'same',
      notExercised: true,
      seen: 'it could not be asked before',
    });
  });
});

describe('a rewritten expression', () => {
  it('is compared with what it was, whatever its series are called', () => {
    const before = said('old_count', '{__name__="old_count",job="x"} 1');
    const after = said('new_total', '{__name__="new_total",job="x"} 1');
    expect(compare('new_total', before, after).outcome).toBe('same');
    expect(compare('old_count', before, said('old_count', '{__name__="new_total",job="x"} 1')).outcome).toBe(
      'different-labels',
    );
  });

  it('may be built otherwise', () => {
    const before = answer('old < 1', [], { old: series('5') });
    const after = answer('(new or old) < 1', [], {
      '(new or old)': series('5'),
      'new or old': series('5'),
      new: series('5'),
      old: [],
    });
    expect(compare('(new or old) < 1', before, after, 'alert')).toMatchObject({ outcome: 'same', broken: false });
    expect(compare('(new or old) < 1', before, answer('(new or old) < 1', []), 'alert').outcome).toBe('now-empty');
  });
});
