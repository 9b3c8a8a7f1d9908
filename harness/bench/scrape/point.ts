import { fetch } from 'undici';
import { epochMs } from '../../core/clock.ts';
import { describe, HarnessError } from '../../core/errors.ts';
import { sleep, waitFor } from '../../core/wait.ts';
import type { ScrapePoint, ScrapeSettings } from '../../result/bench/types.ts';
import { usageOf } from './meter.ts';
import { readOwnPage } from './own-page.ts';
import { pointOf, type Reading } from './point-record.ts';
import { readScrapes } from './scrapes.ts';
import { walBytes, weighSnapshot } from './storage.ts';
import { DISCOVERY_MS, WARM_UP_INTERVALS } from './timing.ts';
import type { ScrapeWorld } from './world.ts';

/** Shorter windows would say more of their edges than of what is between. */
const LEAST_INTERVALS = 4;
/** Of resident memory within the window. */
const READINGS = 10;

export interface PointContext {
  secondsPerPoint: number;
  signal: AbortSignal;
  progress(line: string): void;
}

/** Whole scrape intervals, so that each target is scraped equally often in it. */
export function windowOf({ intervalMs }: Pick<ScrapeSettings, 'intervalMs'>, secondsPerPoint: number): number {
  return intervalMs * Math.max(LEAST_INTERVALS, Math.ceil((secondsPerPoint * 1000) / intervalMs));
}

/** About how long Prometheus runs for a point, seconds. */
export function secondsOf({ intervalMs, ...settings }: ScrapeSettings, secondsPerPoint: number): number {
  const around = (WARM_UP_INTERVALS + 1) * intervalMs + (settings.churn > 0 ? 2 : 1) * DISCOVERY_MS;
  return (windowOf({ intervalMs }, secondsPerPoint) + around) / 1000;
}

/**
 * Measures one point: from when every target was scraped once, and two intervals more, over whole intervals.
 * @throws HarnessError NO_TARGET_SCRAPED, CHILD_DIED, PROMETHEUS_UNREACHABLE; the signal's reason
 */
export async function measurePoint(
  world: ScrapeWorld,
  settings: ScrapeSettings,
  context: PointContext,
): Promise<ScrapePoint> {
  const { signal, progress } = context;
  const { intervalMs } = settings;
  await firstScrapes(world, settings, context);
  await pause(world, epochMs() + WARM_UP_INTERVALS * intervalMs, signal);
  const windowMs = windowOf(settings, context.secondsPerPoint);
  const before = await readAll(world, 'before');
  const fromMs = Math.round(before.usage.atMs);
  const residentBytes = [before.usage.residentBytes];
  for (let reading = 1; reading < READINGS; reading += 1) {
    await pause(world, fromMs + (windowMs * reading) / READINGS, signal);
    residentBytes.push((await usageOf(world.prometheus)).residentBytes);
  }
  const untilMs = fromMs + windowMs;
  await pause(world, untilMs, signal);
  const after = await readAll(world, 'after');
  residentBytes.push(after.usage.residentBytes);
  const heapBytes = await liveHeap(world.prometheus.url, signal);
  const scrapes = await readScrapes(world, { intervalMs, fromMs, untilMs });
  const block = await weighSnapshot(world.prometheus.url, world.dataDir, signal, progress);
  world.check();
  return pointOf({ settings, windowMs, before, after, residentBytes, heapBytes, scrapes, block });
}

/** What the rest of a reading costs Prometheus is outside of the window: its usage is read last before it, and first after it. */
async function readAll(world: ScrapeWorld, end: 'before' | 'after'): Promise<Reading> {
  const { prometheus, generator, dataDir } = world;
  const first = end === 'after' ? await usageOf(prometheus) : null;
  const [statistics, wal] = await Promise.all([generator.statistics(), walBytes(dataDir)]);
  const page = readOwnPage(await prometheus.client.ownPage());
  return { usage: first ?? (await usageOf(prometheus)), generator: statistics, wal, page };
}

/** @throws HarnessError CHILD_DIED as soon as one of them has gone */
async function pause(world: ScrapeWorld, untilMs: number, signal: AbortSignal): Promise<void> {
  for (let left = untilMs - epochMs(); left > 0; left = untilMs - epochMs()) {
    await sleep(Math.min(left, 1000), signal);
    world.check();
  }
}

/** Discovery takes a while, a first scrape up to an interval, and pods that are replaced are never all there. */
async function firstScrapes(world: ScrapeWorld, settings: ScrapeSettings, context: PointContext): Promise<void> {
  const { targets, churn, intervalMs } = settings;
  const { client } = world.prometheus;
  const absent = Math.ceil((targets * churn * (DISCOVERY_MS + intervalMs)) / 60_000);
  let scraped = 0;
  try {
    await waitFor(
      async (seen) => {
        const [answer] = await client.query('count(up{job="linkerd-proxy"} == 1)', epochMs());
        scraped = answer?.v ?? 0;
        seen(`${scraped} of ${targets}`);
        return scraped >= targets - absent ? true : undefined;
      },
      {
        what: 'each target is scraped once',
        deadlineMs: 60_000 + 3 * intervalMs + 20 * targets,
        everyMs: 250,
        hint: "Prometheus' log tells more",
        signal: context.signal,
        check: () => world.check(),
      },
    );
  } catch (error) {
    context.signal.throwIfAborted();
    world.check();
    if (scraped === 0) throw await noTarget(world, error);
    // Too much for it: that, too, is measured.
    context.progress(`${scraped} of ${targets} targets were scraped by then; it is measured as it is`);
  }
}

async function noTarget(world: ScrapeWorld, cause: unknown): Promise<HarnessError> {
  const { active } = await world.prometheus.client.targets().catch(() => ({ active: [] }));
  const target = active.find(({ scrapePool }) => scrapePool === 'linkerd-proxy');
  const why = target ? `${target.scrapeUrl}: ${target.lastError || 'not scraped yet'}` : 'it found none';
  return new HarnessError('NO_TARGET_SCRAPED', `Prometheus scraped none of the simulated proxies: ${why}`, {
    hint: `its log is ${world.prometheus.child.logFile}`,
    cause,
  });
}

/** Bytes that are in use after a collection; of `/debug/pprof/heap`, which every Prometheus serves. */
async function liveHeap(url: string, signal: AbortSignal): Promise<number> {
  try {
    const response = await fetch(`${url}/debug/pprof/heap?gc=1&debug=1`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(120_000)]),
    });
    const found = /^# HeapAlloc = (\d+)$/m.exec(await response.text());
    if (found) return Number(found[1]);
    throw new Error(`HTTP ${response.status}, without its HeapAlloc`);
  } catch (cause) {
    signal.throwIfAborted();
    throw new HarnessError('PROMETHEUS_UNREACHABLE', `Prometheus' heap could not be read: ${describe(cause)}`, {
      hint: 'check that it runs; its log tells why it ended',
      cause,
    });
  }
}
