import { describe, expect, it } from 'vitest';
import { shiftedAnswer, shiftedPage, shiftedQuery, shiftedRequest } from './shift.ts';

describe('a query', () => {
  it.each([
    ['time()', '(time() + 90)'],
    ['time() - foo{a="time()"}', '(time() + 90) - foo{a="time()"}'],
    ['timestamp(up{job="x"})', '(timestamp(up{job="x"}) + 90)'],
    ['max(timestamp(rate(up[1m])) - time ( ))', 'max((timestamp(rate(up[1m])) + 90) - (time() + 90))'],
    ['timestamp(timestamp(up))', '(timestamp((timestamp(up) + 90)) + 90)'],
    ['up @ 1000.5', 'up @ 910.5'],
    ['up @ end()', 'up @ end()'],
    ["sum by (time) (uptime('x'))", "sum by (time) (uptime('x'))"],
    ['timestamp_total + my_time', 'timestamp_total + my_time'],
    ['foo{a="\\"time()"} + `timestamp(x)`', 'foo{a="\\"time()"} + `timestamp(x)`'],
  ])('%s', (expr, shifted) => {
    expect(shiftedQuery(expr, 90_000)).toBe(shifted);
  });

  it('goes back for a clock that is behind', () => {
    expect(shiftedQuery('time() > 0', -1500)).toBe('(time() - 1.5) > 0');
  });

  it('is asked for moments by the clock that is off', () => {
    const params = new URLSearchParams({ query: 'up', time: '1000.123', start: '1970-01-01T00:20:00Z', step: '15' });
    expect(Object.fromEntries(shiftedRequest(params, 90_000))).toEqual({
      query: 'up',
      time: '910.123',
      start: '1970-01-01T00:18:30.000Z',
      step: '15',
    });
    expect(shiftedRequest(new URLSearchParams({ time: 'nonsense' }), 1000).get('time')).toBe('nonsense');
  });
});

describe('an answer', () => {
  const result = (resultType: string, of: unknown) => ({ status: 'success', data: { resultType, result: of } });

  it('has every sample at another time, and the same value', () => {
    const shift = (body: unknown) => shiftedAnswer('/api/v1/query', body, 90_000);
    expect(shift(result('vector', [{ metric: { a: 'b' }, value: [1.5, '7'] }]))).toEqual(
      result('vector', [{ metric: { a: 'b' }, value: [91.5, '7'] }]),
    );
    const values = [
      [1.001, '7'],
      [2.002, '8'],
    ];
    expect(shift(result('matrix', [{ metric: {}, values }]))).toEqual(
      result('matrix', [
        {
          metric: {},
          values: [
            [91.001, '7'],
            [92.002, '8'],
          ],
        },
      ]), // prettier-ignore
    );
    expect(shift(result('scalar', [1, '7']))).toEqual(result('scalar', [91, '7']));
    expect(shift({ status: 'error', error: 'x' })).toEqual({ status: 'error', error: 'x' });
  });

  it('of any other kind has its times shifted, but not the time that means never', () => {
    const body = { data: { activeTargets: [{ lastScrape: '1970-01-01T00:00:01.5Z', scrapeUrl: 'x', n: 1 }] } };
    expect(shiftedAnswer('/api/v1/targets', body, 2000)).toEqual({
      data: { activeTargets: [{ lastScrape: '1970-01-01T00:00:03.500Z', scrapeUrl: 'x', n: 1 }] },
    });
    expect(shiftedAnswer('/api/v1/targets', { lastScrape: '0001-01-01T00:00:00Z' }, 2000)).toEqual({
      lastScrape: '0001-01-01T00:00:00Z',
    });
  });

  it('of its own page has its moments shifted, and nothing else', () => {
    const page = [
      '# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.',
      'process_start_time_seconds 1000.5',
      'prometheus_config_last_reload_success_timestamp_seconds 2000',
      'process_cpu_seconds_total 3',
    ];
    expect(shiftedPage(page.join('\n'), -500_000).split('\n')).toEqual([
      page[0],
      'process_start_time_seconds 500.5',
      'prometheus_config_last_reload_success_timestamp_seconds 1500',
      page[3],
    ]);
  });
});
