type Labels = Record<string, string>;

/** A value as people read it: three significant digits. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toString();
  return Number(value.toPrecision(3)).toString();
}

export function seriesCount(n: number): string {
  return n === 0 ? 'none' : n === 1 ? '1 series' : `${n} series`;
}

/** Of several worlds: `4 series`, or `3 to 5 series`. */
export function seriesCounts(sizes: readonly number[]): string {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  return least === most ? seriesCount(most) : `${least} to ${most} series`;
}

/** `{a="x"}`, with what is anonymous left out; empty without labels. */
export function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).filter(([, value]) => value !== '*');
  if (pairs.length === 0) return '';
  return `{${pairs.map(([name, value]) => `${name}="${value}"`).join(', ')}}`;
}

export function listed(items: readonly string[], most = 3): string {
  const shown = items.slice(0, most);
  const more = items.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
