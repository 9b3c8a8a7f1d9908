/** How numbers and times are written in reports: the same in every format, whatever the machine's locale. */

/** `1,234`; up to `digits` decimals, no trailing zeros; exponents beyond 1e15. */
export function formatNumber(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'n/a' : value > 0 ? '+Inf' : '-Inf';
  if (Math.abs(value) >= 1e15) return value.toExponential(3);
  const [whole = '', decimals = ''] = Math.abs(value).toFixed(digits).split('.');
  const kept = decimals.replace(/0+$/, '');
  const text = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (kept && `.${kept}`);
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

/** Milliseconds as people say them: `820 ms`, `12.3 s`, `2 min 05 s`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms >= 3.6e12) return `${formatNumber(ms)} ms`;
  if (ms < 999.5) return `${formatNumber(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const rest = `${String(seconds % 60).padStart(2, '0')} s`;
  return `${formatNumber(Math.floor(seconds / 60))} min ${rest}`;
}

/** Latency: three significant digits below a second. */
export function formatMs(ms: number): string {
  return `${formatNumber(ms, ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
}

/** With its sign, also when it is positive. */
export function formatSigned(value: number, digits = 0): string {
  const text = formatNumber(value, digits);
  return value > 0 && !text.startsWith('+') ? `+${text}` : text;
}

/** A ratio as a percentage: `99.95%`. */
export function formatPercent(ratio: number, digits = 2): string {
  return `${formatNumber(ratio * 100, digits)}%`;
}

/** `1 flow`, `2 flows`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : nouns}`;
}
