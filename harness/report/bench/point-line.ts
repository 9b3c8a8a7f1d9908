import type { CapacityPoint, CapacitySide } from '../../result/bench/types.ts';
import { formatMs } from '../format.ts';
import { tellsLatency } from './served.ts';
import { formatRate } from './units.ts';

/** A point in a line, as it was just measured. */
export function pointLine(point: CapacityPoint, side: CapacitySide['side']): string {
  const { index, step, offeredPerSecond, achievedPerSecond, latencyMs, sustained, why, error } = point;
  const kept = sustained === null ? 'does not count' : sustained ? 'sustained' : 'not sustained';
  // With dropped iterations it is of the others alone; `why` has how many there were.
  const p99 = latencyMs && tellsLatency(point) ? `, p99 ${formatMs(latencyMs.p99)}` : '';
  const because = error ? `: ${error.code}` : why.length > 0 ? `: ${why.join('; ')}` : '';
  return `${index}. ${side}, ${step}: ${formatRate(offeredPerSecond)} offered, ${formatRate(achievedPerSecond)} achieved${p99}: ${kept}${because}`;
}
