import type { ScrapePoint, ScrapeSettings } from '../../result/bench/types.ts';
import type { GeneratorStatistics } from '../pages/generator.ts';
import { cpuWithin, type UsageAt } from './meter.ts';
import { type OwnPage, rejectedBetween } from './own-page.ts';
import type { Scrapes } from './scrapes.ts';
import type { Block } from './storage.ts';
import { pageOf } from './world.ts';

/** At one end of the window. */
export interface Reading {
  usage: UsageAt;
  generator: GeneratorStatistics;
  /** Bytes of the write-ahead log. */
  wal: number | null;
  page: OwnPage;
}

export interface Measured {
  settings: ScrapeSettings;
  windowMs: number;
  before: Reading;
  after: Reading;
  residentBytes: readonly number[];
  heapBytes: number;
  scrapes: Scrapes;
  block: Block | null;
}

/** A point as the record has it. */
export function pointOf(measured: Measured): ScrapePoint {
  const { settings, windowMs, before, after, scrapes } = measured;
  const page = pageOf(settings);
  return {
    settings,
    seriesPerTarget: page.series,
    edgesPerTarget: page.edges,
    ...bytesOf(measured, page.bytes),
    seconds: windowMs / 1000,
    prometheus: ofPrometheus(measured),
    scrapeDurationMs: scrapes.durationMs,
    missed: scrapes.missed,
    rejected: rejectedBetween(before.page, after.page),
    generator: ofGenerator(measured),
  };
}

function ofPrometheus({ windowMs, before, after, residentBytes, heapBytes, scrapes, block }: Measured) {
  const { samples } = scrapes;
  const cpuSeconds = cpuWithin(before.usage, after.usage, windowMs);
  const mean = residentBytes.reduce((sum, bytes) => sum + bytes, 0) / residentBytes.length;
  const { headSeries } = after.page;
  const wal = before.wal === null || after.wal === null ? null : after.wal - before.wal;
  return {
    cpuSeconds,
    samples,
    scrapes: scrapes.scrapes,
    headSeries,
    residentBytes: mean,
    residentBytesMax: Math.max(...residentBytes),
    heapBytes,
    cpuMicrosPerSample: per(cpuSeconds * 1e6, samples),
    residentBytesPerSeries: per(mean, headSeries),
    blockBytesPerSample: block && block.samples > 0 ? (block.chunkBytes + block.indexBytes) / block.samples : null,
    block,
    // When it was cut off meanwhile, it tells nothing.
    walBytesPerSample: wal === null || wal < 0 || samples === 0 ? null : wal / samples,
  };
}

/** In the window, scaled to it as the rest is. */
function ofGenerator({ windowMs, before, after }: Measured): ScrapePoint['generator'] {
  const [from, until] = [before.generator, after.generator];
  const cpuSeconds = cpuWithin(
    { ...before.usage, cpuSeconds: from.cpuSeconds },
    { ...after.usage, cpuSeconds: until.cpuSeconds },
    windowMs,
  );
  return {
    cpuSeconds,
    samplesPerCpuSecond: per(until.samples - from.samples, until.cpuSeconds - from.cpuSeconds),
    pageMicros: until.pageMicros,
    residentBytes: until.residentBytes,
  };
}

/** Of the pages that were served in the window; a page as it is at first, where none was. */
function bytesOf({ before, after }: Measured, bytes: number) {
  const [from, until] = [before.generator, after.generator];
  const pages = until.pages - from.pages;
  if (pages === 0) return { bytesPerPage: bytes, bytesOnWire: bytes };
  return {
    bytesPerPage: (until.bytesRaw - from.bytesRaw) / pages,
    bytesOnWire: (until.bytesOnWire - from.bytesOnWire) / pages,
  };
}

function per(amount: number, of: number): number {
  return of > 0 ? amount / of : 0;
}
