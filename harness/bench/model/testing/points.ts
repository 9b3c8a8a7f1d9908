import type { ScrapePoint, ScrapeSettings } from '../../../result/bench/types.ts';

/** How a Prometheus of the tests costs; what is left out is nothing. */
export interface Law {
  cores?: number;
  perSample?: number;
  perScrape?: number;
  perNewSeries?: number;
  perCompressed?: number;
  bytes?: number;
  perSeries?: number;
  perTarget?: number;
  sampleBytes?: number;
  indexBytes?: number;
}

export const LAW: Required<Law> = {
  cores: 0.04,
  perSample: 2e-6,
  perScrape: 300e-6,
  perNewSeries: 20e-6,
  perCompressed: 0.4e-6,
  bytes: 90e6,
  perSeries: 6_000,
  perTarget: 90_000,
  sampleBytes: 1.4,
  indexBytes: 180,
};

export const SECONDS = 60;

/** A point as such a Prometheus would show it. @param noise of each measurement in turn, relative */
export function pointOf(given: Partial<ScrapeSettings>, law: Law = LAW, noise: () => number = () => 0): ScrapePoint {
  const settings: ScrapeSettings = {
    targets: 100,
    series: 500,
    intervalMs: 10_000,
    version: '2.20',
    churn: 0,
    gzip: false,
    heldOut: false,
    ...given,
  };
  const { targets, series, intervalMs, churn, gzip } = settings;
  const interval = intervalMs / 1000;
  const scrapes = (targets * SECONDS) / interval;
  const samples = scrapes * series;
  const created = (targets * series * churn) / 60;
  const headSeries = targets * (series + 5) + created * SECONDS;
  const noisy = (value: number) => value * (1 + noise());
  const cpu =
    (law.cores ?? 0) +
    ((law.perSample ?? 0) + (gzip ? (law.perCompressed ?? 0) : 0)) * (samples / SECONDS) +
    (law.perScrape ?? 0) * (scrapes / SECONDS) +
    (law.perNewSeries ?? 0) * created;
  const residentBytes = noisy((law.bytes ?? 0) + (law.perSeries ?? 0) * headSeries + (law.perTarget ?? 0) * targets);
  const cpuSeconds = noisy(cpu) * SECONDS;
  const inBlock = (samples * (SECONDS + 2 * interval)) / SECONDS;
  const chunks = headSeries * Math.max(1, inBlock / headSeries / 120);
  const block = {
    samples: inBlock,
    series: headSeries,
    chunkBytes: noisy(inBlock * (law.sampleBytes ?? 0) + chunks * 24),
    indexBytes: noisy(headSeries * (law.indexBytes ?? 0) + chunks * 10),
  };
  const ms = noisy(1 + 0.004 * series);
  return {
    settings,
    seriesPerTarget: series,
    edgesPerTarget: 8,
    bytesPerPage: series * 270,
    bytesOnWire: series * (gzip ? 15 : 270),
    seconds: SECONDS,
    prometheus: {
      cpuSeconds,
      samples,
      scrapes,
      headSeries,
      residentBytes,
      residentBytesMax: residentBytes * 1.05,
      heapBytes: residentBytes / 2,
      cpuMicrosPerSample: (cpuSeconds / samples) * 1e6,
      residentBytesPerSeries: residentBytes / headSeries,
      blockBytesPerSample: (block.chunkBytes + block.indexBytes) / inBlock,
      block,
      walBytesPerSample: 8,
    },
    scrapeDurationMs: { p50: ms, p99: ms * 3, max: ms * 4 },
    missed: { scrapes: 0, targets: 0, examples: [] },
    rejected: {},
    generator: { cpuSeconds: 1, samplesPerCpuSecond: samples, pageMicros: { p50: 100, p99: 200 }, residentBytes: 1e8 },
  };
}

/** A sweep over targets x series at 10 s, some at 5 and 30 s, the largest held out. */
export function sweepOf(law: Law = LAW, noise?: () => number): ScrapePoint[] {
  const grid = [50, 200, 500].flatMap((targets) => [200, 500, 1000].map((series) => ({ targets, series })));
  return [
    ...grid.map((one) => ({ ...one, heldOut: one.targets === 500 && one.series === 1000 })),
    { targets: 200, series: 500, intervalMs: 5_000 },
    { targets: 200, series: 500, intervalMs: 30_000 },
    { targets: 50, series: 1000, intervalMs: 5_000, heldOut: true },
  ].map((settings) => pointOf(settings, law, noise));
}
