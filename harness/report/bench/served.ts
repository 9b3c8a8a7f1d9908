import type { CapacityPoint } from '../../result/bench/types.ts';

type Served = Pick<CapacityPoint, 'requests' | 'failed' | 'droppedIterations' | 'successRate'>;

/** Of what arrived at a point, the share that succeeded: an iteration that was dropped arrived, and nobody served it. */
export function servedShare({ requests, failed, droppedIterations, successRate }: Served): number {
  return droppedIterations === 0 ? successRate : (requests - failed) / (requests + droppedIterations);
}

/**
 * Whether a point's latencies are of all requests that were due. Of iterations that were dropped it is not known when they were,
 * and those that were not waited for least: what is left looks better than it was.
 */
export function tellsLatency({ droppedIterations }: Pick<CapacityPoint, 'droppedIterations'>): boolean {
  return droppedIterations === 0;
}
