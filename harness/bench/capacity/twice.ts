import { formatPercent } from '../../report/format.ts';
import type { CapacitySide } from '../../result/bench/types.ts';
import { halfWidth } from './search.ts';

/** Half of an interval, relative. */
const MOST = 0.05;

type Found = Pick<CapacitySide, 'capacity' | 'converged' | 'stopped'>;

/** In what two searches of the same capacity do not say the same, a sentence each; empty: nothing. */
export function unlike(first: Found, second: Found): string[] {
  const each = Object.entries({ first, second }).flatMap(([name, { capacity, converged, stopped }]) => {
    if (!capacity || !converged) return [`the ${name} did not converge: ${stopped}`];
    const half = halfWidth(capacity);
    return half <= MOST ? [] : [`the ${name} is no closer than ±${formatPercent(half, 1)}`];
  });
  const [a, b] = [first.capacity, second.capacity];
  const apart = a && b && (a.high < b.low || b.high < a.low);
  return apart ? [...each, 'their intervals do not overlap'] : each;
}
