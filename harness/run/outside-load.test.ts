import { expect, test } from 'vitest';
import { parseJournals } from '../ledger/truth.ts';
import { withLoadOutside } from './outside-load.ts';

const WEB = [
  'H,1,shop%2Fweb,web-1,0,1000.000',
  'S,1,1001.000,meshproof%2Fload,GET,%2F',
  'E,1,1002.000,200,1002.000',
  'S,2,1001.000,shop%2Ffront,GET,%2F',
  'E,2,1002.000,200,1002.000',
].join('\n');
const LOAD = ['H,1,meshproof%2Fload,k6,0,1000.000', 's,1,1000.500,shop%2Fweb,GET,%2F'].join('\n');

test('what a load generator outside the mesh asked for has no known caller, and no side of its own', () => {
  const outside = withLoadOutside(parseJournals([`${WEB}\n`, `${LOAD}\n`]));
  expect(outside.map((journal) => journal.pod)).toEqual(['web-1']);
  expect(outside[0]?.served.map((request) => request.caller)).toEqual(['-', 'shop/front']);
});
