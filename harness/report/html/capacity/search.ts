import type { CapacityPoint, CapacitySide } from '../../../result/bench/types.ts';
import { keptText } from '../../bench/capacity.ts';
import { servedShare } from '../../bench/served.ts';
import { formatRate } from '../../bench/units.ts';
import { formatPercent } from '../../format.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { below, INSIDE, LEGEND, roomAround, upright } from '../plots.ts';
import { wideFigure } from '../plotted.ts';
import { capacityBand, rates } from './points.ts';

const KINDS = [
  { name: 'kept', of: true, color: COLOURS.good, symbol: 'circle' },
  { name: 'not kept', of: false, color: COLOURS.bad, symbol: 'rect' },
  { name: 'does not count', of: null, color: COLOURS.unsure, symbol: 'triangle' },
] as const;

/** Every point in the order in which they were measured: how the search closed in on the capacity. */
export function searchFigure(charts: Charts, side: CapacitySide): Markup {
  const label = `Offered rates in the order in which they were tried, ${side.side}, and whether each was kept`;
  return wideFigure(charts, {
    title: 'The search',
    label: label,
    option: option(side),
    height: 300,
    caption: side.capacity && 'The band is the interval of the capacity, from all points that count together.',
    data: searchTable(side),
  });
}

function option(side: CapacitySide): Record<string, unknown> {
  const { points } = side;
  const order = points.map((_, i) => i + 1);
  const series = KINDS.map(({ name, of, color, symbol }) => ({
    ...{ type: 'scatter', name, symbol, symbolSize: 9, itemStyle: { color } },
    data: points.flatMap((p, i) => (p.sustained === of ? [[i + 1, p.offeredPerSecond]] : [])),
  }));
  return {
    legend: { ...LEGEND, data: KINDS.map(({ name }) => name) },
    grid: { top: 56, bottom: 44, left: 64, right: 24 },
    xAxis: below('point', {
      ...roomAround(order, 0.03),
      minInterval: 1,
      axisLabel: INSIDE,
    }),
    yAxis: upright('offered, requests per second', {
      ...roomAround(rates(side)),
      axisLabel: { formatter: (value: number) => formatRate(value).replace('/s', ''), ...INSIDE },
    }),
    series: [
      {
        ...{
          type: 'line',
          data: points.map((p, i) => [i + 1, p.offeredPerSecond]),
          symbol: 'none',
          silent: true,
          z: 1,
        },
        ...{ lineStyle: { color: COLOURS.rule, width: 1 }, itemStyle: { color: COLOURS.rule } },
        ...capacityBand(side, 'y'),
      },
      ...series,
    ],
  };
}

const WHAT = {
  bracket: 'looking for a rate that is too high',
  bisect: 'closing in',
  confirm: 'repeated',
  knee: 'of the curve',
};

function searchTable({ side, points }: CapacitySide): Markup {
  return table(
    `Every point, ${side}, as they were measured`,
    [
      { name: 'Point', number: true },
      { name: 'Step' },
      { name: 'Offered', number: true },
      { name: 'Achieved', number: true },
      { name: 'Requests', number: true },
      { name: 'Success', number: true },
      { name: 'Kept' },
      { name: 'Why' },
      { name: 'Telemetry' },
      { name: 'Folder' },
    ],
    points.map((point): Content[] => [
      point.index,
      WHAT[point.step],
      formatRate(point.offeredPerSecond),
      formatRate(point.achievedPerSecond),
      point.requests,
      formatPercent(servedShare(point)),
      keptText(point),
      whyOf(point),
      point.verdict ?? '',
      html`<code>${point.dir}</code>`,
    ]),
  );
}

function whyOf({ why, error }: CapacityPoint): string {
  return [...why, ...(error ? [`error ${error.code}: ${error.message}`] : [])].join('; ');
}
