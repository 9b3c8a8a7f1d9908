import type { ModelQuantity, ScrapePoint } from '../../result/bench/types.ts';
import { CHUNK_SAMPLES, type Facts } from './facts.ts';

export interface Term {
  /** As the model shows it. */
  name: string;
  /** Of the coefficient. */
  unit: string;
  of(facts: Facts): number;
}

export interface Quantity {
  name: ModelQuantity['name'];
  unit: string;
  /** Those that the points call for are fitted. */
  terms: readonly Term[];
  /** How many of the first ones are what it goes by in the first place: one of them is always there. */
  anchors: number;
  /** Coefficients that the points tell without a fit, by the term's name. */
  known?(points: readonly ScrapePoint[]): Record<string, number>;
  /** null: the point says nothing of it. */
  measured(point: ScrapePoint): number | null;
}

const one = (unit: string): Term => ({ name: '1', unit, of: () => 1 });

/**
 * CPU. A sample is parsed, looked up by the text of its line, appended and written ahead: it goes by the number of samples, or by
 * that of bytes where the lines of pages differ. Collections of garbage start each time that what was allocated since the last
 * has reached a share of the live heap, and each walks that heap: what they cost per second goes by the allocations, that is by
 * the samples, too. What goes by the series alone is little: collections that come each two minutes anyway, and cold caches.
 */
const CPU: readonly Term[] = [
  { name: 'samples per second', unit: 'CPU s per sample', of: (f) => f['samples per second'] },
  {
    name: 'bytes of pages per second',
    unit: 'CPU s per byte',
    of: (f) => f['samples per second'] * f['bytes per series'],
  },
  one('cores'),
  { name: 'scrapes per second', unit: 'CPU s per scrape', of: (f) => f['scrapes per second'] },
  {
    name: 'compressed samples per second',
    unit: 'CPU s per sample',
    of: (f) => f['compressed samples per second'],
  },
  { name: 'new series per second', unit: 'CPU s per new series', of: (f) => f['new series per second'] },
  { name: 'series', unit: 'cores per series', of: (f) => f.series },
];

/**
 * Resident memory, its mean over the window. All that a series holds is there from its first sample: its labels, its entries in
 * the index, its place in the scrape cache (keyed by the text of its line), the buffer of its open chunk (128 bytes at once,
 * enough for most of the 120 samples of a chunk). Where pages differ in the length of their lines, memory goes by that rather
 * than by the number of series. The heap may grow by GOGC, 75 % by default, over what is alive; that goes by the same. A target
 * holds a connection, its buffers and its goroutines.
 */
const MEMORY: readonly Term[] = [
  { name: 'series', unit: 'bytes per series', of: (f) => f.series },
  { name: 'bytes of pages', unit: 'bytes per byte', of: (f) => f.series * f['bytes per series'] },
  one('bytes'),
  { name: 'targets', unit: 'bytes per target', of: (f) => f.targets },
];

/** Of blocks. A sample costs by how much values change within an interval; its chunk and its series cost once. */
const DISK: readonly Term[] = [
  one('bytes per sample'),
  {
    name: 'doublings of the interval',
    unit: 'bytes per sample and doubling from 1 s',
    of: (f) => Math.max(0, Math.log2(f.interval)),
  },
  { name: 'series per sample', unit: 'bytes per series and block', of: (f) => f['series per sample'] },
  { name: 'chunks per sample', unit: 'bytes per chunk', of: (f) => f['chunks per sample'] },
];

/** Of a chunk, before its second sample: length, encoding and checksum, count, time and value in full. */
const CHUNK_START_BYTES = 24;
/** And its place in the index. */
const CHUNK_INDEX_BYTES = 10;

/**
 * What needs no fit: a snapshot tells chunks and index apart, and a chunk has a known frame. In a sweep of minutes each series
 * has one chunk, so that a fit could not tell the two from each other.
 */
function blockFrame(points: readonly ScrapePoint[]): Record<string, number> {
  const perSeries = points.flatMap(({ prometheus: { block } }) => {
    if (!block || block.series === 0) return [];
    const chunks = Math.max(1, block.samples / block.series / CHUNK_SAMPLES);
    return [block.indexBytes / block.series - chunks * CHUNK_INDEX_BYTES];
  });
  const mean = perSeries.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, perSeries.length);
  return { 'series per sample': Math.max(0, mean), 'chunks per sample': CHUNK_START_BYTES + CHUNK_INDEX_BYTES };
}

const SCRAPE: readonly Term[] = [
  { name: 'series per target', unit: 'ms per series', of: (f) => f['series per target'] },
  one('ms'),
  { name: 'cores in use', unit: 'ms per core', of: (f) => f['cores in use'] },
  {
    name: 'series per target x cores in use',
    unit: 'ms per series and core',
    of: (f) => f['series per target'] * f['cores in use'],
  },
];

/** More than that, and Prometheus had not the CPU to do what it should: what it took is no measure of it. */
const MISSED_SHARE = 0.05;

/** Whether it kept up with what it should scrape. */
export function keptUp({ missed, prometheus }: ScrapePoint): boolean {
  return missed.scrapes <= MISSED_SHARE * (prometheus.scrapes + missed.scrapes);
}

export const QUANTITIES: readonly Quantity[] = [
  {
    name: 'cpu',
    unit: 'cores',
    terms: CPU,
    anchors: 2,
    measured: (point) => (keptUp(point) ? point.prometheus.cpuSeconds / point.seconds : null),
  },
  { name: 'memory', unit: 'bytes', terms: MEMORY, anchors: 2, measured: ({ prometheus }) => prometheus.residentBytes },
  {
    name: 'disk',
    unit: 'bytes per sample',
    terms: DISK,
    anchors: 1,
    known: blockFrame,
    measured: ({ prometheus: { block } }) =>
      block && block.samples > 0 ? (block.chunkBytes + block.indexBytes) / block.samples : null,
  },
  {
    name: 'scrape-duration',
    unit: 'ms',
    terms: SCRAPE,
    anchors: 1,
    measured: (point) => (keptUp(point) ? point.scrapeDurationMs.p50 : null),
  },
];
