import { expect, it } from 'vitest';
import type { Call } from '../../sim-services/contract.ts';
import type { ServiceSpec } from '../scenario/model.ts';
import { calleesFirst } from './rollout-order.ts';

/** Each service with those that it calls. */
function services(graph: Record<string, string[]>): Pick<ServiceSpec, 'id' | 'routes'>[] {
  return Object.entries(graph).map(([id, callees]) => {
    const step = callees.map((service) => ({ service }) as Call);
    return { id, routes: [{ steps: [step] } as ServiceSpec['routes'][number]] };
  });
}

const order = (graph: Record<string, string[]>) => calleesFirst(services(graph)).map(({ id }) => id);

it('has each service after those that it calls', () => {
  expect(order({ web: ['cart'], cart: ['db'], db: [] })).toEqual(['db', 'cart', 'web']);
  expect(order({ web: ['pay', 'stock'], pay: ['ledger'], stock: ['ledger'], ledger: [] })).toEqual([
    'ledger',
    'pay',
    'stock',
    'web',
  ]);
});

it('keeps the order of those that call nobody', () => {
  expect(order({ b: [], a: [], c: [] })).toEqual(['b', 'a', 'c']);
});

it('has each once, where calls go round in a circle', () => {
  expect(order({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] })).toEqual(['c', 'b', 'a', 'd']);
});
