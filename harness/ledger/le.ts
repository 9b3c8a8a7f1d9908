/**
 * The upper bound of a bucket as Prometheus 3 stores it whatever the page wrote (`1`, `1.0`, `1e0`): the shortest digits that name the
 * number, with `.0` when they show neither a point nor an exponent. What is no number stays as it is.
 */
export function normaliseLe(text: string): string {
  const value = parse(text);
  if (value === undefined || Number.isNaN(value)) return text;
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  const shortest = goShortest(value);
  return /[.e]/.test(shortest) ? shortest : `${shortest}.0`;
}

function parse(text: string): number | undefined {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Go's strconv.FormatFloat(value, 'g', -1, 64): an exponent below 1e-4 and from 1e6 on, with two digits at least. */
function goShortest(value: number): string {
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < GO_LARGE_EXPONENT) return String(value);
  const sign = power < 0 ? '-' : '+';
  return `${digits}e${sign}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Within Go's bounds JavaScript writes no exponent either: it does so below 1e-6 and from 1e21 on. */
const GO_LARGE_EXPONENT = 6;
