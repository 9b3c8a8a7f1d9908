/** k6 takes whole iterations per time unit; these are the units that are tried, in seconds, the shortest that fits wins. */
const UNITS_S = [1, 2, 4, 5, 8, 10, 16, 20, 25, 40, 50, 100, 200, 500, 1000, 10_000] as const;
const LONGEST_S = 1_000_000;
const TOLERANCE = 1e-9;

/**
 * Expresses rates per second as whole numbers per one common time unit, as k6's arrival-rate executors need them:
 * 0.5/s becomes 1 per 2 s. A rate that fits none of the units is rounded to a millionth per second.
 * @param ratesPerSecond zero or more
 */
export function wholeRates(ratesPerSecond: readonly number[]): { timeUnitSeconds: number; rates: number[] } {
  for (const unit of UNITS_S) {
    const scaled = ratesPerSecond.map((rate) => rate * unit);
    if (scaled.every((rate) => Math.abs(rate - Math.round(rate)) <= TOLERANCE * Math.max(1, rate))) {
      return { timeUnitSeconds: unit, rates: scaled.map(Math.round) };
    }
  }
  return { timeUnitSeconds: LONGEST_S, rates: ratesPerSecond.map((rate) => Math.round(rate * LONGEST_S)) };
}
