import { type ParsedPage, type ParsedSample, parsePage } from '../../core/page-parser.ts';
import type { FamilySchema, FamilyVariant, LabelSchema, MeshSchema } from '../types.ts';
import { classOf } from './vocabulary.ts';

/** Labels by which one family is several. */
const VARIANT_LABELS = ['direction', 'peer'];

interface Family {
  name: string;
  type: string;
  unit: string;
  help: string;
  variants: Map<string, Variant>;
  buckets: Set<string> | null;
}

interface Variant {
  of: Record<string, string>;
  series: number;
  labels: Map<string, { values: Set<string>; series: number }>;
}

/**
 * What pages of proxies expose together: families under the names of their samples, their labels by direction and peer.
 * @param names of the mesh's own objects: labels that have one of them as a value are not compared value by value
 * @throws HarnessError BAD_PAGE
 */
export function schemaOfPages(
  texts: readonly string[],
  names: ReadonlySet<string>,
): Pick<MeshSchema, 'families' | 'page' | 'seriesPerProxy' | 'bytesPerScrape'> {
  const families = new Map<string, Family>();
  const pages = texts.map(parsePage);
  const emptyHeaders = pages.map((page) => addPage(page, families));
  const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / Math.max(1, numbers.length);
  return {
    families: [...families.values()].map((family) => frozen(family, names)).sort((a, b) => (a.name < b.name ? -1 : 1)),
    page: {
      end: pages.some(({ hasEof }) => hasEof) ? '# EOF' : 'no mark',
      'families without a series': emptyHeaders.some((n) => n > 0) ? 'headers' : 'nothing',
      duplicates: duplicatesOf(pages),
    },
    seriesPerProxy: mean(pages.map(({ samples }) => samples.length)),
    bytesPerScrape: mean(texts.map((text) => Buffer.byteLength(text))),
  };
}

/** Returns how many families of the registry have headers and no series. */
function addPage(page: ParsedPage, families: Map<string, Family>): number {
  const byHeader = headersOf(page);
  const seen = new Set<string>();
  for (const sample of page.samples) {
    const { family, part } = familyOf(sample, byHeader);
    seen.add(family.name);
    const known = merged(families, family);
    if (part === 'bucket') known.buckets = (known.buckets ?? new Set()).add(sample.labels.le ?? '');
    if (part === 'series') addSeries(known, sample);
  }
  // Legacy stores print headers of families without a series, too, for reasons of their own: those say nothing.
  const registry = page.hasEof ? page.families.findIndex(({ name }) => name === 'proxy_build_info') : -1;
  const empty = registry < 0 ? [] : page.families.slice(registry).map(({ name }) => nameOfEmpty(byHeader.get(name)!));
  const headersOnly = empty.filter(({ name }) => !seen.has(name));
  for (const family of headersOnly) merged(families, family);
  return headersOnly.length;
}

type Header = Pick<Family, 'name' | 'type' | 'unit' | 'help'>;

function headersOf({ families }: ParsedPage): Map<string, Header> {
  return new Map(families.map(({ name, type, unit, help }) => [name, { name, type, unit: unit ?? '', help }]));
}

/** The registry's counters are called without `_total` where there is no sample to tell. */
function nameOfEmpty(header: Header): Header {
  const bare = header.type === 'counter' && !header.name.endsWith('_total');
  return bare ? { ...header, name: `${header.name}_total` } : header;
}

/** A histogram's series is counted once, by its `_count`. */
function familyOf(
  { name }: ParsedSample,
  headers: ReadonlyMap<string, Header>,
): { family: Header; part: 'series' | 'bucket' | 'rest' } {
  const own = headers.get(name);
  if (own) return { family: own, part: 'series' };
  const [, base = name, suffix = ''] = /^(.*)_(bucket|count|sum|total)$/.exec(name) ?? [];
  const header = headers.get(base);
  if (suffix === 'total') return { family: { ...(header ?? NOTHING), name }, part: 'series' };
  if (header?.type !== 'histogram') return { family: { ...NOTHING, name }, part: 'series' };
  return { family: header, part: suffix === 'bucket' ? 'bucket' : suffix === 'count' ? 'series' : 'rest' };
}

const NOTHING: Header = { name: '', type: '', unit: '', help: '' };

function merged(families: Map<string, Family>, header: Header): Family {
  let family = families.get(header.name);
  if (!family) {
    family = { ...header, variants: new Map(), buckets: null };
    families.set(header.name, family);
  }
  return family;
}

function addSeries(family: Family, { labels }: ParsedSample): void {
  const key = VARIANT_LABELS.map((name) => labels[name] ?? '').join('|');
  let variant = family.variants.get(key);
  if (!variant) {
    const of = Object.fromEntries(
      VARIANT_LABELS.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
    );
    variant = { of, series: 0, labels: new Map() };
    family.variants.set(key, variant);
  }
  variant.series++;
  for (const [name, value] of Object.entries(labels)) {
    if (VARIANT_LABELS.includes(name)) continue;
    const label = variant.labels.get(name) ?? { values: new Set(), series: 0 };
    variant.labels.set(name, label);
    label.values.add(value);
    label.series++;
  }
}

function frozen({ name, type, unit, help, variants, buckets }: Family, names: ReadonlySet<string>): FamilySchema {
  const labelOf = (variant: Variant, label: string): LabelSchema => {
    const { values, series } = variant.labels.get(label)!;
    const open = classOf(label, values, names) === 'open';
    const shown = open ? [...new Set([...values].map((value) => (value === '' ? '' : '*')))] : [...values];
    return { name: label, open, values: shown.sort(), everywhere: series === variant.series };
  };
  return {
    name,
    type: type === 'untyped' ? '' : type,
    unit,
    help,
    empty: variants.size === 0,
    variants: [...variants.values()].map(
      (variant): FamilyVariant => ({
        of: variant.of,
        labels: [...variant.labels.keys()].sort().map((label) => labelOf(variant, label)),
        series: variant.series,
      }),
    ),
    buckets:
      buckets &&
      [...buckets].sort((a, b) => Number(a.replace('+Inf', 'Infinity')) - Number(b.replace('+Inf', 'Infinity'))),
  };
}

/** Names of families of which a page has the same series twice; empty: none. */
function duplicatesOf(pages: readonly ParsedPage[]): string {
  const found = new Set<string>();
  for (const { samples } of pages) {
    const seen = new Set<string>();
    for (const { name, labels } of samples) {
      const key = `${name}${JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
      if (seen.has(key)) found.add(name);
      seen.add(key);
    }
  }
  return [...found].sort().join(', ');
}
