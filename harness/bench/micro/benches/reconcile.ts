import { judge } from '../../../verdict/judge.ts';
import { largeInput, type Shape, seriesOf } from '../../../verdict/testing/large.ts';
import type { Bench, Ready } from '../types.ts';

/** The verdict over ledgers of so many series: half of them Prometheus', half on the proxies' own pages. */
export const RECONCILE: readonly Bench[] = [
  { name: 'reconcile: 10 thousand series', unit: 'series', slices: 6, setUp: () => reconciling(10_000, 'wide') },
  { name: 'reconcile: 200 thousand series', unit: 'series', slices: 3, setUp: () => reconciling(200_000, 'wide') },
  {
    name: 'reconcile: 10 thousand series between two workloads',
    unit: 'series',
    slices: 6,
    setUp: () => reconciling(10_000, 'deep'),
  },
];

function reconciling(series: number, shape: Shape): Ready {
  const input = largeInput(series, shape);
  return {
    unitsPerRun: seriesOf(input),
    run() {
      const { verdict } = judge(input);
      if (verdict !== 'pass') throw new Error(`the verdict of a mesh that counts right is ${verdict}`);
    },
  };
}
