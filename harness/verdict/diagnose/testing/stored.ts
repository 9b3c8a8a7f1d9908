import type { ActiveTarget, MatrixSeries } from '../../../prometheus/client.ts';

const SCRAPES = 20;

/** What Prometheus stores of each scrape by itself: `up` and the like, for targets whose state has not changed lately. */
export function storedOf(active: readonly ActiveTarget[], atMs: number, intervalMs: number): MatrixSeries[] {
  return active.flatMap((target) => {
    const isUp = target.health === 'up';
    return [
      series('up', target, atMs, intervalMs, () => (isUp ? 1 : 0)),
      series('scrape_duration_seconds', target, atMs, intervalMs, () => target.lastScrapeDurationMs / 1000),
      series('scrape_samples_scraped', target, atMs, intervalMs, () => (isUp ? 400 : 0)),
      ...(isUp ? [series('process_clock_time_seconds', target, atMs, intervalMs, (t) => Math.floor(t / 1000))] : []),
    ];
  });
}

function series(
  name: string,
  target: ActiveTarget,
  atMs: number,
  intervalMs: number,
  valueAt: (t: number) => number,
): MatrixSeries {
  const samples = Array.from({ length: SCRAPES }, (_, i) => {
    const t = atMs - 300 - (SCRAPES - 1 - i) * intervalMs;
    return { t, v: valueAt(t) };
  });
  return { labels: { __name__: name, ...target.labels }, samples };
}
