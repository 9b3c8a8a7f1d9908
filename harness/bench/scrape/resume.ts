import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { readScrape } from '../../result/bench/read.ts';
import type { Machine, ScrapePoint, ScrapeResult, ScrapeSettings } from '../../result/bench/types.ts';
import { SCRAPE_FILE } from '../../result/bench/write.ts';
import type { ScrapePlan } from './plan.ts';

/** What points must have in common to be fitted together. */
export interface Circumstances {
  plan: ScrapePlan;
  machine: Machine;
  prometheusVersion: string;
}

/**
 * The record of an interrupted sweep, to go on with.
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID; SWEEP_DIFFERS, naming what differs
 */
export async function readEarlier(dir: string, now: Circumstances): Promise<ScrapeResult> {
  const file = join(dir, SCRAPE_FILE);
  const earlier = await readScrape(file);
  const differences = differencesOf(earlier, now);
  if (differences.length === 0) return earlier;
  throw new HarnessError('SWEEP_DIFFERS', `${file} can't be resumed: ${differences.join('; ')}`, {
    hint: 'resume it as it was begun, or begin another',
    exitCode: EXIT.invalidInput,
  });
}

/** In what a sweep that was begun is another one than is asked for now; a sentence each. */
export function differencesOf(
  earlier: Pick<ScrapeResult, 'plan' | 'machine' | 'prometheus'>,
  { plan, machine, prometheusVersion }: Circumstances,
): string[] {
  const was = earlier.machine;
  const pairs: [string, string | number, string | number][] = [
    ['seed', earlier.plan.seed, plan.seed],
    ['seconds per point', earlier.plan.secondsPerPoint, plan.secondsPerPoint],
    ['platform', was.platform, machine.platform],
    ['CPU', was.cpu, machine.cpu],
    ['cores', was.cores, machine.cores],
    ['memory', was.memoryBytes, machine.memoryBytes],
    ['version of Prometheus', earlier.prometheus.version, prometheusVersion],
  ];
  return [
    ...pairs.filter(([, a, b]) => a !== b).map(([what, a, b]) => `its ${what} was ${a} and is ${b} now`),
    ...pointDifferences(earlier.plan.points, plan.points),
  ];
}

function pointDifferences(before: readonly ScrapeSettings[], now: readonly ScrapeSettings[]): string[] {
  if (isDeepStrictEqual(before, now)) return [];
  const plain = (point: ScrapeSettings) => ({ ...point, heldOut: false });
  const missing = (from: readonly ScrapeSettings[], other: readonly ScrapeSettings[]) =>
    from.map(plain).filter((point) => !other.some((one) => isDeepStrictEqual(plain(one), point)));
  const [gone, come] = [missing(before, now), missing(now, before)];
  const list = (points: ScrapeSettings[]) =>
    `${points.slice(0, 3).map(describeSettings).join(', ')}${points.length > 3 ? `, and ${points.length - 3} more` : ''}`;
  if (gone.length === 0 && come.length === 0) return ['it holds out other points'];
  return [
    ...(gone.length > 0 ? [`it has points that are not asked for now: ${list(gone)}`] : []),
    ...(come.length > 0 ? [`it has no points ${list(come)}`] : []),
  ];
}

/** `1,000 x 500 series each 10 s, edge-26.8.3`. */
export function describeSettings(settings: ScrapeSettings): string {
  const { targets, series, intervalMs, version, churn, gzip, heldOut } = settings;
  const extras = [churn > 0 && `churn ${churn}`, gzip && 'gzip', heldOut && 'held out'].filter(Boolean);
  return [`${targets} x ${series} series each ${intervalMs / 1000} s`, version, ...extras].join(', ');
}

/** The point that was measured with these settings. */
export function pointWith(points: readonly ScrapePoint[], settings: ScrapeSettings): ScrapePoint | undefined {
  return points.find((point) => isDeepStrictEqual(point.settings, settings));
}
