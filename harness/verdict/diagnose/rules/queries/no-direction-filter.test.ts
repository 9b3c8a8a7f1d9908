import { expect, it } from 'vitest';
import type { Answer, Question } from '../../../../evidence/types.ts';
import { print } from '../../../../prometheus/promql/index.ts';
import type { QueryResult } from '../../../../result/types.ts';
import { failedQueries } from '../../failed-query.ts';
import { passedRun, TestMesh } from '../../testing/index.ts';
import { QueryContext } from './context.ts';
import { noDirectionFilter } from './no-direction-filter.ts';

const FAILED: QueryResult = {
  tool: 'expect.queries',
  subject: '* -> shop/cart',
  metric: 'rate',
  expr: 'sum(rate(request_total{deployment="cart"}[8s]))',
  value: 60,
  truth: 30,
  why: '',
  verdict: 'fail',
  flow: '* -> shop/cart',
  overMs: 5000,
  within: 0.1,
};

/** Series of cart's proxies: what it is asked, and what it asks of db. */
const SERIES: Record<string, string>[] = [
  { direction: 'inbound', deployment: 'cart' },
  { direction: 'outbound', deployment: 'cart', dst_deployment: 'db' },
];

function ways(flow: string, series = SERIES): string[] {
  const mesh = new TestMesh();
  const run = passedRun(mesh, { queries: [{ ...FAILED, flow }] });
  const ask = (question: Question): Answer => {
    if (question.ask !== 'query') return { to: 'error', message: 'not asked for here' };
    const [, label = ''] = /^group by \((\w+)\)/.exec(question.expr) ?? [];
    const [, only] = /direction="(\w+)"/.exec(question.expr) ?? [];
    const found = series.filter(({ direction }) => only === undefined || direction === only);
    const values = [...new Set(found.map((labels) => labels[label] ?? ''))];
    return { to: 'query', samples: values.map((value) => ({ labels: { [label]: value }, t: 0, v: 1 })) };
  };
  const [query] = failedQueries(run);
  const context = new QueryContext(query!, mesh.evidence(), ask);
  return noDirectionFilter.ways(query!.tree!, context).map(({ tree }) => print(tree!));
}

const INBOUND = 'sum(rate(request_total{deployment="cart", direction="inbound"}[8s]))';
const OUTBOUND = 'sum(rate(request_total{deployment="cart", direction="outbound"}[8s]))';

it('gives the direction that leads to where the flow leads, whatever the rate of the other', () => {
  expect(ways('* -> shop/cart')).toEqual([INBOUND]);
  expect(ways('shop/web -> shop/cart')).toEqual([INBOUND]);
  expect(ways('shop/cart -> shop/db')).toEqual([OUTBOUND]);
});

it('gives both where the flow leads everywhere, and where series do not say where they lead', () => {
  expect(ways('shop/web -> *')).toEqual([INBOUND, OUTBOUND]);
  const bare = SERIES.map(({ direction }) => ({ direction: direction! }));
  expect(ways('* -> shop/cart', bare)).toEqual([INBOUND, OUTBOUND]);
});
