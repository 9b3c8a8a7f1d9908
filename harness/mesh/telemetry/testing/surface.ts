import { parsePage } from '../../../core/page-parser.ts';

/** Labels of a page by family: of all its series, in the order of the page, `le` left out. */
export type Surface = ReadonlyMap<string, readonly string[]>;

export interface SurfaceDifference {
  /** Families. */
  older: string[];
  newer: string[];
  /** Labels of families that both have: `-` only the older one's, `+` only the newer one's. */
  labels: Record<string, string[]>;
  /** Families whose HELP or TYPE differ. */
  headers: string[];
}

/** Families by what their series are called, and the header of each. */
export function surfaceOf(page: string): { labels: Surface; headers: ReadonlyMap<string, string> } {
  const labels = new Map<string, string[]>();
  const headers = new Map<string, string>();
  const { families, samples } = parsePage(page);
  const named = new Set(families.map(({ name }) => name));
  const familyOf = (sample: string) =>
    [sample, sample.replace(/_total$/, ''), sample.replace(/_(bucket|sum|count)$/, '')].find((name) => named.has(name));
  for (const line of page.split('\n')) {
    const header = /^# (?:HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (header) headers.set(header[1]!, `${headers.get(header[1]!) ?? ''}${header[2]}|`);
  }
  for (const sample of samples) {
    const family = familyOf(sample.name) ?? `no header of ${sample.name}`;
    const known = labels.get(family) ?? [];
    for (const label of Object.keys(sample.labels)) if (label !== 'le' && !known.includes(label)) known.push(label);
    labels.set(family, known);
  }
  return { labels, headers };
}

/** What a reader of the pages would have to know. */
export function compareSurfaces(older: string, newer: string): SurfaceDifference {
  const [a, b] = [surfaceOf(older), surfaceOf(newer)];
  const difference: SurfaceDifference = { older: [], newer: [], labels: {}, headers: [] };
  difference.older = [...a.labels.keys()].filter((name) => !b.labels.has(name));
  difference.newer = [...b.labels.keys()].filter((name) => !a.labels.has(name));
  for (const [name, of] of a.labels) {
    const then = b.labels.get(name);
    if (then === undefined) continue;
    const changes = [
      ...of.filter((label) => !then.includes(label)).map((label) => `-${label}`),
      ...then.filter((label) => !of.includes(label)).map((label) => `+${label}`),
    ];
    if (changes.length > 0) difference.labels[name] = changes;
    if (a.headers.get(name) !== b.headers.get(name)) difference.headers.push(name);
  }
  return difference;
}
