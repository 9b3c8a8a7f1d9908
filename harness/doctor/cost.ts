import type { ParsedPage, ParsedSample } from '../core/page-parser.ts';
import type { Evidence } from '../evidence/types.ts';
import type { Cost } from './types.ts';

const SHOWN = 10;
const OF_HISTOGRAM = /_(?:bucket|count|sum)$/;
const HEAD_SERIES = 'prometheus_tsdb_head_series';

/** What the proxies' pages cost Prometheus, family by family, the most expensive first. */
export function costOf(evidence: Evidence): Cost {
  const pages = evidence.pages.flatMap(({ page, bytes }) => (page ? [{ page, bytes }] : []));
  const families = new Map<string, { series: number; bytes: number }>();
  for (const { page } of pages) {
    const histograms = histogramsOf(page);
    for (const sample of page.samples) {
      const base = sample.name.replace(OF_HISTOGRAM, '');
      const name = histograms.has(base) ? base : sample.name;
      const family = families.get(name) ?? { series: 0, bytes: 0 };
      family.series += 1;
      family.bytes += lineLength(sample);
      families.set(name, family);
    }
  }
  return {
    series: pages.reduce((sum, { page }) => sum + page.samples.length, 0),
    bytes: pages.reduce((sum, { bytes }) => sum + bytes, 0),
    headSeries: evidence.prometheus.own.find(({ name }) => name === HEAD_SERIES)?.value ?? null,
    families: [...families]
      .map(([name, family]) => ({ name, ...family }))
      .sort((a, b) => b.series - a.series || b.bytes - a.bytes)
      .slice(0, SHOWN),
  };
}

function histogramsOf(page: ParsedPage): Set<string> {
  return new Set(page.families.filter(({ type }) => type === 'histogram').map(({ name }) => name));
}

/** Of a sample as a page has it: `name{a="b",c="d"} 1` and the end of the line. */
function lineLength({ name, labels, value }: ParsedSample): number {
  const pairs = Object.entries(labels).map(([key, text]) => key.length + Buffer.byteLength(text) + '="",'.length);
  const braces = pairs.length > 0 ? 1 : 0;
  return name.length + braces + pairs.reduce((sum, length) => sum + length, 0) + 1 + String(value).length + 1;
}
