import type { CapacityPoint, CapacitySide } from '../../result/bench/types.ts';
import { formatMs } from '../format.ts';
import { formatRate } from './units.ts';

/** A point in a line, as it was just measured. */
export function pointLine(point: CapacityPoint, side: CapacitySide['side']): string {
  const { index, step, offeredPerSecond, achievedPerSecond, latencyMs, sustained, why, error } = point;
  const kept = sustained === null ? 'does not count' : sustained ? 'sustained' : 'not sustained';
  const p99 = latencyMs ? `, p99 ${formatMs(latencyMs.p99)}` : '';
  const because = error ? `: ${error.code}` : why.length > 0 ? `: ${why.join('; ')}` : '';
  return `${index}. ${side}, ${step}: ${formatRate(offeredPerSecond)} offered, ${formatRate(achievedPerSecond)} achieved${p99}: ${kept}${because}`;
}
