import { describe } from '../core/errors.ts';
import type { ProxyPage } from '../environment/contract.ts';
import { writeTimeline } from '../result/timeline/write.ts';
import { type TimelineFacts, timelineOf } from '../verdict/timeline/timeline.ts';
import { podKey } from '../verdict/truth.ts';

/**
 * Writes timeline.json into the scenario's folder: what charts of it are drawn from.
 * @returns remarks: what went wrong, which changes no verdict
 */
export async function keepTimeline(
  dir: string,
  facts: Omit<TimelineFacts, 'series'>,
  pages: readonly ProxyPage[],
): Promise<string[]> {
  try {
    await writeTimeline(dir, timelineOf({ ...facts, series: seriesOf(pages) }));
    return [];
  } catch (error) {
    return [`timeline.json could not be written: ${describe(error)}`];
  }
}

/** Series on each page, by `namespace/pod`: lines that are samples. */
function seriesOf(pages: readonly ProxyPage[]): Map<string, number> {
  return new Map(
    pages.map(({ namespace, pod, text }) => [podKey(namespace, pod), text.match(/^[^#\s].*$/gm)?.length ?? 0]),
  );
}
