import type { AccuracyPoint } from '../../../result/bench/types.ts';
import { accuracyTable, METRICS, shortDuration, WINDOWS_MS } from '../../bench/scrape.ts';
import { formatPercent } from '../../format.ts';
import { blocksToHtml } from '../blocks.ts';
import type { Charts } from '../charts.ts';
import { folded, table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import type { Section } from '../page.ts';
import { below, LEGEND, shortLabel, styleOf, upright } from '../plots.ts';
import { sideBySide, smallFigure } from '../plotted.ts';

type Metric = AccuracyPoint['metric'];

/** What the interval of scrapes buys: how far what PromQL says is off the truth. */
export function accuracySection(charts: Charts, accuracy: readonly AccuracyPoint[]): Section | null {
  if (accuracy.length === 0) return null;
  const figures = (Object.keys(METRICS) as Metric[]).flatMap((metric) =>
    WINDOWS_MS.flatMap((windowMs) => {
      const points = accuracy.filter((p) => p.windowMs === windowMs && p.metric === metric);
      return points.length > 0 ? [accuracyFigure(charts, metric, windowMs, points)] : [];
    }),
  );
  return {
    id: 'accuracy',
    title: 'What the interval buys',
    content: html`<p>95 of 100 evaluations are off the truth by no more than what is shown; where nothing is, there was never an answer.</p>
${sideBySide(figures)}${folded('All windows, with bias, median and worst', everything(accuracy))}`,
  };
}

/** `rate() over 1 min`; of a unit that its name gives, that stands on the axis. */
function titleOf(metric: Metric, windowMs: number): string {
  return `${METRICS[metric].replace(/, in .*$/, '')} over ${shortDuration(windowMs)}`;
}

function accuracyFigure(charts: Charts, metric: Metric, windowMs: number, points: readonly AccuracyPoint[]): Markup {
  const title = titleOf(metric, windowMs);
  return smallFigure(charts, {
    title,
    label: `Error of ${title} by the interval of scrapes`,
    option: option(metric, points),
    data: blocksToHtml([accuracyTable(points)], `${METRICS[metric]} over ${shortDuration(windowMs)}`),
  });
}

function option(metric: Metric, points: readonly AccuracyPoint[]): Record<string, unknown> {
  const intervals = [...new Set(points.map((p) => p.intervalMs))].sort((a, b) => a - b);
  const traffics = [...new Set(points.map((p) => p.traffic))];
  const names = traffics.map((traffic) => shortLabel(traffic, 28));
  const unit = metric === 'success-rate' ? 'off, percentage points' : 'off, relative to the truth';
  return {
    legend: { ...LEGEND, data: names },
    grid: { top: 72, bottom: 44, left: 64, right: 24 },
    xAxis: below('scraped every', { type: 'category', data: intervals.map(shortDuration) }),
    yAxis: upright(unit, { min: 0, axisLabel: { formatter: (value: number) => formatPercent(value, 1) } }),
    series: traffics.map((traffic, i) => {
      const { color, symbol, dash } = styleOf(i);
      const of = (intervalMs: number) => points.find((p) => p.traffic === traffic && p.intervalMs === intervalMs);
      return {
        ...{
          type: 'line',
          name: names[i],
          symbol,
          symbolSize: 8,
          itemStyle: { color },
          lineStyle: { color, type: dash },
        },
        data: intervals.map((intervalMs) => of(intervalMs)?.error?.p95 ?? null),
      };
    }),
  };
}

function everything(accuracy: readonly AccuracyPoint[]): Markup {
  const number = (name: string) => ({ name, number: true });
  const share = (value: number | undefined) => (value === undefined ? 'empty' : formatPercent(value, 2));
  return table(
    'Relative to the truth; of success rates in percentage points',
    [
      ...[{ name: 'Metric' }, { name: 'Traffic' }, number('Window'), number('Every'), number('Bias'), number('Median')],
      ...['95 of 100', 'Worst', 'Empty'].map(number),
    ],
    accuracy.map((p) => [
      p.metric,
      p.traffic,
      shortDuration(p.windowMs),
      shortDuration(p.intervalMs),
      share(p.error?.bias),
      share(p.error?.p50),
      share(p.error?.p95),
      share(p.error?.worst),
      `${p.empty} of ${p.evaluations}`,
    ]),
  );
}
