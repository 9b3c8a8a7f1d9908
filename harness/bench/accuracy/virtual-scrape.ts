import { seededRandom } from '../../mesh/proxy/random.ts';
import { STALE, type TimeSeries } from '../../prometheus/remote-write.ts';
import { Counters } from './counters.ts';
import type { Stream } from './traffic.ts';

/** One scrape: the time that its samples bear, and that at which the page was made; ms from the stream's zero. */
export interface ScrapeTime {
  stampMs: number;
  pageMs: number;
}

/** A page is made some ms after the moment at which it was due, which is what its samples are stamped with. */
const TYPICAL_DELAY_MS = 4;
/** Now and then something is in the way. */
const SLOW_SHARE = 0.01;
const SLOW_DELAY_MS = 150;

/**
 * When Prometheus would scrape: each interval, at an offset of the target's own. Its samples bear the time at which the scrape
 * was due, as Prometheus aligns them when its timer is off by no more than 2 ms.
 */
export function scrapeTimes(intervalMs: number, spanMs: number, seed: string): ScrapeTime[] {
  const random = seededRandom(seed);
  const times: ScrapeTime[] = [];
  for (let due = Math.floor(random() * intervalMs); due < spanMs; due += intervalMs) {
    const mean = random() < SLOW_SHARE ? SLOW_DELAY_MS : TYPICAL_DELAY_MS;
    const delay = Math.min(-mean * Math.log(1 - random()), intervalMs / 2);
    times.push({ stampMs: due, pageMs: due + delay });
  }
  return times;
}

/**
 * What Prometheus would have stored of these scrapes, stamped by the clock of `originMs`: values as they stood when the page was
 * made, and a stale marker where a series was in the scrape before and is in this no more.
 */
export function scraped(
  stream: Stream,
  times: readonly ScrapeTime[],
  target: Record<string, string>,
  originMs: number,
): TimeSeries[] {
  const counters = new Counters(stream, target);
  const all = new Map<object, TimeSeries>();
  let before = new Set<TimeSeries>();
  for (const { stampMs, pageMs } of times) {
    const t = originMs + stampMs;
    const now = new Set<TimeSeries>();
    for (const { labels, value } of counters.at(pageMs) ?? []) {
      let series = all.get(labels);
      if (!series) {
        series = { labels, samples: [] };
        all.set(labels, series);
      }
      series.samples.push({ t, v: value });
      now.add(series);
      before.delete(series);
    }
    for (const gone of before) gone.samples.push({ t, v: STALE });
    before = now;
  }
  return [...all.values()];
}
