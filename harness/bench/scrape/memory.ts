import { EXIT, HarnessError } from '../../core/errors.ts';
import type { ScrapePoint, ScrapeSettings } from '../../result/bench/types.ts';
import { describeSettings } from './resume.ts';
import type { Room } from './room.ts';

/** What a byte count is estimated by: `fixed + perSeries x series`. */
interface Rate {
  fixed: number;
  perSeries: number;
}

export interface Rates {
  prometheus: Rate;
  generator: Rate;
}

/** Of heads some minutes old, the most that was ever resident, snapshot included, less what is there without a series. */
const MEASURED_PER_SERIES = 3940;
/** Heads of other sizes, and other moments of the collector, take up to so much more. */
const MARGIN = 1.15;

/**
 * Where nothing has been measured yet. To measure it, let run
 * `meshproof bench scrape --targets 500 --series 1000 --every 5s --duration 20s --no-accuracy --no-families`, and read VmHWM in
 * /proc/<pid>/status of its Prometheus until it ends: 2,149 MB of 507,849 series; residentBytesMax of the point was 1,617 MB.
 */
const KNOWN: Rates = {
  prometheus: { fixed: 150e6, perSeries: Math.round(MEASURED_PER_SERIES * MARGIN) },
  generator: { fixed: 120e6, perSeries: 100 },
};

/** Smaller heads say little of what a series takes. */
const TELLING_SERIES = 50_000;
/** A snapshot comes on top of what a point says, by the same measurement. */
const PEAK = 1.4;
/** For this process, and whoever else is there. */
const RESERVED = 300e6;

/** By points that were measured where they tell; else by what is known. */
export function ratesOf(points: readonly ScrapePoint[]): Rates {
  const telling = points.filter(({ prometheus }) => prometheus.headSeries >= TELLING_SERIES);
  if (telling.length === 0) return KNOWN;
  const most = (of: (point: ScrapePoint) => number) => Math.max(...telling.map(of));
  const rate = (fixed: number, bytes: (point: ScrapePoint) => number): Rate => ({
    fixed,
    perSeries: most((point) => Math.max(0, bytes(point) - fixed) / point.prometheus.headSeries),
  });
  return {
    prometheus: rate(KNOWN.prometheus.fixed, ({ prometheus }) => prometheus.residentBytesMax * PEAK),
    generator: rate(KNOWN.generator.fixed, ({ generator }) => generator.residentBytes),
  };
}

export interface Need {
  settings: ScrapeSettings;
  memoryBytes: number;
  diskBytes: number;
  /** Of the process that has the most. */
  openFiles: number;
}

/** A sample in the log and in a snapshot; a series in the log, in an index, and in head chunks. */
const DISK_PER_SAMPLE = 12;
const DISK_PER_SERIES = 2000;

/** @param seconds how long Prometheus runs, start and warm-up included */
export function needOf(settings: ScrapeSettings, seconds: number, { prometheus, generator }: Rates): Need {
  const { targets, series, intervalMs, churn } = settings;
  const served = targets * series;
  const inHead = served * (1 + (churn * seconds) / 60);
  const samples = (served * seconds * 1000) / intervalMs;
  return {
    settings,
    memoryBytes:
      RESERVED + prometheus.fixed + prometheus.perSeries * inHead + generator.fixed + generator.perSeries * served,
    diskBytes: samples * DISK_PER_SAMPLE + inHead * DISK_PER_SERIES,
    // A listener and a connection each, at the generator.
    openFiles: 2 * targets + 200,
  };
}

/**
 * Refuses a sweep that the machine has no room for, before anything is started.
 * @param anyway told where memory is short, instead of a refusal
 * @throws HarnessError NOT_ENOUGH_MEMORY, NOT_ENOUGH_DISK, NOT_ENOUGH_FILES
 */
export function checkRoom(needs: readonly Need[], room: Room, anyway?: (line: string) => void): void {
  const over = (what: 'memoryBytes' | 'diskBytes' | 'openFiles') => needs.filter((need) => need[what] > room[what]);
  const memory = over('memoryBytes');
  if (memory.length > 0) {
    const short = refusal('NOT_ENOUGH_MEMORY', memory, (need) => gib(need.memoryBytes), {
      has: `${room.memoryOf} has ${gib(room.memoryBytes)} left`,
      hint: `${fitting(needs, memory)}; or, at the risk that the system ends Prometheus, --no-memory-check`,
    });
    if (!anyway) throw short;
    anyway(`not checked, as asked: ${short.message}`);
  }
  const disk = over('diskBytes');
  if (disk.length > 0) {
    throw refusal('NOT_ENOUGH_DISK', disk, (need) => gib(need.diskBytes), {
      has: `where the results are written there are ${gib(room.diskBytes)} left`,
      hint: `${fitting(needs, disk)}; or write the results elsewhere with --out`,
    });
  }
  const files = over('openFiles');
  if (files.length > 0) {
    throw refusal('NOT_ENOUGH_FILES', files, (need) => `${need.openFiles} open files`, {
      has: `a process may have ${room.openFiles} (ulimit -Hn)`,
      hint: `${fitting(needs, files)}; or raise that limit`,
    });
  }
}

function refusal(
  code: string,
  over: Need[],
  amount: (need: Need) => string,
  { has, hint }: { has: string; hint: string },
) {
  const named = [...over].reverse().slice(0, 3);
  const rest = over.length - named.length;
  const points = named.map((need) => `${describeSettings(need.settings)} (about ${amount(need)})`).join(', ');
  return new HarnessError(
    code,
    `${over.length === 1 ? 'a point of this sweep needs' : `${over.length} points of this sweep need`} more than there is: ${points}${rest > 0 ? `, and ${rest} more` : ''}; ${has}`,
    { hint, exitCode: EXIT.environment },
  );
}

/** Flags with which every point fits: fewer targets, or fewer series. */
function fitting(needs: readonly Need[], over: readonly Need[]): string {
  const fits = needs.filter((need) => !over.includes(need)).map(({ settings }) => settings);
  const list = (of: (settings: ScrapeSettings) => number) => {
    const all = [...new Set(needs.map(({ settings }) => of(settings)))].sort((a, b) => a - b);
    return all.filter((value) => !over.some(({ settings }) => of(settings) === value));
  };
  const targets = list(({ targets: one }) => one);
  const series = list(({ series: one }) => one);
  const ways = [
    ...(targets.length > 0 ? [`--targets ${targets.join(',')}`] : []),
    ...(series.length > 0 ? [`--series ${series.join(',')}`] : []),
  ];
  if (ways.length > 0) return `it fits with ${ways.join(', or with ')}`;
  const most = fits.sort((a, b) => b.targets * b.series - a.targets * a.series)[0];
  return most
    ? `the largest that fits is --targets ${most.targets} --series ${most.series}`
    : 'use fewer --targets, or fewer --series';
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
