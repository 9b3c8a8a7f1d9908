import { describe, expect, it } from 'vitest';
import type { AnswerSeries } from '../types.ts';
import { compareAnswers } from './compare.ts';
import { answer, queryOf, series } from './testing/answers.ts';

type Parts = Record<string, AnswerSeries[]>;

function compare(expr: string, before: Parts, after: Parts) {
  return compareAnswers(queryOf(expr, { kind: 'alert' }), [answer(expr, [], before)], [answer(expr, [], after)]);
}

describe('a silent alert', () => {
  const EXPR = 'sum by (authority) (rate(request_total{direction="inbound"}[1m])) > 1000';
  const SUMS = 'sum by (authority) (rate(request_total{direction="inbound"}[1m]))';
  const SELECTOR = 'request_total{direction="inbound"}';
  const busy = (line: string, events = 100): Parts => ({
    [SUMS]: series(line).map((one) => ({ ...one, sigma: one.value / Math.sqrt(events) })),
    [SELECTOR]: series('{pod="a"} 100'),
  });

  it('has one threshold for all where it had one for each: the label is gone that it groups by', () => {
    expect(compare(EXPR, busy('{authority="web"} 5'), busy('5'))).toEqual({
      ...{ outcome: 'different-labels', notExercised: false, broken: true },
      seen: 'no series on either side; what it filters: label authority gone',
    });
  });

  it('watches some no more', () => {
    const expr = 'up == 0';
    const [two, one] = [series('{job="a"} 1', '{job="b"} 1'), series('{job="a"} 1')];
    expect(compare(expr, { up: two }, { up: one })).toMatchObject({
      ...{ outcome: 'different-labels', broken: true },
      seen: 'no series on either side; what it filters: series {job="b"} only before',
    });
    expect(compare(expr, { up: one }, { up: two })).toMatchObject({ outcome: 'same', broken: false });
  });

  it('is not blamed for few events, other values, or labels that came', () => {
    for (const [before, after] of [
      [busy('{authority="web"} 5', 3), busy('{authority="cart"} 5', 3)],
      [busy('{authority="web"} 5'), busy('{authority="web"} 50')],
      [busy('5'), busy('{authority="web"} 5')],
    ] as const) {
      expect(compare(EXPR, before, after)).toMatchObject({ outcome: 'same', broken: false });
    }
  });

  it('has targets whose labels name the version that is upgraded', () => {
    const up = (version: string): Parts => ({
      up: series(`{component="identity", app_kubernetes_io_version="${version}"} 1`),
    });
    expect(compare('up == 0', up('2.17'), up('2.18'))).toMatchObject({ outcome: 'same', broken: false });
    const panel = (version: string) => [answer('up', up(version).up!)];
    expect(compareAnswers(queryOf('up', { kind: 'panel' }), panel('2.17'), panel('2.18')).outcome).toBe('same');
  });

  it('may watch either side of `or`, whatever its series are called', () => {
    const expr = 'up{job="old"} == 0 or up{job="new"} == 0';
    const up = (job: string): Parts => ({
      'up{job="old"} or up{job="new"}': series(`{__name__="up", job="${job}"} 1`),
      'up{job="old"}': job === 'old' ? series('1') : [],
      'up{job="new"}': job === 'new' ? series('1') : [],
    });
    expect(compare(expr, up('old'), up('new'))).toMatchObject({ outcome: 'same', broken: false });
  });

  it('is dead although `or vector(0)` stands in for what is gone', () => {
    const expr = '(sum(x) or vector(0)) > 5';
    const world = (n: number): Parts => ({
      'sum(x) or vector(0)': series(String(n)),
      x: series(...Array(n).fill('{a="1"} 0')),
    });
    expect(compare(expr, world(3), world(0))).toMatchObject({
      ...{ outcome: 'now-empty', broken: true },
      seen: 'no series on either side, but it is dead now: x has 3 series before, none after',
    });
    const either = '(sum(x) or sum(y) or vector(0)) > 5';
    const more = (x: number, y: number): Parts => ({
      'sum(x) or sum(y) or vector(0)': series('3'),
      ...{ x: series(...Array(x).fill('0')), y: series(...Array(y).fill('0')) },
    });
    expect(compare(either, more(1, 0), more(0, 1))).toMatchObject({ outcome: 'same', broken: false });
    expect(compare(either, more(1, 0), more(0, 0))).toMatchObject({ outcome: 'now-empty', broken: true });
  });
});
