/** Values as the proxy's two encoders print them (facts 1.0). */

const WRAP = 2 ** 53;

/** Legacy values are u64: counters are printed as f64, modulo 2^53. */
export function legacyInteger(value: number): string {
  return String(value >= WRAP ? value % WRAP : Math.floor(value));
}

/** Legacy counters of seconds count whole milliseconds. */
export function legacySeconds(value: number): string {
  return String(Math.floor(value * 1000) * 0.001);
}

/**
 * A float as the registry's dtoa prints it: always with a fraction or an exponent (`30.0`, `4.687e-7`, `1e30`).
 * It agrees with JavaScript's shortest form but for the missing `.0` and the sign of the exponent.
 */
export function registryFloat(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) {
    return Object.is(value, -0) ? '-0.0' : `${value}.0`;
  }
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  return String(value).replace('e+', 'e');
}
