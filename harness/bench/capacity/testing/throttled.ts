import type { SearchSettings } from '../search.ts';

/**
 * A service of a capacity that is known, and how the test of the whole benchmark looks for it. Twenty places, 250 ms each: a
 * machine whose timers fire some milliseconds late takes less of it than of four with 50 ms.
 */
export const THROTTLED = { places: 20, latencyMs: 250, perSecond: 80 };

/**
 * Half of all requests wait for longer only where the line grows for as long as the load lasts: by 1 % of overload to 48 ms in the
 * middle of it. A pause of the machine delays some dozens of requests, which a p99 of 700 would be decided by.
 */
export const MEDIAN_MS = THROTTLED.latencyMs + 40;

export const TIMES = { measuredSeconds: 8, warmupSeconds: 2 };

/** Closer than the 5 % that are asserted: by throttled.test.ts more than 99.5 of 100 searches keep to them, pauses and all. */
export const SEARCH: Pick<SearchSettings, 'precision' | 'level' | 'maxPoints'> = {
  precision: 0.035,
  level: 0.95,
  maxPoints: 60,
};
