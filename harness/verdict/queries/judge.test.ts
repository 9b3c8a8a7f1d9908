import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TruthJournal } from '../../ledger/types.ts';
import type { QueryExpectation } from '../../scenario/model.ts';
import { agrees, judgeQuery, type QueryAnswer, reasonOfQuery } from './judge.ts';

const RUN = { originMs: 0, trafficEndMs: 10_000 };

/** web asked cart this often, once each 100 ms, up to the end. */
function asked(count: number): TruthJournal[] {
  const made = Array.from({ length: count }, (_, i) => ({
    callee: 'shop/cart',
    method: 'GET',
    route: '/',
    startMs: 9990 - 100 * i,
    firstByteMs: null,
    endMs: 10_000 - 100 * i,
    outcome: 'completed' as const,
    status: 200,
    pod: 'cart-0',
    meshError: '',
    grpc: null,
  }));
  const nothing = { served: [], accepted: [], connected: [], endMs: null };
  return [{ workload: 'shop/web', pod: 'web-0', incarnation: 'a', startMs: 0, ...nothing, made }];
}

const EXPECTED: QueryExpectation = {
  expr: 'sum(rate(request_total[5s]))',
  metric: 'rate',
  flow: 'web -> cart',
  source: 'shop/web',
  destination: 'shop/cart',
  overMs: 5000,
  within: 0.05,
};

const judged = (answer: QueryAnswer, change: Partial<QueryExpectation> = {}, count = 100) =>
  judgeQuery({ ...EXPECTED, ...change }, answer, asked(count), RUN);

describe('an answer', () => {
  it('passes within what is allowed, to either side', () => {
    expect(judged({ value: 10.5 })).toMatchObject({ verdict: 'pass', truth: 10, value: 10.5, why: '', overMs: 5000 });
    expect(judged({ value: 9.5 }).verdict).toBe('pass');
    expect(reasonOfQuery(judged({ value: 10.5 }))).toBeUndefined();
  });

  it('fails beyond, with both numbers', () => {
    const result = judged({ value: 20 });
    expect(result).toMatchObject({ verdict: 'fail', flow: 'shop/web -> shop/cart', subject: 'web -> cart' });
    expect(reasonOfQuery(result)).toEqual({
      code: 'QUERY_MISLEADS',
      verdict: 'fail',
      message:
        'sum(rate(request_total[5s])), taken for the request rate of web -> cart over the last 5 s of traffic, says 20/s; the truth is 10/s: it is off by 100%, where 5% are allowed',
    });
  });

  it('fails without data, and says so', () => {
    const result = judged({ value: null, why: 'it yields no sample at all' });
    expect(result).toMatchObject({ verdict: 'fail', value: null });
    expect(reasonOfQuery(result)?.message).toContain('shows no data; the truth is 10/s: it yields no sample at all');
  });

  it('decides nothing where Prometheus can not evaluate the query', () => {
    const result = judged({ value: null, why: 'Prometheus refuses it: many-to-many matching', refused: true });
    expect(result).toMatchObject({ verdict: 'inconclusive', value: null, truth: 10 });
    expect(reasonOfQuery(result)).toMatchObject({
      code: 'QUERY_NOT_EVALUATED',
      verdict: 'inconclusive',
      message: expect.stringContaining('could not be evaluated: Prometheus refuses it: many-to-many matching'),
    });
  });

  it('must be nothing where nothing happened', () => {
    expect(judged({ value: 0 }, { destination: 'shop/db' }).verdict).toBe('pass');
    expect(judged({ value: 0.1 }, { destination: 'shop/db' })).toMatchObject({
      verdict: 'fail',
      why: 'it says 0.1 where nothing happened',
    });
  });

  it('can not be judged where there is no truth', () => {
    const result = judged({ value: 1 }, { metric: 'successRate', destination: 'shop/db' });
    expect(result).toMatchObject({ verdict: 'inconclusive', truth: null });
    expect(reasonOfQuery(result)).toMatchObject({ code: 'QUERY_WITHOUT_TRUTH', verdict: 'inconclusive' });
  });

  it('is over all of the traffic where no window is named', () => {
    expect(judged({ value: 100 }, { metric: 'requests', overMs: null })).toMatchObject({
      verdict: 'pass',
      overMs: 10_000,
    });
  });
});

describe('agreement', () => {
  it('is symmetric about the truth, and the wider the more is allowed', () => {
    const amounts = fc.double({ min: 0.001, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        amounts,
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (truth, off, within) => {
          const above = agrees(truth * (1 + off), truth, within);
          if (off > within * 1.000001 + 1e-9) expect(above).toBe(false);
          if (off < within * 0.999999) expect([above, agrees(truth * (1 - off), truth, within)]).toEqual([true, true]);
          if (above) expect(agrees(truth * (1 + off), truth, within + 0.1)).toBe(true);
        },
      ),
    );
  });

  it('is none without a value or a truth', () => {
    expect([agrees(null, 1, 1), agrees(1, null, 1), agrees(null, null, 1)]).toEqual([false, false, false]);
  });
});
