import type { ScrapePoint, ScrapeSettings } from '../../../result/bench/types.ts';
import type { PlanOptions } from '../plan.ts';

export function planOptions(change: Partial<PlanOptions> = {}): PlanOptions {
  return {
    ...{ targets: [10, 20, 40], series: [500, 1000], intervalsMs: [1000, 5000], versions: ['edge-26.8.3'] },
    ...{ churn: 0, gzip: false, secondsPerPoint: 20, heldOut: 'auto', maxPoints: null, seed: 1 },
    ...change,
  };
}

export function settingsOf(change: Partial<ScrapeSettings> = {}): ScrapeSettings {
  return {
    ...{ targets: 100, series: 1000, intervalMs: 10_000, version: 'edge-26.8.3' },
    ...{ churn: 0, gzip: false, heldOut: false },
    ...change,
  };
}

/** A point that went well: half a core, 5 KB a series. */
export function pointOfSettings(
  settings: ScrapeSettings,
  prometheus: Partial<ScrapePoint['prometheus']> = {},
): ScrapePoint {
  const series = settings.targets * settings.series;
  return {
    settings,
    ...{
      seriesPerTarget: settings.series,
      edgesPerTarget: 4,
      bytesPerPage: 350_000,
      bytesOnWire: 350_000,
      seconds: 20,
    },
    prometheus: {
      ...{ cpuSeconds: 10, samples: series * 20, scrapes: settings.targets * 20, headSeries: series },
      ...{ residentBytes: series * 5000, residentBytesMax: series * 5000, heapBytes: series * 3000 },
      ...{
        cpuMicrosPerSample: 3,
        residentBytesPerSeries: 5000,
        blockBytesPerSample: 5,
        block: null,
        walBytesPerSample: 5,
      },
      ...prometheus,
    },
    scrapeDurationMs: { p50: 3, p99: 9, max: 12 },
    missed: { scrapes: 0, targets: 0, examples: [] },
    rejected: {},
    generator: { cpuSeconds: 1, samplesPerCpuSecond: 2e6, pageMicros: { p50: 300, p99: 900 }, residentBytes: 2e8 },
  };
}
