import { expect, test } from 'vitest';
import type { SloCondition } from '../scenario/model.ts';
import { evaluateSlos } from './slo.ts';

/** Nothing was sent, so every value is missing: what is looked at is how a condition is named. */
const EMPTY = { book: { truth: { requests: [] } }, observed: [], pairs: [], seconds: 1 } as never;

test('a condition is named with what it is about', () => {
  const condition: SloCondition = { metric: 'rate', op: '>=', value: 20, text: '>= 20/s' };
  const spec = { flow: 'load -> web', source: '*', destination: 'shop/web', conditions: [condition] };
  const { slo, reasons } = evaluateSlos([spec], EMPTY);
  expect(slo.map((one) => one.condition)).toEqual(['rate >= 20/s']);
  expect(reasons).toEqual([
    {
      code: 'SLO_NO_DATA',
      verdict: 'inconclusive',
      message: 'load -> web: rate >= 20/s: the truth has no such traffic',
    },
  ]);
});
