import { describe, expect, it } from 'vitest';
import { parse, print } from '../../prometheus/promql/index.ts';
import { partsOf, unfiltered } from './parts.ts';

describe('unfiltered', () => {
  it.each([
    ['a > 5', 'a'],
    ['5 < a', 'a'],
    ['a > bool 5', 'a'],
    ['a > on (x) group_left (y) b', 'a - on (x) group_left (y) b'],
    ['a - time() < 3600', 'a - time()'],
    ['a > 1 and b > 2', 'a and b'],
    ['a unless b', 'a'],
    ['a > 1 or b > 2', 'a or b'],
    ['absent(up == 1)', 'vector(1)'],
    ['sum by (x) (a > 1) / sum(b)', 'sum by (x) (a) / sum(b)'],
    ['topk(3, sum by (x) (a))', 'sum by (x) (a)'],
    ['count((a > 1) and b)', 'count((a) and b)'],
    ['rate(a[5m]) > scalar(b)', 'rate(a[5m])'],
    ['max_over_time((a > 1)[5m:1m])', 'max_over_time((a > 1)[5m:1m])'],
  ])('%s', (expr, without) => {
    expect(print(unfiltered(parse(expr)))).toBe(without);
  });
});

describe('partsOf', () => {
  it.each([
    ['up', []],
    ['sum(rate(x[5m]))', ['x']],
    ['rate(x[5m] offset 1h) > 0', ['rate(x[5m] offset 1h)', 'x offset 1h']],
    ['a / b > 0.1 and c', ['a / b and c', 'a / b > 0.1', 'c', 'a / b', 'a', 'b']],
    ['absent(up == 1)', ['vector(1)', 'up == 1', 'up']],
  ])('%s', (expr, parts) => {
    expect(partsOf(parse(expr))).toEqual(parts);
  });
});
