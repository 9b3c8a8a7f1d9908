import type { CapacityResult, CapacitySide } from '../../../result/bench/types.ts';
import { formatRate } from '../../bench/units.ts';
import { formatMs } from '../../format.ts';
import type { Charts } from '../charts.ts';
import { table } from '../figure.ts';
import type { Markup } from '../markup.ts';
import { below, INSIDE, LEGEND, roomAround, upright } from '../plots.ts';
import { wideFigure } from '../plotted.ts';
import { lineAndDots } from './curve.ts';
import { dots, latencyOf, lineThrough } from './points.ts';

const QUANTILES = ['p50', 'p99'] as const;
/** Places of the styles: a colour a side. */
const STYLE = { meshed: 2, unmeshed: 0 } as const;

/** Latency of both sides by the same rate. */
export function bothSidesFigure(charts: Charts, { sides }: CapacityResult): Markup {
  return wideFigure(charts, {
    title: 'With the mesh, and without',
    label: 'Latency by offered rate, with and without the mesh',
    option: option(sides),
    height: 340,
    caption: 'p50 and p99; latency on a logarithmic scale.',
    data: bothTable(sides),
  });
}

function curves(sides: readonly CapacitySide[]) {
  return sides.flatMap((side) =>
    QUANTILES.map((quantile) => ({
      name: `${quantile}, ${side.side}`,
      style: STYLE[side.side] + (quantile === 'p50' ? 1 : 0),
      own: dots(side.points, latencyOf(quantile)).filter(([, ms]) => ms > 0),
    })),
  );
}

function option(sides: readonly CapacitySide[]): Record<string, unknown> {
  const all = curves(sides);
  return {
    legend: { ...LEGEND, data: all.map(({ name }) => name) },
    grid: { top: 56, bottom: 44, left: 76, right: 24 },
    xAxis: below('offered, requests per second', {
      ...roomAround(sides.flatMap(({ points }) => points.map((p) => p.offeredPerSecond))),
      axisLabel: { ...INSIDE, formatter: (value: number) => formatRate(value).replace('/s', '') },
    }),
    yAxis: upright('latency', { type: 'log', axisLabel: { formatter: formatMs } }),
    series: all.flatMap(({ name, style, own }) => lineAndDots(name, own, style)),
  };
}

function bothTable(sides: readonly CapacitySide[]): Markup {
  const all = curves(sides).map(({ name, own }) => ({ name, byRate: new Map(lineThrough(own)) }));
  const rates = [...new Set(all.flatMap(({ byRate }) => [...byRate.keys()]))].sort((a, b) => a - b);
  return table(
    'Medians of the points of one rate',
    [{ name: 'Offered', number: true }, ...all.map(({ name }) => ({ name, number: true }))],
    rates.map((rate) => [
      formatRate(rate),
      ...all.map(({ byRate }) => {
        const ms = byRate.get(rate);
        return ms === undefined ? '' : formatMs(ms);
      }),
    ]),
  );
}
