import type { LatencyChange, ScenarioUpgrade } from '../../../result/upgrade/types.ts';
import { formatNumber, formatSigned } from '../../format.ts';
import { flowName, latencyLine } from '../../upgrade/summary.ts';
import { type Charts, COLOURS } from '../charts.ts';
import { table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import { below, LEGEND, limitAt, shortLabel } from '../plots.ts';
import { wideFigure } from '../plotted.ts';

const KINDS = [
  { name: 'beyond noise', significant: true, color: COLOURS.prometheus, symbol: 'diamond' },
  { name: 'within noise, or nothing tells', significant: false, color: COLOURS.truth, symbol: 'circle' },
] as const;

/** After against before, flow by flow, each with its interval: what excludes zero is more than noise. */
export function latencyPart(charts: Charts | null, scenario: ScenarioUpgrade): Markup {
  const line = html`<p>${latencyLine(scenario)}</p>\n`;
  const { latency, name } = scenario;
  if (!charts || latency.length === 0) return line;
  return html`${line}${wideFigure(charts, {
    title: `${name}: after the upgrade against before`,
    label: `${name}: change of latency of ${latency.length} quantiles of flows, with intervals`,
    option: option(latency),
    height: 96 + 18 * latency.length,
    caption: 'Each with its interval of 95 %: one that includes zero may be noise.',
    data: latencyTable(latency, name),
  })}`;
}

const subject = (change: LatencyChange) => `${flowName(change)} p${formatNumber(change.quantile * 100)}`;

function option(latency: readonly LatencyChange[]): Record<string, unknown> {
  return {
    legend: { ...LEGEND, data: KINDS.map(({ name }) => name) },
    grid: { top: 48, bottom: 44, left: 300, right: 24 },
    xAxis: below('ms slower (to the left: faster)', {
      axisLabel: { formatter: (ms: number) => formatSigned(ms, Math.abs(ms) < 10 ? 1 : 0) },
    }),
    yAxis: {
      ...{ type: 'category', inverse: true, data: latency.map((change) => shortLabel(subject(change), 44)) },
      ...{ axisTick: { show: false }, axisLabel: { color: COLOURS.ink, interval: 0 }, axisLine: { onZero: false } },
    },
    series: [
      // Intervals first, so that points lie on them.
      ...latency.flatMap(({ interval, significant }, i) =>
        interval
          ? [
              {
                ...{
                  type: 'line',
                  symbol: 'none',
                  silent: true,
                  data: [
                    [interval.lowMs, i],
                    [interval.highMs, i],
                  ],
                },
                lineStyle: { color: significant ? COLOURS.prometheus : COLOURS.truth, width: 2, opacity: 0.5 },
              },
            ]
          : [],
      ),
      ...KINDS.map(({ name, significant, color, symbol }, k) => ({
        ...{ type: 'scatter', name, symbol, symbolSize: 9, itemStyle: { color } },
        ...(k === 0 && { markLine: limitAt('xAxis', 0, 'no change', 'start') }),
        data: latency.flatMap((change, i) => (change.significant === significant ? [[change.differenceMs, i]] : [])),
      })),
    ],
  };
}

function latencyTable(latency: readonly LatencyChange[], about: string): Markup {
  const number = (name: string) => ({ name, number: true });
  const ms = (value: number) => `${formatNumber(value, 1)} ms`;
  const signed = (value: number) => `${formatSigned(value, 1)} ms`;
  return table(
    'By the truth of the callers, to the end of the answer; means over the runs of each side',
    [
      { name: 'Flow' },
      ...['Before', 'After', 'Difference', '95 % between', 'Requests before', 'Requests after'].map(number),
      { name: 'Beyond noise' },
    ],
    latency.map((change) => {
      const { beforeMs, afterMs, differenceMs, interval, significant, samples } = change;
      return [
        subject(change),
        ms(beforeMs),
        ms(afterMs),
        signed(differenceMs),
        interval ? `${signed(interval.lowMs)} and ${signed(interval.highMs)}` : 'too few runs to tell',
        formatNumber(samples.before),
        formatNumber(samples.after),
        significant ? 'yes' : 'no',
      ];
    }),
    about,
  );
}
