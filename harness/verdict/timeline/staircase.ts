import type { FlowTimeline } from '../../result/timeline/types.ts';
import type { Moments } from './recording.ts';

/** Epoch ms to whole milliseconds since the origin. */
export type Since = (epochMs: number) => number;

export interface Span {
  fromMs: number;
  toMs: number;
}

/**
 * How many had come to their end, over time. Between two points it is off by less than a hundredth of its height (or so many
 * times more as there are fewer points than 200), so that a step which is larger than that stands at its own moment.
 * @param points at most about so many
 */
export function staircase(
  moments: Moments,
  since: Since,
  { fromMs, toMs }: Span,
  points: number,
): FlowTimeline['truth'] {
  const all = ascending(moments.all, since);
  const failed = ascending(moments.failures, since);
  // Both kinds of steps share the points.
  const of = failed.length > 0 ? points / 2 : points;
  const step = Math.max(1, Math.ceil(all.length / of));
  const failedStep = Math.max(1, Math.ceil(failed.length / of));
  const out: FlowTimeline['truth'] = { atMs: [fromMs], count: [0], failures: [0] };
  let last = { count: 0, failures: 0 };
  const put = (atMs: number, count: number, failures: number): void => {
    out.atMs.push(atMs);
    out.count.push(count);
    out.failures.push(failures);
    last = { count, failures };
  };
  let failures = 0;
  for (let i = 0; i < all.length; i++) {
    const atMs = all[i]!;
    // Of those of one moment the last.
    if (all[i + 1] === atMs) continue;
    while (failures < failed.length && failed[failures]! <= atMs) failures++;
    if (i + 1 - last.count >= step || failures - last.failures >= failedStep) put(atMs, i + 1, failures);
  }
  put(toMs, all.length, failed.length);
  return out;
}

function ascending(epochs: readonly number[], since: Since): Float64Array {
  return Float64Array.from(epochs, since).sort();
}
