import type { EChartsOption } from 'echarts';
import { oneLine, truncate } from '../text.ts';
import { COLOURS } from './charts.ts';

/** What charts of several pages share. */

/** Series of one chart: told apart by their symbols too, for whoever can't tell the colours. */
const STYLES = [
  { color: COLOURS.truth, symbol: 'circle', dash: 'solid' },
  { color: COLOURS.prometheus, symbol: 'rect', dash: 'dashed' },
  { color: COLOURS.proxy, symbol: 'triangle', dash: 'dotted' },
  { color: COLOURS.good, symbol: 'diamond', dash: 'solid' },
  { color: COLOURS.unsure, symbol: 'roundRect', dash: 'dashed' },
  { color: COLOURS.faint, symbol: 'pin', dash: 'dotted' },
  { color: COLOURS.bad, symbol: 'arrow', dash: 'solid' },
  { color: COLOURS.ink, symbol: 'circle', dash: 'dashed' },
] as const;

/** The look of the series at that place, again and again. */
export const styleOf = (index: number) => STYLES[index % STYLES.length]!;

/** Names of outside as one short line. */
export const shortLabel = (text: string, columns = 44) => truncate(oneLine(text), columns);

export const LEGEND = {
  top: 0,
  left: 0,
  itemGap: 24,
  itemHeight: 10,
  itemWidth: 16,
  textStyle: { color: COLOURS.ink },
};

type Axis = Record<string, unknown>;

/** Of axes whose ends are no round numbers. */
export const INSIDE = { showMinLabel: false, showMaxLabel: false };

/** An axis with its name under its middle. */
export function below(name: string, rest: Axis = {}): Axis {
  return { type: 'value', name, nameLocation: 'middle', nameGap: 28, ...rest };
}

/** A vertical axis with its name on top. */
export function upright(name: string, rest: Axis = {}): Axis {
  return { type: 'value', name, nameLocation: 'end', nameTextStyle: { align: 'left', color: COLOURS.faint }, ...rest };
}

/** A horizontal interval behind everything else, with its name. */
export function bandAlongX(from: number, to: number, name: string): Record<string, unknown> {
  return area([{ name, xAxis: from }, { xAxis: to }], 'insideTop');
}

/** A vertical interval behind everything else, with its name. */
export function bandAlongY(from: number, to: number, name: string): Record<string, unknown> {
  return area([{ name, yAxis: from }, { yAxis: to }], 'insideTopLeft');
}

function area(ends: object[], position: string): Record<string, unknown> {
  return {
    silent: true,
    itemStyle: { color: COLOURS.allowed },
    label: { show: true, position, color: COLOURS.faint },
    data: [ends],
  };
}

/** A line that something is measured against. */
export function limitAt(
  axis: 'xAxis' | 'yAxis',
  value: number,
  name: string,
  position = 'insideEndTop',
): Record<string, unknown> {
  return {
    silent: true,
    symbol: 'none',
    lineStyle: { color: COLOURS.unsure, type: 'dashed' },
    label: { show: true, formatter: () => name, color: COLOURS.unsure, position },
    data: [{ [axis]: value }],
  };
}

/** The library's types are closer than what it takes: options are put together here, and tests draw them. */
export const chartOption = (option: Record<string, unknown>) => option as EChartsOption;

/** Ranges around values, for axes that are to show no zero; of one value a range around it. */
export function roomAround(values: readonly number[], share = 0.06): { min: number; max: number } {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const room = max > min ? (max - min) * share : Math.abs(max) * share || 1;
  return { min: min - room, max: max + room };
}
