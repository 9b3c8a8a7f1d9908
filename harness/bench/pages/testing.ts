import { expect } from 'vitest';
import { type ParsedPage, parsePage } from '../../core/page-parser.ts';

/** A page as numbers by series; a series that stands twice is an error. */
export function valuesOf(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, labels, value } of parsePage(text).samples) {
    const key = `${name}${JSON.stringify(labels)}`;
    expect(values.has(key), `${key} stands twice`).toBe(false);
    values.set(key, value);
  }
  return values;
}

/** Names of samples whose values only rise. */
export function risingNames({ families }: ParsedPage): Set<string> {
  const names = families.flatMap(({ name, type }) => {
    if (type === 'counter') return [name, `${name}_total`];
    return type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [];
  });
  return new Set(names);
}

/** Cumulative buckets, the last of which is the count. Returns how many histograms there are. */
export function checkHistograms(page: ParsedPage): number {
  const histograms = new Map<string, { buckets: { le: number; value: number }[]; count?: number; sum?: number }>();
  const names = new Set(page.families.filter(({ type }) => type === 'histogram').map(({ name }) => name));
  for (const { name, labels, value } of page.samples) {
    const family = name.replace(/_(?:bucket|sum|count)$/, '');
    if (!names.has(family)) continue;
    const { le, ...rest } = labels;
    const key = family + JSON.stringify(rest);
    const found = histograms.get(key) ?? { buckets: [] };
    histograms.set(key, found);
    if (le !== undefined) found.buckets.push({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value });
    else if (name.endsWith('_count')) found.count = value;
    else found.sum = value;
  }
  for (const [key, { buckets, count, sum }] of histograms) {
    const bounds = buckets.map(({ le }) => le);
    expect(bounds, key).toEqual(bounds.toSorted((a, b) => a - b));
    const counts = buckets.map(({ value }) => value);
    expect(counts, key).toEqual(counts.toSorted((a, b) => a - b));
    expect(counts.at(-1), key).toBe(count);
    expect(bounds.at(-1), key).toBe(Number.POSITIVE_INFINITY);
    expect(sum, key).toBeGreaterThanOrEqual(0);
  }
  return histograms.size;
}
