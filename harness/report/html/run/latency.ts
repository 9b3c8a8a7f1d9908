import type { LatencyDistribution, Timeline } from '../../../result/timeline/types.ts';
import type { QuantileResult, ScenarioResult } from '../../../result/types.ts';
import { formatMs, formatNumber, plural } from '../../format.ts';
import type { Charts } from '../charts.ts';
import { badge, figure, table } from '../figure.ts';
import { html, type Markup } from '../markup.ts';
import type { Topology } from './edges.ts';
import { type LatencyChart, latencyChart } from './latency-chart.ts';

/** The chart of one edge that may be drawn. */
export interface LatencyPlot {
  distribution: LatencyDistribution;
  quantiles: QuantileResult[];
  wrong: boolean;
  chart: LatencyChart;
}

/** One for each edge: of the side where something is wrong, else of the callee's. */
export function latencyPlots(
  timeline: Timeline,
  { quantiles }: ScenarioResult,
  { edges: order }: Topology,
): LatencyPlot[] {
  const of = (d: LatencyDistribution) =>
    quantiles.filter((q) => q.source === d.source && q.destination === d.destination && q.direction === d.direction);
  const worse = (d: LatencyDistribution) => Number(of(d).every(({ verdict }) => verdict === 'pass'));
  const edges = Map.groupBy(timeline.latencies, (d) => JSON.stringify([d.source, d.destination]));
  const place = ({ source, destination }: LatencyDistribution) =>
    order.findIndex((edge) => edge.source === source && edge.destination === destination);
  return [...edges.values()]
    .map((sides) => sides.toSorted((a, b) => worse(a) - worse(b) || a.direction.localeCompare(b.direction))[0]!)
    .toSorted((a, b) => place(a) - place(b))
    .flatMap((distribution) => {
      const own = of(distribution);
      const chart = latencyChart(distribution, own);
      return chart ? [{ distribution, quantiles: own, wrong: worse(distribution) === 0, chart }] : [];
    });
}

/**
 * The charts of a scenario; null without any latency.
 * @param left how many the page has no room for
 */
export function latencies(figures: readonly Markup[], left: number): Markup | null {
  if (figures.length + left === 0) return null;
  const missing = left > 0 && html`<p class="remark">${plural(left, 'edge')} without a chart here.</p>\n`;
  if (figures.length === 0) return html`${missing}`;
  return html`<ul class="legend"><li><span class="key area allowed"></span>truth, in fine bins</li><li><span class="key line prometheus"></span>what the buckets of Prometheus hold</li><li><span class="key line dashed prometheus"></span>dashed: percentiles interpolated from them</li></ul>
<p class="remark">One chart an edge, from the proxies of one side: of the side whose percentiles are wrong, else of the callee (inbound), where the way between both is not in the time. Percentiles of both sides are among what was judged. Milliseconds on a logarithmic scale; areas are requests.</p>
${missing}<div class="charts">${figures}</div>
`;
}

const SIDE = { inbound: 'By the callee’s proxies', outbound: 'By the caller’s proxies' } as const;

/** The chart of one edge with its tables. */
export function latencyFigure({ distribution, quantiles, wrong, chart }: LatencyPlot, charts: Charts): Markup {
  const { source, destination, direction } = distribution;
  return figure({
    title: `${source} -> ${destination}, ${direction}`,
    caption: `${SIDE[direction]}${wrong ? ', where it is wrong' : ''}.`,
    picture: charts.draw(chart.option, chart.size, chart.label),
    data: html`${quantiles.length > 0 && quantileTable(quantiles)}${bucketTable(distribution)}`,
  });
}

function quantileTable(quantiles: QuantileResult[]): Markup {
  const columns = [
    { name: 'Percentile' },
    ...['Truth', 'Prometheus', 'Not below', 'Below'].map((name) => ({ name, number: true })),
    { name: 'Verdict' },
  ];
  const rows = quantiles.map((q) => [
    `p${formatNumber(q.quantile * 100, 1)}`,
    formatMs(q.truthMs),
    q.observedMs === null ? 'no data' : formatMs(q.observedMs),
    formatMs(q.lowMs),
    Number.isFinite(q.highMs) ? formatMs(q.highMs) : 'open',
    badge(q.verdict),
  ]);
  return table('Percentiles, and the bucket that each must lie in', columns, rows);
}

function bucketTable({ edgesMs, truth, observed }: LatencyDistribution): Markup {
  const rows = edgesMs.flatMap((upTo, i) => {
    const [true_, seen] = [truth[i]!, observed[i]!];
    return true_ === 0 && seen === 0
      ? []
      : [[upTo === null ? 'more' : `${formatNumber(upTo, 3)} ms`, formatNumber(true_), formatNumber(seen)]];
  });
  return table(
    'Requests by bucket',
    ['Up to', 'Truth', 'Prometheus'].map((name) => ({ name, number: true })),
    rows,
  );
}
