/**
 * The yardstick beside which every benchmark is measured: work of the kind that the project does (strings, a Map, numbers, a
 * Buffer), of plain JavaScript, that depends on nothing. It must never change: the ratios of the baseline are to it.
 */
export function yardstick(): number {
  let state = 12345;
  const next = (): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state;
  };
  const counts = new Map<string, number>();
  let text = '';
  for (let i = 0; i < 2000; i++) {
    const key = `family_${next() % 97}{label="${next() % 31}"}`;
    counts.set(key, (counts.get(key) ?? 0) + (next() % 1000) / 8);
    if (i % 4 === 0) text += `${key} ${counts.get(key)}\n`;
  }
  const bytes = Buffer.from(text);
  let sum = counts.size;
  for (let i = 0; i < bytes.length; i++) sum = (Math.imul(sum, 31) + bytes[i]!) | 0;
  const sorted = Float64Array.from({ length: 500 }, () => next()).sort();
  return sum + sorted[250]!;
}
