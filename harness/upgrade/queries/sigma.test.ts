import { describe, expect, it } from 'vitest';
import { parse, print } from '../../prometheus/promql/index.ts';
import { reaches, sigmas } from './sigma.ts';
import { series } from './testing/answers.ts';

/** Of an expression that comes to `value`; `parts` by what they are printed as. */
async function sigma(
  expr: string,
  value: string,
  parts: Record<string, string[]> = {},
  recorded: Record<string, string> = {},
): Promise<number> {
  const [one] = await sigmas(parse(expr), series(value), {
    scrapeIntervalMs: 2000,
    recorded: new Map(Object.entries(recorded).map(([name, text]) => [name, parse(text)])),
    valueOf: async (part) => series(...(parts[print(part)] ?? [])),
  });
  return one!;
}

describe('standard deviations', () => {
  it.each([
    // Of n events sqrt(n).
    ['request_total', '100', 10],
    ['sum(request_total)', '100', 10],
    ['increase(request_total[5m])', '100', 10],
    // 0.1/s over 5 minutes are 30 events, give or take sqrt(30).
    ['rate(request_total[5m])', '0.1', Math.sqrt(30) / 300],
    ['sum by (x) (rate(request_total[5m]))', '0.1', Math.sqrt(30) / 300],
    ['irate(request_total[5m])', '50', Math.sqrt(100) / 2],
    // Events of 1024 bytes.
    ['increase(tcp_read_bytes_total[1m])', '102400', 10 * 1024 * Math.sqrt(1)],
    ['60 * rate(request_total[1m])', '600', 60 * (Math.sqrt(600) / 60)],
    ['rate(request_total[1m]) * 60', '600', Math.sqrt(600)],
    ['rate(request_total[1m]) / 2', '5', Math.sqrt(600) / 60 / 2],
    ['request_total - 5', '95', 10],
    ['105 - request_total', '5', 10],
    ['-request_total', '-100', 10],
    ['request_total > 5', '100', 10],
    ['request_total unless up', '100', 10],
    ['abs(request_total)', '100', 10],
    ['label_replace(request_total, "a", "$1", "b", "(.*)")', '100', 10],
    ['max_over_time(rate(request_total[1m])[5m:])', '10', Math.sqrt(600) / 60],
    ['changes(up[1m])', '4', 2],
    // No events.
    ['up', '1', 0],
    ['count(request_total)', '100', 0],
    ['count(up)', '5', 0],
    ['proxy_build_info', '1', 0],
    ['time()', '5', 0],
    ['process_start_time_seconds', '1e9', 0],
    ['absent(request_total)', '1', 0],
    ['request_total', 'NaN', 0],
    ['request_total', '0', 0],
  ])('%s of %s', async (expr, value, expected) => {
    expect(await sigma(expr, value)).toBeCloseTo(expected, 9);
  });

  const SHARE = 'sum(rate(a_total[1m])) / sum(rate(b_total[1m]))';
  const [A, B] = SHARE.split(' / ');

  it('of shares are those of so many events, and never none', async () => {
    // 600 of 1000 events.
    expect(await sigma(SHARE, '0.6', { [A!]: ['10'], [B!]: [String(1000 / 60)] })).toBeCloseTo(
      Math.sqrt(0.24 / 1000),
      4,
    );
    const all = await sigma(SHARE, '1', { [A!]: ['10'], [B!]: ['10'] });
    expect(all).toBeGreaterThan(0.0015);
    expect(all).toBeLessThan(0.005);
    expect(await sigma(`1 - ${SHARE}`, '0', { [A!]: ['10'], [B!]: ['10'] })).toBeCloseTo(all, 9);
    expect(await sigma(`100 * (${SHARE})`, '100', { [A!]: ['10'], [B!]: ['10'] })).toBeCloseTo(100 * all, 9);
  });

  it('of shares are those of the series that has the labels', async () => {
    const expr = 'sum by (d) (rate(a_total[1m])) / sum by (d) (rate(b_total[1m]))';
    const parts = {
      'sum by (d) (rate(a_total[1m]))': ['{d="x"} 1'],
      'sum by (d) (rate(b_total[1m]))': ['{d="x"} 100', '{d="y"} 0.1'],
    };
    expect(await sigma(expr, '{d="x"} 0.5', parts)).toBeCloseTo(Math.sqrt(0.25 / 6000), 4);
    expect(await sigma(expr, '{d="y"} 0.5', parts)).toBeGreaterThan(0.1);
  });

  it('of quotients above 1, products, sums and differences are those of both', async () => {
    const parts = { a_total: ['400'], b_total: ['100'] };
    expect(await sigma('a_total / b_total', '4', parts)).toBeCloseTo(4 * Math.hypot(1 / 20, 1 / 10), 9);
    expect(await sigma('a_total - b_total', '300', parts)).toBeCloseTo(Math.hypot(20, 10), 9);
    expect(await sigma('a_total + b_total', '500', parts)).toBeCloseTo(Math.hypot(20, 10), 9);
    expect(await sigma('a_total or b_total', '100', parts)).toBe(10);
  });

  it('of recorded series are those of what was recorded', async () => {
    expect(await sigma('a:rate', '0.1', {}, { 'a:rate': 'rate(a_total[5m])' })).toBeCloseTo(Math.sqrt(30) / 300, 9);
    expect(await sigma('a:up', '5', {}, { 'a:up': 'count(up)' })).toBe(0);
  });

  it('of quantiles reach as far as some events more or less', async () => {
    const expr = 'histogram_quantile(0.5, sum by (le, d) (rate(x_seconds_bucket[1m])))';
    const of = async (text: string, perSecond: number, recorded: Record<string, string> = {}) => {
      const share = (part: number) => String(part * perSecond);
      const parts = [
        `{d="x",le="1"} ${share(0.4)}`,
        `{d="x",le="10"} ${share(0.6)}`,
        `{d="x",le="100"} ${share(1)}`,
        `{d="x",le="+Inf"} ${share(1)}`,
        `{d="y",le="+Inf"} 1000`,
      ];
      const [reach] = await reaches(parse(text), series('{d="x"} 5.5'), {
        scrapeIntervalMs: 1000,
        recorded: new Map(Object.entries(recorded).map(([name, one]) => [name, parse(one)])),
        valueOf: async () => series(...parts),
      });
      return reach;
    };
    // Of 60,000 events it is in its own bucket; of 60 it may be in any.
    expect(await of(expr, 1000)).toBe(4.5);
    expect(await of(expr, 1)).toBe(94.5);
    expect(await of(`${expr} > 1`, 1)).toBe(94.5);
    expect(await of('d:x', 1, { 'd:x': expr })).toBe(94.5);
    expect(await of('sum(rate(x_total[1m]))', 1)).toBe(0);
  });

  it('of quantiles are none, unless there are few events', async () => {
    const expr = 'histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket[1m])))';
    const of = (perSecond: number) => ({
      'sum by (le) (rate(x_seconds_bucket[1m]))': [`{le="1"} ${perSecond}`, `{le="+Inf"} ${perSecond}`],
    });
    expect(await sigma(expr, '0.5', of(10))).toBe(0);
    expect(await sigma(expr, '0.5', of(0.2))).toBe(0.25);
  });
});
