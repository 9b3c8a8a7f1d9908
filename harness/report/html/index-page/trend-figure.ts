import { formatIn } from '../../bench/compare-values.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import { momentText } from '../links.ts';
import { html, type Markup } from '../markup.ts';
import { LEGEND, shortLabel, styleOf } from '../plots.ts';
import { WIDTH, wideFigure } from '../plotted.ts';
import type { Trend, TrendLine } from './trends.ts';
import type { IndexedRun } from './types.ts';

const COLUMNS = 2;
const CELL = { width: WIDTH / COLUMNS, height: 170 };
const TOP = 30;

/** Small charts side by side, one a number, all over the same runs from the oldest to the latest; versions of the mesh by symbol. */
export function trendFigure(charts: Charts, trend: Trend): Markup {
  const { subject, lines } = trend;
  const runs = runsOf(trend);
  const rows = Math.ceil(lines.length / COLUMNS);
  const title = subject || 'All together';
  return wideFigure(charts, {
    title,
    label: `Trends over ${runs.length} runs of ${title}: ${lines.map(({ name }) => name).join(', ')}`,
    option: option(lines, runs),
    height: TOP + rows * CELL.height,
    data: trendTable(title, lines, runs),
  });
}

/** Those that any line has, oldest first. */
function runsOf({ lines }: Trend): IndexedRun[] {
  const runs = new Set(lines.flatMap(({ points }) => points.map(({ run }) => run)));
  return [...runs].toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}

const versionOf = ({ meshVersion, environment }: IndexedRun) => meshVersion || environment;

function option(lines: readonly TrendLine[], runs: readonly IndexedRun[]): Record<string, unknown> {
  const versions = [...new Set(runs.map(versionOf))];
  const names = versions.map((version) => shortLabel(version, 30));
  return {
    legend: { ...LEGEND, data: names },
    title: lines.map(({ name }, i) => ({
      ...{ text: shortLabel(name, 48), left: left(i), top: top(i) },
      textStyle: { color: COLOURS.ink, fontSize: 12, fontWeight: 'normal' },
    })),
    grid: lines.map((_, i) => ({
      left: left(i) + 84,
      top: top(i) + 30,
      width: CELL.width - 108,
      height: CELL.height - 66,
    })),
    xAxis: lines.map((_, i) => ({
      ...{ type: 'category', gridIndex: i, data: runs.map((_, n) => String(n + 1)), boundaryGap: true },
    })),
    yAxis: lines.map(({ unit }, i) => ({
      ...{ type: 'value', gridIndex: i, scale: true, splitNumber: 3 },
      axisLabel: { formatter: (value: number) => formatIn(unit, value) },
    })),
    series: lines.flatMap((line, i) => lineSeries(line, i, runs, versions, names)),
  };
}

const left = (i: number) => (i % COLUMNS) * CELL.width;
const top = (i: number) => TOP + Math.floor(i / COLUMNS) * CELL.height;

function lineSeries(
  { points }: TrendLine,
  at: number,
  runs: readonly IndexedRun[],
  versions: readonly string[],
  names: readonly string[],
): object[] {
  const axes = { xAxisIndex: at, yAxisIndex: at };
  const placed = points.map(({ run, measure }) => ({ run, measure, x: runs.indexOf(run) }));
  return [
    {
      ...{ type: 'line', ...axes, symbol: 'none', silent: true, lineStyle: { color: COLOURS.faint, width: 1 } },
      data: placed.map(({ x, measure }) => [x, measure.value]),
    },
    ...placed.flatMap(({ x, measure: { interval } }) =>
      interval && Number.isFinite(interval.low) && Number.isFinite(interval.high)
        ? [
            {
              ...{
                type: 'line',
                ...axes,
                symbol: 'none',
                silent: true,
                data: [
                  [x, interval.low],
                  [x, interval.high],
                ],
              },
              lineStyle: { color: COLOURS.faint, width: 3, opacity: 0.5 },
            },
          ]
        : [],
    ),
    ...versions.map((version, v) => ({
      ...{ type: 'scatter', ...axes, name: names[v], symbol: styleOf(v).symbol, symbolSize: 8 },
      itemStyle: { color: styleOf(v).color },
      data: placed.filter(({ run }) => versionOf(run) === version).map(({ x, measure }) => [x, measure.value]),
    })),
  ];
}

function trendTable(title: string, lines: readonly TrendLine[], runs: readonly IndexedRun[]): Markup {
  return table(
    title,
    [
      { name: 'No.', number: true },
      ...['Run', 'Started', 'Mesh'].map((name) => ({ name })),
      ...lines.map(({ name }) => ({ name, number: true })),
    ],
    runs.map((run, i) => [
      i + 1,
      html`${run.name}`,
      momentText(run.startedAt),
      versionOf(run),
      ...lines.map(({ unit, points }) => {
        const measure = points.find((point) => point.run === run)?.measure;
        if (!measure) return '';
        return measure.value === null ? 'no data' : formatIn(unit, measure.value);
      }),
    ]),
  );
}
