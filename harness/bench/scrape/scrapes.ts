import { epochMs } from '../../core/clock.ts';
import type { MatrixSeries } from '../../prometheus/client.ts';
import type { ScrapePoint } from '../../result/bench/types.ts';
import type { PodLife } from './lives.ts';
import { missedOf, type ScrapedTarget } from './missed.ts';
import { DISCOVERY_MS, WARM_UP_INTERVALS } from './timing.ts';
import type { ScrapeWorld } from './world.ts';

export interface ScrapesWindow {
  intervalMs: number;
  /** Epoch ms, whole. */
  fromMs: number;
  untilMs: number;
}

export interface Scrapes {
  /** That Prometheus stored of the proxies' pages, and how many scrapes these were. */
  samples: number;
  scrapes: number;
  durationMs: ScrapePoint['scrapeDurationMs'];
  missed: ScrapePoint['missed'];
}

const PROXIES = '{job="linkerd-proxy"}';

/** What Prometheus stored of its own scrapes. Asked when the window is over: what it costs is not measured. */
export async function readScrapes(world: ScrapeWorld, window: ScrapesWindow): Promise<Scrapes> {
  const { client } = world.prometheus;
  const { intervalMs, fromMs } = window;
  const askedAtMs = Math.floor(epochMs());
  // From the warm-up on: the more scrapes, the surer when each is due.
  const spanMs = askedAtMs - fromMs + WARM_UP_INTERVALS * intervalMs;
  const read = (metric: string) => client.rawSamples(`${metric}${PROXIES}`, spanMs, askedAtMs);
  const up = await read('up');
  const stored = storedBy(up, await read('scrape_samples_post_metric_relabeling'), window);
  const durations = within(await read('scrape_duration_seconds'), window)
    .map(({ v }) => v)
    .sort((a, b) => a - b);
  const { scrapes, targets, examples } = missedOf(targetsOf(up, world.lives.all, window), intervalMs, askedAtMs);
  return {
    ...stored,
    durationMs: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99), max: quantile(durations, 1) },
    missed: { scrapes, targets, examples },
  };
}

/**
 * How many scrapes of the window were answered, and the samples of those very scrapes: Prometheus stores both with one stamp, so
 * that one which lands between two questions is in both, or in none.
 * @param up asked first
 * @param kept samples that were kept of each scrape
 */
export function storedBy(
  up: readonly MatrixSeries[],
  kept: readonly MatrixSeries[],
  window: Pick<ScrapesWindow, 'fromMs' | 'untilMs'>,
): Pick<Scrapes, 'samples' | 'scrapes'> {
  const key = ({ labels }: MatrixSeries, t: number) => `${labels.namespace}/${labels.pod} ${t}`;
  const counts = new Map(kept.flatMap((series) => series.samples.map(({ t, v }) => [key(series, t), v] as const)));
  const answered = up.flatMap((series) =>
    within([series], window)
      .filter(({ v }) => v === 1)
      .map(({ t }) => counts.get(key(series, t)) ?? 0),
  );
  return { scrapes: answered.length, samples: answered.reduce((sum, count) => sum + count, 0) };
}

/** Each pod that was there in the window, with what is known of its scrapes; what was never scraped is among them. */
export function targetsOf(
  up: readonly MatrixSeries[],
  lives: ReadonlyMap<string, PodLife>,
  { intervalMs, fromMs, untilMs }: ScrapesWindow,
): ScrapedTarget[] {
  const byPod = new Map(up.map(({ labels, samples }) => [`${labels.namespace}/${labels.pod}`, samples]));
  const first = Math.min(...[...lives.values()].map((life) => life.fromMs));
  return [...lives].flatMap(([name, life]) => {
    // One that came later is found first; while it goes, it may no longer answer.
    const since = life.fromMs === first ? fromMs : life.fromMs + DISCOVERY_MS + intervalMs;
    const until = life.untilMs - Math.min(intervalMs, 1000);
    const target = {
      name,
      up: byPod.get(name) ?? [],
      fromMs: Math.max(fromMs, since),
      untilMs: Math.min(untilMs, until),
    };
    return target.fromMs < target.untilMs ? [target] : [];
  });
}

function within(series: readonly MatrixSeries[], { fromMs, untilMs }: Pick<ScrapesWindow, 'fromMs' | 'untilMs'>) {
  return series.flatMap(({ samples }) => samples.filter(({ t }) => t > fromMs && t <= untilMs));
}

/** Nearest rank, of seconds in order, as ms. */
function quantile(sorted: readonly number[], q: number): number {
  return (sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0) * 1000;
}
