import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { IN_CLUSTER, runIn } from './testing/in-cluster.ts';

it('every shipped scenario runs in a cluster, or it is said why not', async () => {
  const shipped = (await readdir('scenarios')).filter((file) => file.endsWith('.yaml'));
  expect(Object.keys(IN_CLUSTER).toSorted()).toEqual(shipped.map((file) => file.replace('.yaml', '')).toSorted());
});

it('those of one mesh are run on no other', () => {
  const all = { one: 'both', two: { only: 'linkerd', why: '' }, three: { never: '' } } as const;
  expect([runIn('linkerd', all), runIn('simulated', all)]).toEqual([['one', 'two'], ['one']]);
});
