import type { ScrapePoint } from '../../result/bench/types.ts';
import type { Asked, PageSize } from './types.ts';

/** What the cost of scraping may depend on; of a point that was measured, or of a mesh that is asked about. */
export interface Facts {
  /** In the head: those that were replaced stay until it is cut. */
  series: number;
  targets: number;
  /** Of one page. */
  'series per target': number;
  /** Of the text of a page. */
  'bytes per series': number;
  'samples per second': number;
  /** Those whose page came compressed. */
  'compressed samples per second': number;
  'scrapes per second': number;
  /** By pods that were replaced. */
  'new series per second': number;
  /** Seconds. */
  interval: number;
  /** What Prometheus itself takes. */
  'cores in use': number;
  /** Of a block: the entry of a series in its index is shared by as many samples as the series has in it. */
  'series per sample': number;
  /** Of a block. */
  'chunks per sample': number;
}

export type Fact = keyof Facts;

/** `up`, `scrape_duration_seconds` and three more of each target, by Prometheus itself. */
export const SERIES_OF_A_SCRAPE = 5;
/** Samples of a chunk, at most. */
export const CHUNK_SAMPLES = 120;

/** What a point was measured at. */
export function factsOf(point: ScrapePoint): Facts {
  const { settings, prometheus, seconds, seriesPerTarget } = point;
  const interval = settings.intervalMs / 1000;
  const samplesPerSecond = prometheus.samples / seconds;
  return {
    series: prometheus.headSeries,
    targets: settings.targets,
    'series per target': seriesPerTarget,
    'bytes per series': point.bytesPerPage / Math.max(1, seriesPerTarget),
    'samples per second': samplesPerSecond,
    'compressed samples per second': settings.gzip ? samplesPerSecond : 0,
    'scrapes per second': prometheus.scrapes / seconds,
    'new series per second': (settings.targets * settings.churn * seriesPerTarget) / 60,
    interval,
    'cores in use': prometheus.cpuSeconds / seconds,
    ...inBlock(prometheus.block?.series ?? 0, prometheus.block?.samples ?? 0),
  };
}

/** Minutes that a series stays in the head after its last sample: it is cut each two hours, and holds three before that. */
export const HEAD_MINUTES = 180;
/** A block holds two hours before blocks are merged. */
export const BLOCK_SECONDS = 7200;

/**
 * What a mesh that is asked about would be run at, once Prometheus has run for hours. Proxies compress when Prometheus asks for
 * it, and by default it does.
 * @param coresInUse what is predicted of it
 */
export function factsAsked(asked: Asked, shape: PageSize, coresInUse: number): Facts {
  const { pods, churn } = asked;
  const interval = asked.intervalMs / 1000;
  const active = pods * (shape.series + SERIES_OF_A_SCRAPE);
  const samplesPerSecond = (pods * shape.series) / interval;
  const ofABlock = pods * shape.series * (1 + (churn * BLOCK_SECONDS) / 60);
  return {
    series: active * (1 + churn * HEAD_MINUTES),
    targets: pods,
    'series per target': shape.series,
    'bytes per series': shape.bytes / Math.max(1, shape.series),
    'samples per second': samplesPerSecond,
    'compressed samples per second': samplesPerSecond,
    'scrapes per second': pods / interval,
    'new series per second': (pods * churn * shape.series) / 60,
    interval,
    'cores in use': coresInUse,
    ...inBlock(ofABlock, samplesPerSecond * BLOCK_SECONDS),
  };
}

function inBlock(series: number, samples: number): Pick<Facts, 'series per sample' | 'chunks per sample'> {
  if (samples <= 0) return { 'series per sample': 0, 'chunks per sample': 0 };
  // On average: most series end within a chunk.
  const chunks = Math.max(1, samples / series / CHUNK_SAMPLES);
  return { 'series per sample': series / samples, 'chunks per sample': (chunks * series) / samples };
}
