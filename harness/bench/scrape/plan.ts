import { EXIT, HarnessError } from '../../core/errors.ts';
import type { ScrapeResult, ScrapeSettings } from '../../result/bench/types.ts';
import type { ScrapeOptions } from './options.ts';

export type ScrapePlan = ScrapeResult['plan'];

/** What of the options makes the plan. */
export type PlanOptions = Pick<
  ScrapeOptions,
  | 'targets'
  | 'series'
  | 'intervalsMs'
  | 'versions'
  | 'churn'
  | 'gzip'
  | 'secondsPerPoint'
  | 'heldOut'
  | 'maxPoints'
  | 'seed'
>;

/** Fewer than that leave nothing to fit. */
const HELD_OUT_FROM = 5;
const HELD_OUT_SHARE = 0.22;

/**
 * Every combination, the smallest first: by samples per second within series in all. Of five points or more about a fifth is held
 * out, the largest of all among them.
 * @throws HarnessError BAD_SWEEP
 */
export function planSweep(options: PlanOptions): ScrapePlan {
  check(options);
  const { secondsPerPoint, seed, churn, gzip } = options;
  const all = options.versions.flatMap((version) =>
    options.intervalsMs.flatMap((intervalMs) =>
      options.series.flatMap((series) =>
        options.targets.map((targets) => ({ targets, series, intervalMs, version, churn, gzip, heldOut: false })),
      ),
    ),
  );
  const sorted = [...new Map(all.map((point) => [JSON.stringify(point), point])).values()].sort(bySize);
  const points = spread(sorted, options.maxPoints ?? sorted.length);
  const heldOut = options.heldOut === 'none' ? new Set<number>() : heldOutOf(points.length);
  return { seed, secondsPerPoint, points: points.map((point, i) => ({ ...point, heldOut: heldOut.has(i) })) };
}

/** Series in all. */
export const seriesOf = ({ targets, series }: Pick<ScrapeSettings, 'targets' | 'series'>) => targets * series;

function bySize(a: ScrapeSettings, b: ScrapeSettings): number {
  return (
    seriesOf(a) - seriesOf(b) ||
    b.intervalMs - a.intervalMs ||
    a.targets - b.targets ||
    (a.version < b.version ? -1 : a.version > b.version ? 1 : 0)
  );
}

/** At most `most` of them, evenly over the list, its ends among them. */
function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  if (most === 1) return [list.at(-1)!];
  return Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]!);
}

/** The last, and others evenly before it; never the first: below it the model would have nothing to go by. */
function heldOutOf(count: number): Set<number> {
  if (count < HELD_OUT_FROM) return new Set();
  const held = Math.max(1, Math.round(count * HELD_OUT_SHARE));
  const step = (count - 1) / held;
  return new Set(Array.from({ length: held }, (_, i) => Math.round(count - 1 - i * step)));
}

function check(options: PlanOptions): void {
  const { targets, series, intervalsMs, versions, churn, secondsPerPoint, maxPoints } = options;
  const whole = (list: readonly number[], least: number) =>
    list.length > 0 && list.every((one) => Number.isInteger(one) && one >= least);
  const wrong = [
    ...(whole(targets, 1) ? [] : ['targets are whole numbers from 1']),
    ...(whole(series, 1) ? [] : ['series are whole numbers from 1']),
    ...(whole(intervalsMs, 100) ? [] : ['intervals are 100 ms or more']),
    ...(versions.length > 0 ? [] : ['a version of the proxies is needed']),
    ...(churn >= 0 && churn <= 1 ? [] : ['churn is a share, 0 to 1']),
    ...(secondsPerPoint > 0 && Number.isFinite(secondsPerPoint) ? [] : ['a point takes some seconds']),
    ...(maxPoints === null || (Number.isInteger(maxPoints) && maxPoints >= 1)
      ? []
      : ['at least one point is measured']),
  ];
  if (wrong.length === 0) return;
  throw new HarnessError('BAD_SWEEP', `this can't be swept: ${wrong.join('; ')}`, {
    hint: 'give each list at least one value',
    exitCode: EXIT.invalidInput,
  });
}
