import { describe, expect, it } from 'vitest';
import { passingScenario, sampleBound, sampleFlow } from '../result/testing/sample.ts';
import type { FlowResult, QuantileResult, VerdictValue } from '../result/types.ts';
import { goldenDeviations } from './deviation.ts';
import { boundArithmetic, countDeviation, rowsOf, worstBounds } from './flows.ts';
import { formatDuration, formatMs, formatNumber, formatPercent, formatSigned, plural } from './format.ts';

function golden(flows: FlowResult[], quantiles: QuantileResult[] = []) {
  const { count, success, latency } = goldenDeviations({ ...passingScenario(), flows, quantiles });
  return { count: count.text, success: success.text, latency: latency.text };
}

const flow = (
  status: string,
  truth: number,
  prometheus: number | null,
  unobservable = 0,
  verdict: VerdictValue = 'pass',
) => sampleFlow({ status, truth, prometheus, unobservable, verdict });

function quantile(truthMs: number, observedMs: number | null, verdict: VerdictValue = 'pass'): QuantileResult {
  return { ...passingScenario().quantiles[0]!, truthMs, observedMs, verdict };
}

describe('the count', () => {
  it.each([
    ['equal', flow('200', 10, 10), 0],
    ['less', flow('200', 10, 7), -3],
    ['more', flow('200', 10, 12), 2],
    ['less by what was unobservable', flow('200', 10, 7, 3), 0],
    ['less than that', flow('200', 10, 6, 3), -1],
    ['more, and some unobservable', flow('200', 10, 12, 3), 2],
    ['no data', flow('200', 10, null), null],
  ])('%s', (_, value, expected) => {
    expect(countDeviation(value)).toBe(expected);
  });

  it('shows the flow that is furthest off, relative to its size', () => {
    expect(golden([flow('200', 1000, 990), flow('404', 10, 9)]).count).toBe('-1 (10%)');
    expect(golden([flow('200', 10, 10)]).count).toBe('exact');
    expect(golden([]).count).toBe('-');
  });

  it('is off where a verdict says so: what agrees though it differs is not', () => {
    const state = (...flows: FlowResult[]) => {
      const { count, success } = goldenDeviations({ ...passingScenario(), flows });
      return { count: [count.state, count.text], success: success.state };
    };
    // Callers gave up: the answers may have been counted, or not.
    expect(state(flow('200', 90, 90), flow('', 10, 7))).toEqual({ count: ['within', '-3 (30%)'], success: 'within' });
    expect(state(flow('200', 90, 90), flow('', 10, 7, 0, 'fail'))).toEqual({
      count: ['off', '-3 (30%)'],
      success: 'off',
    });
    // The wrong one is shown, however little it is off.
    expect(state(flow('200', 90, 89, 0, 'fail'), flow('', 10, 7)).count).toEqual(['off', '-1 (1.1%)']);
    expect(state(flow('', 10, 7), flow('200', 90, 89, 0, 'fail')).count).toEqual(['off', '-1 (1.1%)']);
    expect(state(flow('200', 90, 90, 0, 'fail')).count).toEqual(['exact', 'exact']);
  });

  it('says so when there is no data, unless that was right', () => {
    expect(golden([flow('200', 10, null, 0, 'inconclusive')]).count).toBe('no data');
    expect(golden([flow('200', 10, null, 10)]).count).toBe('exact');
  });
});

describe('the success rate', () => {
  it('takes 4xx for a success, and no answer for none', () => {
    expect(golden([flow('404', 90, 90), flow('500', 10, 5)]).success).toBe('+4.74 pp');
    expect(golden([flow('200', 90, 90), flow('', 10, 20)]).success).toBe('-8.18 pp');
  });

  it('is taken a pair and a direction', () => {
    const other = { ...flow('500', 100, 100), direction: 'outbound' as const };
    expect(golden([flow('200', 100, 100), other]).success).toBe('exact');
  });

  it('allows what the unobservable requests can have made of it', () => {
    expect(golden([flow('200', 90, 90), flow('500', 10, 5, 5)]).success).toBe('exact');
    expect(golden([flow('200', 90, 80, 10), flow('500', 10, 10)]).success).toBe('exact');
    expect(golden([flow('200', 90, 70, 10), flow('500', 10, 10)]).success).toBe('-1.39 pp');
  });

  it('is nothing without traffic', () => {
    expect(golden([flow('200', 0, 0)]).success).toBe('-');
  });
});

describe('latency', () => {
  it('shows the quantile furthest off, and one that is wrong before all that are not', () => {
    expect(golden([], [quantile(10, 12), quantile(100, 90)]).latency).toBe('-10 ms');
    expect(golden([], [quantile(100, 190), quantile(10, 12, 'fail')]).latency).toBe('+2 ms !');
    expect(golden([], [quantile(10, null, 'inconclusive'), quantile(10, 12)]).latency).toBe('no data');
  });
});

describe('rows and bounds', () => {
  it('shows what is wrong first', () => {
    const scenario = {
      ...passingScenario(),
      flows: [flow('200', 1, 1), flow('404', 1, 1, 0, 'inconclusive'), flow('500', 1, 0, 0, 'fail')],
      quantiles: [],
    };
    expect(rowsOf(scenario).map((row) => row.verdict)).toEqual(['fail', 'inconclusive', 'pass', 'pass']);
  });

  it('puts the worst bound first, and only violated ones when there are any', () => {
    const bounds = [
      sampleBound({}),
      sampleBound({ family: 'a', violations: 1, worst: { t: 0, low: 5, value: 4, high: 9 } }),
      sampleBound({ family: 'b', violations: 1, worst: { t: 0, low: 5, value: 12, high: 9 } }),
    ];
    expect(worstBounds(sampleFlow({ bounds })).map((b) => b.family)).toEqual(['b', 'a']);
    expect(worstBounds(sampleFlow({ bounds: [sampleBound({})] }))).toHaveLength(1);
  });

  it.each([
    [5, 4, 9, '5 <= 4 <= 9 does not hold: 1 too few'],
    [5, 12, 9, '5 <= 12 <= 9 does not hold: 3 too many'],
    [5, 7, 9, '5 <= 7 <= 9 holds'],
    [Number.NEGATIVE_INFINITY, 7, 9, '7 <= 9 holds'],
    [5, 7, Number.POSITIVE_INFINITY, '5 <= 7 holds'],
  ])('says %d <= %d <= %d', (low, value, high, expected) => {
    expect(boundArithmetic(sampleBound({ worst: { t: 0, low, value, high } }))).toBe(expected);
  });
});

describe('numbers', () => {
  it.each([
    [formatNumber(1234567), '1,234,567'],
    [formatNumber(1234.5678, 2), '1,234.57'],
    [formatNumber(-0.001, 2), '0'],
    [formatNumber(-1234.5, 1), '-1,234.5'],
    [formatNumber(1e21), '1.000e+21'],
    [formatNumber(Number.NaN), 'n/a'],
    [formatDuration(820), '820 ms'],
    [formatDuration(999.7), '1.0 s'],
    [formatDuration(59_960), '1 min 00 s'],
    [formatDuration(125_000), '2 min 05 s'],
    [formatMs(1.234), '1.23 ms'],
    [formatMs(43.21), '43.2 ms'],
    [formatMs(1234.5), '1,235 ms'],
    [formatSigned(3), '+3'],
    [formatSigned(-3), '-3'],
    [formatPercent(0.99951), '99.95%'],
    [plural(1, 'flow'), '1 flow'],
    [plural(2, 'query', 'queries'), '2 queries'],
  ])('%s is %s', (shown, expected) => {
    expect(shown).toBe(expected);
  });
});
