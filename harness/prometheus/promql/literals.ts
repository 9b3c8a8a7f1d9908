/** Milliseconds of each unit of a duration. */
const UNITS: Record<string, number> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** A number as PromQL writes it (`1e3`, `0x1f`, `1_000`, `Inf`), or a duration in seconds; NaN when it is neither. */
export function parseNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'inf') return Number.POSITIVE_INFINITY;
  if (lower === 'nan') return Number.NaN;
  const ms = parseDuration(text);
  return ms === null ? Number(text.replaceAll('_', '')) : ms / 1000;
}

/** Milliseconds of `1h30m`; null when it is no duration. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d+(?:ms|[ywdhms]))+$/.test(text)) return null;
  return [...text.matchAll(/(\d+)(ms|[ywdhms])/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit!]!, 0);
}

/** The value of a string literal with its quotes; null when it does not end, or has an escape that Go does not know. */
export function unquote(literal: string): string | null {
  const mark = literal[0]!;
  if (literal.length < 2 || literal.at(-1) !== mark) return null;
  const inside = literal.slice(1, -1);
  if (mark === '`') return inside;
  // A backslash before the closing mark escapes it: then the literal does not end.
  let known = true;
  const value = inside.replace(ESCAPE, (all, octal?: string, hex?: string, simple?: string) => {
    if (octal) return String.fromCodePoint(Number.parseInt(octal, 8));
    const code = hex ? Number.parseInt(hex.slice(1), 16) : 0;
    if (hex && code <= 0x10ffff) return String.fromCodePoint(code);
    if (simple !== undefined && simple in SIMPLE) return SIMPLE[simple]!;
    known = false;
    return all;
  });
  return known ? value : null;
}

const ESCAPE = /\\(?:([0-7]{3})|(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})|([\s\S]?))/g;
const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};
