import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueryAnswer } from '../types.ts';
import { compareAnswers } from './compare.ts';
import { answer, queryOf } from './testing/answers.ts';

const EXPRESSIONS = [
  'sum by (deployment) (increase(request_total[1m]))',
  'request_total',
  'count by (deployment) (up)',
  'histogram_quantile(0.9, sum by (le, deployment) (rate(response_latency_ms_bucket[1m])))',
  'sum by (deployment) (rate(a_total[1m])) / sum by (deployment) (rate(b_total[1m]))',
  'process_start_time_seconds',
  'request_total > 50',
] as const;
const COUNTED = EXPRESSIONS[0];

const value = fc.oneof(
  fc.integer({ min: 0, max: 2000 }),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.constant(Number.NaN),
);
const oneSeries = fc.record({
  deployment: fc.constantFrom('web', 'cart', 'db', 'load'),
  pod: fc.integer({ min: 1, max: 3 }),
  status_code: fc.constantFrom('', '200', '500'),
  value,
  sigma: fc.double({ min: 0, max: 50, noNaN: true }),
  phase: fc.double({ min: 0, max: 50, noNaN: true }),
});
const said = fc.uniqueArray(oneSeries, {
  selector: ({ deployment, pod, status_code }) => `${deployment} ${pod} ${status_code}`,
  maxLength: 6,
});

/** @param pods names of pods are another world's */
function world(expr: string, of: typeof said extends fc.Arbitrary<infer T> ? T : never, pods = 'a'): QueryAnswer {
  const series = of.map(({ deployment, pod, status_code, ...rest }) => ({
    labels: { deployment, pod: `${deployment}-${pods}-${pod}`, ...(status_code && { status_code }) },
    ...rest,
  }));
  return answer(expr, series, expr === 'request_total > 50' ? { request_total: series } : {});
}

const expression = fc.constantFrom(...EXPRESSIONS);
const worlds = expression.chain((expr) =>
  fc.record({
    query: fc.constantFrom('alert', 'panel', 'recording').map((kind) => queryOf(expr, { kind: kind as 'alert' })),
    before: fc.array(
      said.map((one) => world(expr, one)),
      { minLength: 1, maxLength: 3 },
    ),
    after: fc.array(
      said.map((one) => world(expr, one, 'b')),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);

describe('the comparison of any answers', () => {
  it('finds nothing between a world and itself, whatever its pods are called', () => {
    fc.assert(
      fc.property(expression, said, (expr, one) => {
        const result = compareAnswers(queryOf(expr, { kind: 'alert' }), [world(expr, one)], [world(expr, one, 'b')]);
        expect(result.outcome).toMatch(/^same/);
        expect(result.broken).toBe(false);
      }),
    );
  });

  it('does not mind in which order worlds and series come', () => {
    fc.assert(
      fc.property(worlds, ({ query, before, after }) => {
        const turned = (answers: QueryAnswer[]) =>
          answers.map((one) => ({ ...one, series: [...one.series].reverse() })).reverse();
        const { outcome, broken, notExercised } = compareAnswers(query, before, after);
        expect(compareAnswers(query, turned(before), turned(after))).toMatchObject({ outcome, broken, notExercised });
      }),
    );
  });

  it('finds as much one way as the other', () => {
    const MIRRORED: Record<string, string> = { 'now-empty': 'newly-non-empty', 'newly-non-empty': 'now-empty' };
    fc.assert(
      fc.property(worlds, ({ query, before, after }) => {
        // What a selector has lost makes an alert dead; what it has got does not make it live.
        fc.pre(!query.expr.includes('>'));
        const there = compareAnswers(query, before, after).outcome;
        expect(compareAnswers(query, after, before).outcome).toBe(MIRRORED[there] ?? there);
      }),
    );
  });

  it('finds no more where values are less certain', () => {
    fc.assert(
      fc.property(worlds, fc.double({ min: 0, max: 100, noNaN: true }), ({ query, before, after }, more) => {
        const vaguer = (answers: QueryAnswer[]) =>
          answers.map((one) => ({
            ...one,
            series: one.series.map((s) => ({ ...s, phase: (s.phase ?? 0) + more })),
            parts: one.parts.map((p) => ({
              ...p,
              series: p.series.map((s) => ({ ...s, phase: (s.phase ?? 0) + more })),
            })),
          }));
        if (!compareAnswers(query, before, after).outcome.startsWith('same')) return;
        expect(compareAnswers(query, vaguer(before), vaguer(after)).outcome).toMatch(/^same/);
      }),
    );
  });

  it('says something whenever something breaks', () => {
    fc.assert(
      fc.property(worlds, ({ query, before, after }) => {
        const { outcome, seen, broken } = compareAnswers(query, before, after);
        expect(seen).not.toBe('');
        expect(seen).not.toMatch(/undefined|Infinity|\[object/);
        if (outcome.startsWith('same')) expect(broken).toBe(false);
        else if (outcome === 'now-empty' || outcome === 'different-values') expect(broken).toBe(true);
      }),
    );
  });
});

describe('the comparison of numbers of events', () => {
  const counts = (mean: number, deviations: readonly number[]) =>
    deviations.map((by, i) => {
      const n = Math.max(0, mean + by * Math.sqrt(mean));
      return answer(COUNTED, [{ labels: { deployment: 'web', pod: `p${i}` }, value: n, sigma: Math.sqrt(n) }]);
    });
  // Within 2 standard deviations of its mean, as 19 of 20 are.
  const near = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 3 });

  it('takes what chance does for chance, however many events there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 1_000_000 }), near, near, (mean, before, after) => {
        expect(compareAnswers(queryOf(COUNTED), counts(mean, before), counts(mean, after)).outcome).toMatch(/^same/);
      }),
    );
  });

  it('does not take twice as many for chance, where there are some hundreds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 1_000_000 }), near, near, (mean, before, after) => {
        const result = compareAnswers(queryOf(COUNTED), counts(mean, before), counts(2 * mean, after));
        expect(result).toMatchObject({ outcome: 'different-values', broken: true });
      }),
    );
  });
});
