import type { CapacityPoint, CapacitySide } from '../../../result/bench/types.ts';
import { formatBytes, formatCores, formatRate } from '../../bench/units.ts';
import { formatNumber } from '../../format.ts';
import type { Charts } from '../charts.ts';
import { table } from '../figure.ts';
import type { Markup } from '../markup.ts';
import { below, LEGEND, shortLabel, styleOf, upright } from '../plots.ts';
import { wideFigure } from '../plotted.ts';
import { counts, lineThrough } from './points.ts';

/** Programs that are none of the benchmark's: they say something of the machine, not of the mesh. */
const OTHER = 'other';

/** CPU of each part by the rate; nothing where none was read. */
export function usageFigure(charts: Charts, side: CapacitySide): Markup | null {
  const points = side.points.filter((point) => counts(point) && point.usage.length > 0);
  const parts = [...new Set(points.flatMap(({ usage }) => usage.map(({ part }) => part)))];
  const shown = parts.filter((part) => part !== OTHER);
  if (shown.length === 0) return null;
  const caption = parts.includes(OTHER) ? 'Other programs of the machine are in the table only.' : null;
  return wideFigure(charts, {
    title: 'CPU by part',
    label: `CPU by part and offered rate, ${side.side}`,
    option: option(points, shown),
    height: 300,
    caption,
    data: usageTable(side.side, points),
  });
}

function option(points: readonly CapacityPoint[], parts: readonly string[]): Record<string, unknown> {
  const rates = [...new Set(points.map(({ offeredPerSecond }) => offeredPerSecond))].sort((a, b) => a - b);
  const of = (part: string) => {
    const cores = points.flatMap((p): [number, number][] => {
      const own = p.usage.find((u) => u.part === part);
      return own ? [[p.offeredPerSecond, own.cores]] : [];
    });
    const byRate = new Map(lineThrough(cores));
    return rates.map((rate) => byRate.get(rate) ?? 0);
  };
  const names = parts.map((part) => shortLabel(part, 24));
  return {
    legend: { ...LEGEND, data: names },
    grid: { top: 56, bottom: 44, left: 64, right: 24 },
    xAxis: below('offered, requests per second', {
      type: 'category',
      data: rates.map((rate) => formatRate(rate).replace('/s', '')),
    }),
    yAxis: upright('cores', { axisLabel: { formatter: (value: number) => formatNumber(value, 3) } }),
    series: parts.map((part, i) => ({
      ...{ type: 'bar', stack: 'cpu', name: names[i], data: of(part), barMaxWidth: 40 },
      itemStyle: { color: styleOf(i).color },
    })),
  };
}

function usageTable(side: string, points: readonly CapacityPoint[]): Markup {
  const number = (name: string) => ({ name, number: true });
  const sorted = points.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond || a.index - b.index);
  return table(
    `CPU and memory by part, ${side}; CPU seconds per 1,000 requests of the load`,
    [number('Offered'), { name: 'Part' }, number('CPU'), number('CPU s per 1,000'), number('Memory')],
    sorted.flatMap((point) =>
      point.usage.map((u) => [
        formatRate(point.offeredPerSecond),
        u.part,
        formatCores(u.cores),
        formatNumber(u.cpuSecondsPer1000Requests, 2),
        formatBytes(u.residentBytes),
      ]),
    ),
  );
}
