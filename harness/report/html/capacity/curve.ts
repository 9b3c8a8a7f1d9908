import type { CapacitySide, Objectives } from '../../../result/bench/types.ts';
import { keptText, latencyText } from '../../bench/capacity.ts';
import { servedShare, tellsLatency } from '../../bench/served.ts';
import { formatRate } from '../../bench/units.ts';
import { formatMs, formatPercent } from '../../format.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import type { Markup } from '../markup.ts';
import { below, INSIDE, LEGEND, limitAt, roomAround, styleOf, upright } from '../plots.ts';
import { wideFigure } from '../plotted.ts';
import { capacityBand, dots, latencyOf, rates, smoothLineThrough } from './points.ts';

const QUANTILES = ['p50', 'p95', 'p99'] as const;
const HEIGHT = 560;
const LEGEND_ABOVE = 30;
/** Latency, achieved, success: from the top, and how high. */
const GRIDS = [
  { top: 56, height: 220 },
  { top: 316, height: 110 },
  { top: 466, height: 44 },
] as const;

/** What comes of each rate: latency against the objectives, what is achieved, and how much of it succeeds. */
export function curveFigure(charts: Charts, side: CapacitySide, objectives: Objectives): Markup {
  const { capacity } = side;
  const caption = [
    'Dots are points, lines go through the medians of almost equal rates; latency on a logarithmic scale.',
    ...(capacity ? ['The band is the interval of the capacity.'] : []),
    'Points that do not count are left out.',
    ...(side.points.every(tellsLatency) ? [] : ['Of points with dropped iterations no latency is shown.']),
  ].join(' ');
  const label = `Latency, achieved rate and success rate by the offered rate, ${side.side}`;
  return wideFigure(charts, {
    ...{ title: 'What comes of each rate', label, caption, height: HEIGHT },
    option: option(side, objectives),
    data: curveTable(side),
  });
}

function option(side: CapacitySide, objectives: Objectives): Record<string, unknown> {
  const range = roomAround(rates(side));
  const x = (gridIndex: number, last: boolean) =>
    below(last ? 'offered, requests per second' : '', {
      gridIndex,
      ...range,
      axisLabel: { ...INSIDE, show: last, formatter: plain },
    });
  const series = [...latencySeries(side, objectives), ...achievedSeries(side), ...successSeries(side)];
  return {
    // Each panel says what is drawn in it.
    legend: [[...QUANTILES], ['achieved', AS_OFFERED], ['success']].map((data, i) => ({
      ...LEGEND,
      data,
      top: GRIDS[i]!.top - LEGEND_ABOVE,
      left: 'right',
    })),
    grid: GRIDS.map((grid) => ({ ...grid, left: 76, right: 24 })),
    xAxis: GRIDS.map((_, i) => x(i, i === GRIDS.length - 1)),
    yAxis: [
      upright('latency', { gridIndex: 0, type: 'log', axisLabel: { formatter: formatMs } }),
      upright('achieved, requests per second', {
        gridIndex: 1,
        min: 0,
        axisLabel: { formatter: plain },
        splitNumber: 3,
      }),
      upright('success', {
        gridIndex: 2,
        max: 1,
        min: successFloor(side),
        splitNumber: 1,
        axisLabel: { formatter: share },
      }),
    ],
    series,
  };
}

const plain = (value: number) => formatRate(value).replace('/s', '');
const share = (value: number) => formatPercent(value, 2);

function successFloor({ points }: CapacitySide): number {
  const least = Math.min(1, ...points.filter((p) => p.sustained !== null).map(servedShare));
  return least >= 0.99 ? 0.98 : Math.max(0, Math.floor(least * 10) / 10);
}

function latencySeries(side: CapacitySide, objectives: Objectives): object[] {
  return QUANTILES.flatMap((quantile, i) => {
    const own = dots(side.points, latencyOf(quantile)).filter(([, ms]) => ms > 0);
    const bound = objectives[`${quantile}Ms`];
    const limit =
      bound === null
        ? {}
        : { markLine: limitAt('yAxis', bound, `${quantile} <= ${formatMs(bound)}`, 'insideStartTop') };
    return lineAndDots(quantile, own, i, 0, { ...limit, ...(i === 0 ? capacityBand(side, 'x') : {}) });
  });
}

const AS_OFFERED = 'as offered';

function achievedSeries(side: CapacitySide): object[] {
  const all = rates(side);
  const ends = [Math.min(...all), Math.max(...all)];
  const axes = { xAxisIndex: 1, yAxisIndex: 1 };
  return [
    {
      ...{
        type: 'line',
        name: AS_OFFERED,
        ...axes,
        data: ends.map((rate) => [rate, rate]),
        symbol: 'none',
        silent: true,
      },
      ...{ lineStyle: { color: COLOURS.faint, type: 'dashed', width: 1 }, itemStyle: { color: COLOURS.faint } },
    },
    ...lineAndDots(
      'achieved',
      dots(side.points, (p) => p.achievedPerSecond),
      3,
      1,
      capacityBand(side, 'x', false),
    ),
  ];
}

function successSeries(side: CapacitySide): object[] {
  return lineAndDots('success', dots(side.points, servedShare), 4, 2, capacityBand(side, 'x', false));
}

/** Of single points, behind the line through them. */
const FAINT = 0.35;

/** Faint dots, and a line through the medians of those of almost one rate. */
export function lineAndDots(
  name: string,
  own: readonly (readonly [number, number])[],
  style: number,
  grid = 0,
  rest: object = {},
): object[] {
  const { color, symbol, dash } = styleOf(style);
  const axes = { xAxisIndex: grid, yAxisIndex: grid };
  return [
    {
      ...{ type: 'line', name, ...axes, data: smoothLineThrough(own), symbol, symbolSize: 1 },
      ...{ lineStyle: { color, type: dash, width: 1.5 }, itemStyle: { color }, ...rest },
    },
    { type: 'scatter', name, ...axes, data: own, symbol, symbolSize: 6, itemStyle: { color, opacity: FAINT } },
  ];
}

function curveTable({ side, points }: CapacitySide): Markup {
  const sorted = points.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond || a.index - b.index);
  const number = (name: string) => ({ name, number: true });
  return table(
    `By the offered rate, ${side}`,
    [...['Offered', 'Achieved', 'p50', 'p95', 'p99', 'Largest', 'Success'].map(number), { name: 'Kept' }],
    sorted.map((point) => [
      formatRate(point.offeredPerSecond),
      formatRate(point.achievedPerSecond),
      ...(['p50', 'p95', 'p99', 'max'] as const).map((q) => latencyText(point, q)),
      formatPercent(servedShare(point)),
      point.droppedIterations > 0 ? `${keptText(point)}, ${point.droppedIterations} dropped` : keptText(point),
    ]),
  );
}
