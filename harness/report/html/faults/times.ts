import type { WorldRecord } from '../../../matrix/record.ts';
import { formatDuration, formatNumber } from '../../format.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import type { Markup } from '../markup.ts';
import { below, LEGEND, shortLabel } from '../plots.ts';
import { wideFigure } from '../plotted.ts';

const OUTCOMES = [
  { name: 'right', color: COLOURS.good, symbol: 'circle' },
  { name: 'wrong', color: COLOURS.bad, symbol: 'rect' },
  { name: 'error', color: COLOURS.unsure, symbol: 'triangle' },
] as const;

interface Times {
  name: string;
  worlds: WorldRecord[];
  medianMs: number;
}

/**
 * A row a case with a dot a world, the slowest case first; pairs and clean worlds are a row each.
 * @param worlds those that got to a diagnosis
 */
export function diagnosisTimes(charts: Charts, worlds: readonly WorldRecord[]): Markup {
  const rows = [...Map.groupBy(worlds, rowOf)]
    .map(([name, own]): Times => ({ name, worlds: own, medianMs: median(own.map(timeOf)) }))
    .sort((a, b) => b.medianMs - a.medianMs);
  return wideFigure(charts, {
    title: 'By case, the slowest first',
    label: 'Time from the fault to its diagnosis, by case',
    option: option(rows),
    height: 84 + 16 * rows.length,
    caption:
      'A fault that was there before counts from the start of Prometheus: most of the time is waiting for scrapes.',
    data: timesTable(rows),
  });
}

const timeOf = ({ faultToDiagnosisMs }: WorldRecord) => faultToDiagnosisMs ?? 0;

function rowOf({ kind, cases, name }: WorldRecord): string {
  if (kind === 'pair') return 'pairs of faults';
  return kind === 'clean' ? 'clean worlds' : (cases[0] ?? name);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

function option(rows: readonly Times[]): Record<string, unknown> {
  return {
    legend: { ...LEGEND, data: OUTCOMES.map(({ name }) => name) },
    grid: { top: 36, bottom: 44, left: 300, right: 24 },
    xAxis: below('seconds', { min: 0, axisLabel: { formatter: (ms: number) => formatNumber(ms / 1000, 1) } }),
    yAxis: {
      ...{ type: 'category', inverse: true, data: rows.map(({ name }) => shortLabel(name, 42)) },
      ...{ axisTick: { show: false }, axisLabel: { color: COLOURS.ink, interval: 0 }, splitLine: { show: true } },
    },
    series: OUTCOMES.map(({ name, color, symbol }) => ({
      ...{ type: 'scatter', name, symbol, symbolSize: 7, itemStyle: { color } },
      data: rows.flatMap((row, i) =>
        row.worlds.filter(({ outcome }) => outcome === name).map((world) => [timeOf(world), i]),
      ),
    })),
  };
}

function timesTable(rows: readonly Times[]): Markup {
  const number = (name: string) => ({ name, number: true });
  return table(
    'From a fault to its diagnosis, and how much of that the diagnosing itself took',
    [{ name: 'Case' }, ...['Worlds', 'Median', 'Longest', 'Diagnosing, median'].map(number)],
    rows.map(({ name, worlds, medianMs }) => [
      name,
      worlds.length,
      formatDuration(medianMs),
      formatDuration(Math.max(...worlds.map(timeOf))),
      formatDuration(median(worlds.map(({ diagnosingMs }) => diagnosingMs ?? 0))),
    ]),
  );
}
