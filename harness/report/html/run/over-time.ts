import type { FlowTimeline, Timeline, TimelineBand } from '../../../result/timeline/types.ts';
import { formatDuration, formatNumber, formatSigned, plural } from '../../format.ts';
import type { Charts } from '../charts.ts';
import { figure, table } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';
import type { Topology } from './edges.ts';
import { type Deviation, deviations, flowChart } from './flow-chart.ts';
import { evenly } from './thin.ts';

const MAX_ROWS = 16;

/** A chart of a flow that may be drawn, and whether it is of an edge where something is wrong. */
export interface FlowPlot {
  flow: FlowTimeline;
  /** Its edge is wrong, on this side or on the other. */
  wrong: boolean;
  /** The callee's side, or the only one. */
  first: boolean;
}

/** Every flow of a scenario, in the order of the calls; of one edge the callee's side first. */
export function flowPlots({ flows }: Timeline, { edges }: Topology): FlowPlot[] {
  const order = new Map(edges.map(({ source, destination }, i) => [edgeOf({ source, destination }), i]));
  const place = (flow: FlowTimeline) => order.get(edgeOf(flow)) ?? edges.length;
  const wrong = new Set([
    ...edges.filter(({ sides }) => sides.some(({ verdict }) => verdict !== 'pass')).map(edgeOf),
    ...flows.filter((flow) => deviations(flow).some(({ outside }) => outside)).map(edgeOf),
  ]);
  const inbound = new Set(flows.filter(({ direction }) => direction === 'inbound').map(edgeOf));
  return flows
    .toSorted((a, b) => place(a) - place(b))
    .map((flow) => ({
      flow,
      wrong: wrong.has(edgeOf(flow)),
      first: flow.direction === 'inbound' || !inbound.has(edgeOf(flow)),
    }));
}

export function edgeOf({ source, destination }: Pick<FlowTimeline, 'source' | 'destination'>): string {
  return JSON.stringify([source, destination]);
}

const MAX_NAMED = 12;

/**
 * Of one scenario: what was done, then the charts of its flows.
 * @param left those that the page has no room for
 */
export function overTime(timeline: Timeline, figures: readonly Markup[], left: readonly FlowPlot[]): Markup {
  const more = left.length - MAX_NAMED;
  const names = left.slice(0, MAX_NAMED).map(({ flow }) => titleOf(flow));
  return html`${bandList(timeline.bands)}${figures.length > 0 && legend(timeline)}
${left.length > 0 && html`<p class="remark">${sidesNote(left)}Without a chart here: ${names.join('; ')}${more > 0 && ` and ${formatNumber(more)} more`}.</p>`}
${figures.length > 0 && html`<div class="charts">${figures}</div>`}
`;
}

function sidesNote(left: readonly FlowPlot[]): string {
  return left.every(({ first, wrong }) => !first && !wrong)
    ? 'Of edges where all is well the callee’s side is drawn, as the page has no room for both. '
    : '';
}

function titleOf({ source, destination, direction }: FlowTimeline): string {
  return `${source} -> ${destination}, ${direction}`;
}

/** The chart of one flow with its table. */
export function flowFigure(flow: FlowTimeline, timeline: Timeline, charts: Charts): Markup {
  const { option, size, label } = flowChart(flow, timeline);
  const off = deviations(flow);
  const outside = off.filter((d) => d.outside).length;
  return figure({
    title: titleOf(flow),
    picture: charts.draw(option, size, label),
    caption: html`${totals(flow)}${outside > 0 && html` <strong class="wrong">${plural(outside, 'sample')} out of bounds.</strong>`}`,
    data: sampleTable(flow, off),
  });
}

function totals({ truth, proxy, prometheus, unit }: FlowTimeline): Content {
  const last = (values: readonly number[]) => values.at(-1) ?? null;
  const failures = last(truth.failures) ?? 0;
  const failed =
    failures > 0 && ` Failures: truth ${formatNumber(failures)}, Prometheus ${text(last(prometheus.failures))}.`;
  return html`At the end: truth ${text(last(truth.count))}, proxies ${text(proxy?.count ?? null)}, Prometheus ${text(last(prometheus.count))} ${unit}.${failed}`;
}

function sampleTable({ prometheus, unit }: FlowTimeline, off: readonly Deviation[]): Markup {
  const rows = evenly(off.length, MAX_ROWS, (i) => off[i]!.outside);
  const rest = off.length - rows.length;
  const caption = rest > 0 ? `Samples (${formatNumber(rest)} more in timeline.json)` : 'Samples';
  return table(
    `${caption}: ${unit} so far`,
    ['At', 'At least', 'Prometheus', 'At most', 'Off'].map((name) => ({ name, number: true })),
    rows.map((i) => {
      const [low, high] = [prometheus.low[i]!, prometheus.high[i]!];
      return [
        `${formatNumber(off[i]!.atMs / 1000, 2)} s`,
        text(low),
        text(prometheus.count[i]!),
        text(high),
        offText(prometheus.count[i]!, low, high),
      ];
    }),
  );
}

/** Beyond what the truth permits. */
function offText(count: number, low: number, high: number): string {
  if (count < low) return formatSigned(count - low, 1);
  return count > high ? formatSigned(count - high, 1) : '0';
}

function text(value: number | null): string {
  return value === null ? 'no data' : formatNumber(value, 1);
}

const KINDS = { timeline: 'timeline', fault: 'fault', restart: 'restart', rollout: 'roll-out' } as const;

function bandList(bands: readonly TimelineBand[]): Content {
  if (bands.length === 0) return null;
  const when = ({ fromMs, toMs }: TimelineBand) =>
    toMs === null
      ? `from ${seconds(fromMs)}`
      : toMs === fromMs
        ? `at ${seconds(fromMs)}`
        : `${seconds(fromMs)} to ${seconds(toMs)}`;
  return html`<p>What was done, shaded in the charts:</p>
<ol class="bands">${bands.map((band) => html`<li>${band.label} <span class="remark">(${KINDS[band.kind]}, ${when(band)})</span></li>\n`)}</ol>
`;
}

function seconds(ms: number): string {
  return ms < 0 ? `${formatNumber(ms / 1000, 1)} s` : formatDuration(ms);
}

/** Once for all charts of a scenario. */
function legend({ flows, scrapeIntervalMs }: Timeline): Markup {
  const failures = flows.some(
    ({ truth, prometheus }) => Math.max(0, ...truth.failures.slice(-1), ...prometheus.failures.slice(-1)) > 0,
  );
  const left = flows.some(({ proxy }) => proxy?.earlier);
  const keys: [string, string][] = [
    ['line truth', 'truth'],
    ['line prometheus', 'Prometheus, sample by sample'],
    ['area allowed', 'what the truth permits at those scrapes'],
    ['mark proxy', 'the proxies’ own pages, at the end'],
    ...(left ? ([['dot proxy', 'last pages of pods that left, added up']] as [string, string][]) : []),
    ...(failures ? ([['line dashed failures', 'failures (dots: by Prometheus)']] as [string, string][]) : []),
  ];
  return html`<ul class="legend">${keys.map(([kind, name]) => html`<li><span class="key ${kind}"></span>${name}</li>`)}</ul>
<p class="remark">Counts since the beginning. Below each chart: a tick for each scrape (every ${formatDuration(scrapeIntervalMs)} of each pod; red: it failed), then how far Prometheus is from the middle of what the truth permits at those scrapes. A dot outside of the shaded area can’t be true. The proxies’ own pages are read when all is at rest: while traffic runs, Prometheus’ scrapes are the readings of those same pages.</p>
`;
}
