import type { EChartsOption } from 'echarts';
import type { FlowTimeline, Timeline, TimelinePod } from '../../../result/timeline/types.ts';
import { formatNumber, plural } from '../../format.ts';
import { oneLine } from '../../text.ts';
import { type ChartSize, COLOURS } from '../charts.ts';
import { bandsOf } from './bands.ts';
import { area, diamond, dots, labels, line, type Shape, series, ticks } from './drawing.ts';
import { niceAxis, niceStep, shortNumber, timeLabel, timeTicks } from './scale.ts';
import { stairs, type Xy } from './thin.ts';

const WIDTH = 460;
const [LEFT, RIGHT, TOP] = [42, 12, 6];
/** Heights of the counts, of the ticks of scrapes, of what Prometheus is off, and of the words of the time axis. */
const [COUNTS, SCRAPES, OFF, WORDS] = [108, 22, 34, 22];
/** More dots than these are a line. */
const MAX_DOTS = 60;

export interface FlowChart {
  option: EChartsOption;
  size: ChartSize;
  label: string;
}

/** Counts of one flow over time by the three ledgers; below it scrapes, and how far Prometheus is from what it had to be. */
export function flowChart(flow: FlowTimeline, { fromMs, toMs: end, bands, pods }: Timeline): FlowChart {
  const toMs = Math.max(end, fromMs + 1);
  const shaded = bandsOf(bands, fromMs, toMs, WIDTH - LEFT - RIGHT);
  const { truth, prometheus, proxy } = flow;
  const counts = niceAxis(largest([...truth.count, ...prometheus.count, proxy?.count ?? 0]), 3);
  const off = deviations(flow);
  const reach = niceStep(largest(off.flatMap((d) => [1, Math.abs(d.off), d.half])));
  const scraped = scrapesOf(flow, pods);
  const top = TOP + shaded.room;
  // Lines across the plot are enough.
  const bare = { type: 'value', axisLine: { show: false }, axisTick: { show: false } } as const;
  const time = { ...bare, min: fromMs, max: toMs, splitLine: { show: false } };
  const moments = { customValues: timeTicks(fromMs, toMs), formatter: timeLabel, fontSize: 11 };
  const signed = (value: number) => (value > 0 ? '+' : '') + shortNumber(value);
  const option: EChartsOption = {
    grid: [
      { left: LEFT, right: RIGHT, top, height: COUNTS, outerBoundsMode: 'none' },
      { left: LEFT, right: RIGHT, top: top + COUNTS + SCRAPES, height: OFF, outerBoundsMode: 'none' },
    ],
    xAxis: [
      { ...time, gridIndex: 0, axisLabel: { show: false } },
      { ...time, gridIndex: 1, axisLabel: moments },
    ],
    yAxis: [
      { ...bare, gridIndex: 0, min: 0, ...counts, axisLabel: { formatter: shortNumber, fontSize: 11 } },
      {
        ...bare,
        gridIndex: 1,
        min: -reach,
        max: reach,
        interval: reach,
        axisLabel: { formatter: signed, fontSize: 11 },
      },
    ],
    series: [
      series(0, [
        ...shaded.shapes(counts.max, SCRAPES + OFF),
        ...countShapes(flow, toMs),
        ticks({ stroke: COLOURS.faint }, scraped.good, { level: 0, fromPx: 5, toPx: 12 }),
        ticks({ stroke: COLOURS.bad, lineWidth: 2 }, scraped.bad, { level: 0, fromPx: 3, toPx: 15 }),
      ]),
      series(1, offShapes(off, (fromMs + toMs) / 2)),
    ],
  };
  const height = top + COUNTS + SCRAPES + OFF + WORDS;
  return { option, size: { width: WIDTH, height }, label: labelOf(flow, off, scraped.bad.length) };
}

function countShapes({ truth, prometheus, proxy }: FlowTimeline, toMs: number): Shape[] {
  const seen = zip(prometheus.atMs, prometheus.count);
  const few = seen.length <= MAX_DOTS;
  const failures = largest([...truth.failures, ...prometheus.failures]) > 0;
  const [high, low] = [prometheus.high, prometheus.low].map((ends) => stairs(zip(prometheus.atMs, ends)));
  return [
    area(COLOURS.allowed, high!, low!),
    line({ stroke: COLOURS.truth, lineWidth: 2 }, zip(truth.atMs, truth.count)),
    ...(failures
      ? [line({ stroke: COLOURS.bad, lineWidth: 1.5, lineDash: [5, 3] }, zip(truth.atMs, truth.failures))]
      : []),
    line({ stroke: COLOURS.prometheus, lineWidth: 1 }, stairs(seen)),
    ...(few ? [dots(COLOURS.prometheus, 4.5, seen)] : []),
    ...(few && failures ? [dots(COLOURS.bad, 3.5, zip(prometheus.atMs, prometheus.failures))] : []),
    ...(proxy?.earlier ? [dots(COLOURS.proxy, 5.5, zip(proxy.earlier.atMs, proxy.earlier.count))] : []),
    ...(proxy ? [diamond(COLOURS.proxy, [Math.min(proxy.atMs, toMs), proxy.count])] : []),
  ];
}

function offShapes(off: readonly Deviation[], middleMs: number): Shape[] {
  if (off.length === 0) {
    const text = 'Prometheus has no data';
    return [labels([{ x: middleMs, y: 0, text, colour: COLOURS.bad, align: 'center', by: [0, -8] }])];
  }
  const edge = (sign: number) => stairs(off.map(({ atMs, half }): Xy => [atMs, sign * half]));
  const at = (some: readonly Deviation[]) => some.map((d): Xy => [d.atMs, d.off]);
  const usual =
    off.length <= MAX_DOTS
      ? dots(COLOURS.prometheus, 4.5, at(off.filter(({ outside }) => !outside)))
      : line({ stroke: COLOURS.prometheus, lineWidth: 1 }, at(off));
  return [
    area(COLOURS.allowed, edge(1), edge(-1)),
    usual,
    dots(COLOURS.bad, 6, at(off.filter(({ outside }) => outside))),
  ];
}

export interface Deviation {
  atMs: number;
  /** Prometheus minus the middle of what the truth permits. */
  off: number;
  /** Half of what it permits. */
  half: number;
  outside: boolean;
}

/** How far Prometheus is from what it had to be, scrape by scrape. */
export function deviations({ prometheus }: FlowTimeline): Deviation[] {
  return prometheus.atMs.map((atMs, i) => {
    const [low, high, count] = [prometheus.low[i]!, prometheus.high[i]!, prometheus.count[i]!];
    // Sums of many pods may differ in the last digit.
    const slack = 1e-9 * Math.max(1, Math.abs(high));
    const outside = count < low - slack || count > high + slack;
    return { atMs, off: count - (low + high) / 2, half: (high - low) / 2, outside };
  });
}

/** Scrapes of the pods whose proxies count this flow, ms. */
function scrapesOf({ direction, source, destination }: FlowTimeline, pods: readonly TimelinePod[]) {
  const side = direction === 'inbound' ? destination : source;
  const all = pods.filter(({ workload }) => workload === side).flatMap(({ scrapes }) => scrapes);
  const at = (ok: boolean) => all.filter((scrape) => scrape.ok === ok).map(({ atMs }) => atMs);
  return { good: at(true), bad: at(false) };
}

function labelOf(flow: FlowTimeline, off: readonly Deviation[], failedScrapes: number): string {
  const { source, destination, direction, unit, truth, prometheus, proxy } = flow;
  const outside = off.filter((d) => d.outside).length;
  const number = (value: number | undefined | null) =>
    value === undefined || value === null ? 'no data' : formatNumber(value, 1);
  const kept =
    off.length === 0
      ? 'there is no sample to compare'
      : outside === 0
        ? `all of ${plural(off.length, 'sample')} are what the truth permits`
        : `${formatNumber(outside)} of ${plural(off.length, 'sample')} are not what the truth permits`;
  const failed = failedScrapes > 0 ? `; ${plural(failedScrapes, 'scrape')} failed` : '';
  return oneLine(
    `${source} to ${destination}, ${direction}: at the end ${number(truth.count.at(-1))} ${unit} by the truth, ` +
      `${number(proxy?.count)} by the proxies, ${number(prometheus.count.at(-1))} by Prometheus; ${kept}${failed}`,
  );
}

function zip(xs: readonly number[], ys: readonly number[]): Xy[] {
  return xs.map((x, i) => [x, ys[i] ?? 0]);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
