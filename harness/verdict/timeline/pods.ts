import type { TimelinePod } from '../../result/timeline/types.ts';
import type { JudgeInput } from '../judge.ts';
import { podKey } from '../truth.ts';
import { renderedMs } from './readings-line.ts';
import type { Since } from './staircase.ts';

/** Ticks that a chart can show; more say no more. */
const MAX_SCRAPES = 300;

/**
 * Who stood in the mesh, and when Prometheus read its page.
 * @param fromMs scrapes before it are left out
 * @param series of each pod, `namespace/pod`: how many its page has
 */
export function podsOf(
  { topology, prometheus }: Pick<JudgeInput, 'topology' | 'prometheus'>,
  series: ReadonlyMap<string, number>,
  since: Since,
  fromMs: number,
): TimelinePod[] {
  const scrapes = new Map<string, TimelinePod['scrapes']>();
  for (const { namespace, pod, scrapes: all } of prometheus.targets) {
    const key = podKey(namespace, pod);
    const there = all.map((scrape) => ({ atMs: since(renderedMs(scrape)), ok: scrape.ok }));
    scrapes.set(key, [...(scrapes.get(key) ?? []), ...there.filter(({ atMs }) => atMs >= fromMs)]);
  }
  return topology.pods.map(({ namespace, name, workload }) => {
    const key = podKey(namespace, name);
    const own = (scrapes.get(key) ?? []).sort((a, b) => a.atMs - b.atMs);
    return { namespace, pod: name, workload, scrapes: thinned(own), series: series.get(key) ?? null };
  });
}

/** Every so many-th, and all that differ from the one before. */
function thinned(scrapes: TimelinePod['scrapes']): TimelinePod['scrapes'] {
  const every = Math.ceil(scrapes.length / MAX_SCRAPES);
  const last = scrapes.length - 1;
  return scrapes.filter((s, i) => i % every === 0 || i === last || s.ok !== scrapes[i - 1]!.ok);
}
