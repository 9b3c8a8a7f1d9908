/** Milliseconds as Prometheus writes a duration: `10s`, `1m`, `1500ms`. @throws RangeError unless whole and above zero */
export function promDuration(ms: number): string {
  if (!Number.isInteger(ms) || ms <= 0) throw new RangeError(`a duration of ${ms} ms can't be given to Prometheus`);
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  if (ms % 1000 === 0) return `${ms / 1000}s`;
  return `${ms}ms`;
}
