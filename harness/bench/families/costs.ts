import type { FamilyCost, ScrapeModel } from '../../result/bench/types.ts';
import { sampleText } from '../../upgrade/queries/resolve.ts';
import { predict } from '../model/index.ts';
import { commented, dropBounds, dropBuckets, dropWhole, sparseBounds, yamlOf } from './drop.ts';
import { boundsOf } from './histograms.ts';
import { knownQueries } from './known-queries.ts';
import { type Need, Needs, type Part } from './needs.ts';
import { purposeOf } from './purposes.ts';
import type { FamiliesShape, FamilyOptions } from './types.ts';

const PODS = 1000;
const INTERVAL_MS = 10_000;

/**
 * What each family costs, who needs it and how to drop it; the most expensive first. What a family costs is the difference of
 * what 1,000 pods cost with and without it. Dropping it saves that memory and the disk, yet not all of that CPU: Prometheus
 * parses a page before it drops any of it.
 * @param model null: without it costs are not given
 */
export function familyCosts(
  shape: FamiliesShape,
  model: ScrapeModel | null,
  options: FamilyOptions = {},
): FamilyCost[] {
  const own = (options.queries ?? []).map(({ place, records, ...query }) => {
    return { name: place, expr: sampleText(query), records };
  });
  const needs = new Needs([...knownQueries(), ...own]);
  return [...shape.families]
    .sort((a, b) => b.series - a.series)
    .map(({ name, series }) => ({
      family: name,
      seriesPerTarget: series,
      share: series / shape.series,
      ...costOf(series, shape, model, options.intervalMs ?? INTERVAL_MS),
      ...withoutIt(name, needs),
    }));
}

function costOf(
  series: number,
  shape: FamiliesShape,
  model: ScrapeModel | null,
  intervalMs: number,
): Pick<FamilyCost, 'cpuCores' | 'memoryBytes'> {
  if (!model) return { cpuCores: null, memoryBytes: null };
  const at = (left: number) => {
    const size = { series: left, bytes: (shape.bytes * left) / shape.series };
    return predict(model, { pods: PODS, edges: 0, intervalMs, version: '', churn: 0 }, size);
  };
  const whole = at(shape.series);
  const rest = at(shape.series - series);
  return {
    cpuCores: whole.cpuCores.value - rest.cpuCores.value,
    memoryBytes: whole.memoryBytes.value - rest.memoryBytes.value,
  };
}

type Without = Pick<FamilyCost, 'neededBy' | 'drop' | 'loses'>;

function withoutIt(family: string, needs: Needs): Without {
  const bounds = boundsOf(family);
  const parts: Part[] = bounds ? ['_bucket', '_count', '_sum'] : [''];
  const needed = needs.of(family, parts);
  const neededBy = [...new Set(needed.map(({ name }) => name))];
  const purpose = purposeOf(family);
  if (bounds && needed.length > 0 && needed.every(({ part }) => part !== '_bucket')) {
    const kept = `its count and its sum stay, for ${listOf(neededBy)}`;
    return { neededBy, drop: yamlOf(dropBuckets(family)), loses: `Its quantiles; ${kept}.` };
  }
  return { neededBy, drop: wholly(family, bounds, needed), loses: lossOf(neededBy, purpose) };
}

/** All of it; where quantiles are asked of it, fewer of its buckets are the other choice. */
function wholly(family: string, bounds: readonly number[] | null, needed: readonly Need[]): string {
  const yaml = yamlOf(dropWhole(family, bounds !== null));
  if (!bounds || needed.length === 0) return yaml;
  const sparse = sparseBounds(bounds);
  if (sparse.length === 0) return yaml;
  const text = `Or, in its stead, ${sparse.length} of its ${bounds.length + 1} buckets; quantiles get coarser, and queries that name one of those find nothing:`;
  return yaml + commented(text, dropBounds(family, sparse));
}

function lossOf(neededBy: readonly string[], purpose: string): string {
  const tells = purpose === '' ? '' : `It tells ${purpose}.`;
  const breaks =
    neededBy.length === 0
      ? 'No query that is known here needs it.'
      : `Without it there is no answer for ${listOf(neededBy)}.`;
  return [breaks, tells].filter(Boolean).join(' ');
}

const NAMED = 3;

function listOf(names: readonly string[]): string {
  const some = names.slice(0, NAMED).join(', ');
  return names.length > NAMED ? `${some} and ${names.length - NAMED} more` : some;
}
