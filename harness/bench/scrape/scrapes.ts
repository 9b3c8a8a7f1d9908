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
  const { intervalMs, fromMs, untilMs } = window;
  const range = (metric: string) => client.rawSamples(`${metric}${PROXIES}`, untilMs - fromMs, untilMs);
  const askedAtMs = Math.floor(epochMs());
  // From the warm-up on: the more scrapes, the surer when each is due.
  const up = await client.rawSamples(`up${PROXIES}`, askedAtMs - fromMs + WARM_UP_INTERVALS * intervalMs, askedAtMs);
  const kept = await range('scrape_samples_post_metric_relabeling');
  const durations = values(await range('scrape_duration_seconds')).sort((a, b) => a - b);
  const { scrapes, targets, examples } = missedOf(targetsOf(up, world.lives.all, window), intervalMs, askedAtMs);
  return {
    samples: values(kept).reduce((sum, value) => sum + value, 0),
    scrapes: up.flatMap(({ samples }) => samples).filter(({ t, v }) => v === 1 && t > fromMs && t <= untilMs).length,
    durationMs: { p50: quantile(durations, 0.5), p99: quantile(durations, 0.99), max: quantile(durations, 1) },
    missed: { scrapes, targets, examples },
  };
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

function values(series: readonly MatrixSeries[]): number[] {
  return series.flatMap(({ samples }) => samples.map(({ v }) => v));
}

/** Nearest rank, of seconds in order, as ms. */
function quantile(sorted: readonly number[], q: number): number {
  return (sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0) * 1000;
}
