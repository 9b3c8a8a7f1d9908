import type { EChartsOption } from 'echarts';
import type { LatencyDistribution } from '../../../result/timeline/types.ts';
import type { QuantileResult } from '../../../result/types.ts';
import { formatMs, formatNumber } from '../../format.ts';
import { oneLine } from '../../text.ts';
import { type ChartSize, COLOURS } from '../charts.ts';
import { type Label, labels, line, path, series } from './drawing.ts';
import { logTicks } from './scale.ts';
import { pathOf, stairs, type Xy } from './thin.ts';

const WIDTH = 460;
const HEIGHT = 150;
const GRID = { left: 10, right: 12, top: 20, height: 104, outerBoundsMode: 'none' as const };
/** Labels of quantiles are not nearer to each other. */
const LABEL_GAP = 0.055;

export interface LatencyChart {
  option: EChartsOption;
  size: ChartSize;
  label: string;
}

/** How long requests took: the truth in fine bins, and the buckets that Prometheus has, both as requests per equal width. */
export function latencyChart(
  distribution: LatencyDistribution,
  quantiles: readonly QuantileResult[],
): LatencyChart | null {
  const { fine, edgesMs, observed } = distribution;
  const width = binWidth(fine.upToMs);
  const domain = domainOf(distribution, width);
  if (!domain) return null;
  const [low, high] = domain;
  const log = (ms: number) => Math.log10(Math.max(low, Math.min(high, ms)));
  const truth = steps(
    fine.upToMs.map((upTo, i) => ({ from: log(upTo / 10 ** width), to: log(upTo), height: fine.count[i]! })),
  );
  const buckets = steps(
    edgesMs.map((upTo, i) => {
      const [from, to] = [log(edgesMs[i - 1] ?? 0), log(upTo ?? Number.POSITIVE_INFINITY)];
      return { from, to, height: to - from > 1e-9 ? (observed[i]! * width) / (to - from) : 0 };
    }),
  );
  const top = Math.max(1e-9, ...[...truth, ...buckets].map(([, y]) => y)) * 1.05;
  const shown = quantiles.filter(({ quantile }) => [0.5, 0.95, 0.99].includes(quantile));
  const [from, to] = [Math.log10(low), Math.log10(high)];
  const upright = (at: number, style: object) => path(style, (place) => pathOf([place(at, 0), place(at, top)]));
  const option: EChartsOption = {
    grid: GRID,
    xAxis: {
      type: 'value',
      min: from,
      max: to,
      splitLine: { show: false },
      axisTick: { customValues: logTicks(low, high).map(Math.log10) },
      axisLabel: {
        customValues: logTicks(low, high).map(Math.log10),
        formatter: (value: number) => tickText(10 ** value),
        fontSize: 11,
        hideOverlap: true,
      },
    },
    yAxis: { type: 'value', min: 0, max: top, show: false },
    series: series(0, [
      line({ stroke: COLOURS.truth, lineWidth: 1.5, fill: COLOURS.allowed }, truth),
      line({ stroke: COLOURS.prometheus, lineWidth: 1.5 }, buckets),
      ...shown.flatMap(({ truthMs, observedMs }) => [
        upright(log(truthMs), { stroke: COLOURS.truth, lineWidth: 1 }),
        ...(observedMs === null
          ? []
          : [upright(log(observedMs), { stroke: COLOURS.prometheus, lineWidth: 1, lineDash: [4, 3] })]),
      ]),
      quantileLabels(
        shown.map((q) => ({ text: `p${formatNumber(q.quantile * 100, 1)}`, at: log(q.truthMs) })),
        top,
        to - from,
      ),
    ]),
  };
  return { option, size: { width: WIDTH, height: HEIGHT }, label: labelOf(distribution, shown) };
}

/** Names above the lines of the truth, as far as there is room. */
function quantileLabels(quantiles: { text: string; at: number }[], top: number, span: number) {
  let last = Number.NEGATIVE_INFINITY;
  const shown = quantiles
    .toSorted((a, b) => a.at - b.at)
    .filter(({ at }) => {
      if ((at - last) / span < LABEL_GAP) return false;
      last = at;
      return true;
    });
  const label = ({ text, at }: { text: string; at: number }): Label => {
    return { x: at, y: top, text, colour: COLOURS.faint, align: 'center', by: [0, -8] };
  };
  return labels(shown.map(label));
}

/** Outline of bars side by side. */
function steps(bars: { from: number; to: number; height: number }[]): Xy[] {
  const wide = bars.filter(({ from, to }) => to - from > 1e-9);
  const [first, last] = [wide[0], wide.at(-1)];
  if (!first || !last) return [];
  const outline = stairs([...wide.map(({ from, height }): Xy => [from, height]), [last.to, last.height]]);
  return [[first.from, 0], ...outline, [last.to, 0]];
}

/** Of the fine bins, in powers of ten. */
function binWidth(upToMs: readonly number[]): number {
  const [a, b] = [upToMs[0], upToMs[1]];
  return a !== undefined && b !== undefined && a > 0 && b > a ? Math.log10(b / a) : 0.05;
}

/** From the first request to the last, with a margin; null without any. */
function domainOf({ fine, edgesMs, observed }: LatencyDistribution, width: number): [number, number] | null {
  const bins = fine.upToMs.filter((_, i) => fine.count[i]! > 0);
  const lows = bins.map((upTo) => upTo / 10 ** width);
  const highs = [...bins];
  for (const [i, count] of observed.entries()) {
    if (count === 0) continue;
    const [from, to] = [edgesMs[i - 1] ?? 0, edgesMs[i]];
    lows.push(from > 0 ? from : (edgesMs[i] ?? 1) / 2);
    highs.push(to ?? from * 2);
  }
  if (lows.length === 0) return null;
  const [low, high] = [Math.max(1e-3, Math.min(...lows)), Math.max(...highs)];
  return [low / 1.1, Math.max(high, low * 1.5) * 1.1];
}

function tickText(ms: number): string {
  return ms >= 1000 ? `${formatNumber(ms / 1000, 1)} s` : `${formatNumber(ms, 2)} ms`;
}

function labelOf(
  { source, destination, direction, truth, observed }: LatencyDistribution,
  shown: readonly QuantileResult[],
): string {
  const sum = (counts: readonly number[]) => formatNumber(counts.reduce((total, n) => total + n, 0));
  const told = shown.map(
    (q) =>
      `p${formatNumber(q.quantile * 100, 1)} ${formatMs(q.truthMs)} by the truth, ${q.observedMs === null ? 'no data' : formatMs(q.observedMs)} by Prometheus`,
  );
  const head = `${source} to ${destination}, ${direction}: ${sum(truth)} requests by the truth, ${sum(observed)} in the buckets of Prometheus`;
  return oneLine([head, ...told].join('; '));
}
