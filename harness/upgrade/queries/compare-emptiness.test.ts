import { describe, expect, it } from 'vitest';
import type { AnswerSeries } from '../types.ts';
import { answer, compare, counted, said, series } from './testing/answers.ts';

describe('emptiness', () => {
  const OLD = 'identity_cert_expiration_timestamp_seconds';
  const silent = (expr: string, parts: Record<string, AnswerSeries[]>) => answer(expr, [], parts);

  it('of an alert is silence where everything it needs is there', () => {
    const expr = `${OLD} - time() < 3600`;
    const world = silent(expr, { [`${OLD} - time()`]: series('80000'), [OLD]: series('{pod="a"} 1e9') });
    expect(compare(expr, world, world, 'alert')).toEqual({
      ...{ outcome: 'same', notExercised: false, broken: false },
      seen: 'no series on either side; what it filters: 1 series before, 1 series after',
    });
  });

  it('of an alert is death where a selector lost its series', () => {
    const expr = `${OLD} - time() < 3600`;
    const had = silent(expr, { [`${OLD} - time()`]: series('80000'), [OLD]: series('{pod="a"} 1e9', '{pod="b"} 1e9') });
    const has = silent(expr, { [`${OLD} - time()`]: [], [OLD]: [] });
    expect(compare(expr, had, has, 'alert')).toEqual({
      ...{ outcome: 'now-empty', notExercised: false, broken: true },
      seen: `no series on either side, but it is dead now: ${OLD} has 2 series before, none after`,
    });
    expect(compare(expr, has, had, 'alert')).toMatchObject({ outcome: 'same', notExercised: false, broken: false });
    expect(compare(expr, has, has, 'alert')).toEqual({
      ...{ outcome: 'same', notExercised: true, broken: false },
      seen: 'nothing that it selects was there on either side',
    });
  });

  it('of an alert is death where both sides are there and do not match any more', () => {
    const expr = 'up == on (a) kube_x';
    const world = (matched: boolean) =>
      silent(expr, { 'up - on (a) kube_x': matched ? series('{a="1"} 1') : [], up: series('1'), kube_x: series('1') });
    expect(compare(expr, world(true), world(false), 'alert')).toMatchObject({
      outcome: 'now-empty',
      broken: true,
      seen: 'no series on either side, but it is dead now: without its filters it has 1 series before, none after',
    });
    expect(compare(expr, world(false), world(false), 'alert')).toMatchObject({
      notExercised: true,
      seen: 'what it selects never matched on either side',
    });
  });

  it('needs one side of `or`, the left of `unless`, and nothing of `absent`', () => {
    const either = 'up == 0 or down == 1';
    const world = (up: number, down: number) =>
      silent(either, {
        'up or down': series(...Array(up + down).fill('1')),
        ...{ up: series(...Array(up).fill('1')), down: series(...Array(down).fill('1')) },
      });
    expect(compare(either, world(1, 0), world(0, 1)).outcome).toBe('same');
    expect(compare(either, world(1, 1), world(0, 1)).outcome).toBe('same');
    expect(compare(either, world(1, 0), world(0, 0)).outcome).toBe('now-empty');
    const less = (up: number, down: number) =>
      silent('up unless down', { up: series(...Array(up).fill('1')), down: series(...Array(down).fill('1')) });
    expect(compare('up unless down', less(1, 1), less(1, 0)).outcome).toBe('same');
    expect(compare('up unless down', less(1, 1), less(0, 1)).outcome).toBe('now-empty');
    const absent = (up: number) =>
      answer('absent(up)', up ? [] : series('1'), { up: series(...Array(up).fill('1')), 'vector(1)': series('1') });
    expect(compare('absent(up)', absent(1), absent(0), 'alert')).toMatchObject({
      outcome: 'newly-non-empty',
      broken: true,
      seen: 'none before, 1 series after: it would fire',
    });
    const both = 'absent(up) and load > 5';
    const quiet = (up: number) =>
      silent(both, {
        'vector(1) and load': series('1'),
        ...{ up: series(...Array(up).fill('1')), load: series('1'), 'load > 5': [], 'absent(up)': [] },
      });
    expect(compare(both, quiet(1), quiet(0), 'alert').outcome).toBe('same');
    expect(compare('absent(up)', absent(0), absent(1), 'alert')).toMatchObject({ outcome: 'now-empty', broken: false });
  });

  it('of a panel is broken when it came, and none of its matter when it went', () => {
    const full = said('up', '{job="x"} 1');
    expect(compare('up', full, said('up'))).toMatchObject({
      outcome: 'now-empty',
      broken: true,
      seen: '1 series before, none after; up has 1 series before, none after',
    });
    expect(compare('up', said('up'), full)).toMatchObject({ outcome: 'newly-non-empty', broken: false });
    expect(compare('up', said('up'), full, 'alert')).toMatchObject({ outcome: 'newly-non-empty', broken: true });
  });

  it('by so few events is chance', () => {
    const expr = 'increase(retries_total[1m]) > 0';
    const world = (n: number) =>
      answer(expr, n ? [counted({}, n)] : [], {
        retries_total: n ? [counted({}, n)] : [],
        'increase(retries_total[1m])': n ? [counted({}, n)] : [],
      });
    expect(compare(expr, world(0), world(5), 'alert')).toMatchObject({
      outcome: 'same-within-noise',
      broken: false,
      seen: 'none before, 1 series after; so few events that there may as well have been none',
    });
    expect(compare(expr, world(5), world(0), 'alert').outcome).toBe('same-within-noise');
    expect(compare(expr, world(0), world(50), 'alert').outcome).toBe('newly-non-empty');
    expect(compare(expr, world(50), world(0), 'alert').outcome).toBe('now-empty');
  });

  it('about a threshold is chance where what is compared is the same', () => {
    const expr = 'rate(a_total[1m]) / rate(b_total[1m]) < 0.98';
    const world = (share: number) => {
      const value = { labels: { d: 'x' }, value: share, sigma: 0.01 };
      return answer(expr, share < 0.98 ? [value] : [], {
        'rate(a_total[1m]) / rate(b_total[1m])': [value],
        a_total: [counted({ d: 'x' }, 300)],
        b_total: [counted({ d: 'x' }, 300)],
      });
    };
    expect(compare(expr, world(0.985), world(0.975), 'alert')).toMatchObject({
      outcome: 'same-within-noise',
      broken: false,
      seen: 'none before, 1 series after; what it compares is the same on both sides',
    });
    expect(compare(expr, world(0.975), world(0.985), 'alert').outcome).toBe('same-within-noise');
    expect(compare(expr, world(0.99), world(0.5), 'alert')).toMatchObject({ outcome: 'newly-non-empty', broken: true });
    expect(compare(expr, world(0.5), world(0.99), 'alert')).toMatchObject({ outcome: 'now-empty', broken: true });
  });

  it('of some series about a threshold is chance, too; also where they are counted', () => {
    const expr = 'count(rate(a_total[1m]) > 10)';
    const world = (x: number, y: number) => {
      const rates = [
        { labels: { d: 'x' }, value: x, sigma: 1 },
        { labels: { d: 'y' }, value: y, sigma: 1 },
      ];
      const above = rates.filter(({ value }) => value > 10).length;
      return answer(expr, above ? series(String(above)) : [], {
        'count(rate(a_total[1m]))': series('2'),
        'rate(a_total[1m])': rates,
        a_total: rates,
      });
    };
    expect(compare(expr, world(20, 9.5), world(20, 10.5)).outcome).toBe('same-within-noise');
    expect(compare(expr, world(20, 1), world(20, 30))).toMatchObject({ outcome: 'different-values', broken: true });
  });
});
