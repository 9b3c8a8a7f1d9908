import type { IndexedRun, Measure, RunKind } from './types.ts';

/** What several runs of one kind say of one subject, number by number. */
export interface Trend {
  kind: RunKind;
  /** A scenario; empty: the runs as a whole. */
  subject: string;
  lines: TrendLine[];
}

export interface TrendLine {
  name: string;
  unit: string;
  /** Oldest first; runs without this number are left out. */
  points: { run: IndexedRun; measure: Measure }[];
}

/** Numbers that two runs at least have, grouped by kind and subject, in the order in which they come up. */
export function trendsOf(oldestFirst: readonly IndexedRun[]): Trend[] {
  const all = oldestFirst.flatMap((run) => run.measures.map((measure) => ({ run, measure })));
  const subjects = Map.groupBy(all, ({ run, measure }) => JSON.stringify([run.kind, measure.subject]));
  return [...subjects.values()].flatMap((own): Trend[] => {
    const { run, measure } = own[0]!;
    const lines = [...Map.groupBy(own, (one) => JSON.stringify([one.measure.name, one.measure.unit])).values()]
      .filter((points) => points.filter((point) => point.measure.value !== null).length > 1)
      .map((points): TrendLine => {
        const [first] = points;
        return { name: first!.measure.name, unit: first!.measure.unit, points };
      });
    return lines.length > 0 ? [{ kind: run.kind, subject: measure.subject, lines }] : [];
  });
}
