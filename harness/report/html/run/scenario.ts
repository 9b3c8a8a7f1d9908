import type { Configuration } from '../../../result/timeline/configuration.ts';
import type { Timeline } from '../../../result/timeline/types.ts';
import type { ScenarioResult, StepTime } from '../../../result/types.ts';
import { formatDuration, formatNumber, plural } from '../../format.ts';
import { flowCount } from '../../summary.ts';
import type { Charts } from '../charts.ts';
import { badge, folded, table } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { type Drawn, type Piece, RANK } from './budget.ts';
import { configurationOf } from './configuration.ts';
import { troubleOf } from './diagnosis.ts';
import { type Topology, topologyOf } from './edges.ts';
import { judgedOf } from './judged.ts';
import { latencies, latencyFigure, latencyPlots } from './latency.ts';
import { type FlowPlot, flowFigure, flowPlots, overTime } from './over-time.ts';
import { anchorOf } from './overview.ts';
import { queryTables } from './queries.ts';
import { topologyFigure } from './topology.ts';

const MAX_NOTES = 40;

/** Of one scenario, what there is to tell from. */
export interface Told {
  scenario: ScenarioResult;
  timeline: Timeline | undefined;
  /** null: nothing of the page has a timeline, so the library was not loaded. */
  charts: Charts | null;
  configuration: Configuration | undefined;
}

/** A scenario before it is decided how much of it the page has room for. */
export interface Sketch {
  told: Told;
  index: number;
  trouble: Piece;
  tables: Piece;
  flows: { piece: Piece; plot: FlowPlot }[];
  latencies: Piece[];
  queries: Piece | null;
  configuration: Piece | null;
  details: Piece;
}

/** What a scenario's part may be made of. */
export function sketchOf(told: Told, index: number): Sketch {
  const { scenario, timeline, charts } = told;
  const topology = topologyOf(scenario, timeline);
  const isWrong = scenario.verdict !== 'pass';
  const piece = (kind: Piece['kind'], rank: number, draw: () => Markup): Piece => ({
    scenario: index,
    kind,
    rank,
    draw,
  });
  const more = isWrong ? RANK.moreOfWrong : RANK.more;
  const usual = isWrong ? RANK.chartsOfWrong : RANK.charts;
  const rankOf = ({ wrong, first }: FlowPlot) => (wrong ? RANK.wrongEdge : first ? usual : RANK.otherSide);
  const drawable = timeline && charts ? { timeline, charts } : null;
  const queries = queryTables(scenario);
  const { configuration } = told;
  return {
    told,
    index,
    trouble: piece('trouble', RANK.trouble, () => html`${troubleOf(scenario)}`),
    tables: piece('tables', isWrong ? RANK.tablesOfWrong : RANK.tables, () => tablesOf(scenario, topology)),
    flows: drawable
      ? flowPlots(drawable.timeline, topology).map((plot) => ({
          plot,
          piece: piece('flow', rankOf(plot), () => flowFigure(plot.flow, drawable.timeline, drawable.charts)),
        }))
      : [],
    latencies: drawable
      ? latencyPlots(drawable.timeline, scenario, topology).map((plot) =>
          piece('latency', plot.wrong ? RANK.wrongEdge : usual, () => latencyFigure(plot, drawable.charts)),
        )
      : [],
    queries: queries && piece('queries', more, () => queries),
    configuration:
      configuration !== undefined
        ? piece('configuration', more, () => html`${configurationOf(configuration, scenario.name)}`)
        : null,
    details: piece('details', isWrong ? RANK.tablesOfWrong : RANK.tables, () => html`${detailsOf(scenario)}`),
  };
}

export function piecesOf({ trouble, tables, flows, latencies: own, queries, configuration, details }: Sketch): Piece[] {
  return [trouble, tables, ...flows.map(({ piece }) => piece), ...own, details, queries, configuration].filter(
    (piece) => piece !== null,
  );
}

/**
 * All of one scenario that there is room for, its name first; folded away unless `open`.
 * @param open null: it is the only one
 */
export function scenarioPart(sketch: Sketch, drawn: Drawn, open: boolean | null): Markup {
  const { scenario } = sketch.told;
  const head = html`<h3>${scenario.name || '(no name)'}</h3> ${badge(scenario.verdict)}`;
  const content = html`<div id="${anchorOf(sketch.index)}" class="scenario">\n${contentOf(sketch, drawn, open === null)}</div>`;
  if (open === null) return html`<div class="heading">${head}</div>\n${content}\n`;
  return html`<details class="scenario"${open && html` open`}><summary>${head} <span class="remark">${factsOf(scenario)}</span></summary>
${content}</details>
`;
}

function factsOf(scenario: ScenarioResult): string {
  const { traffic, flows } = scenario;
  const agree = flows.length > 0 ? `, ${flowCount(scenario)} flows agree` : '';
  return `${plural(traffic.requests, 'request')}${agree}, ${formatDuration(scenario.durationMs)}`;
}

function contentOf(sketch: Sketch, drawn: Drawn, alone: boolean): Content {
  const { scenario, timeline, charts } = sketch.told;
  const of = (piece: Piece | null) => piece && drawn.get(piece);
  const all = (pieces: readonly Piece[]) => pieces.map(of).filter((markup) => markup !== null && markup !== undefined);
  const flows = all(sketch.flows.map(({ piece }) => piece));
  const left = sketch.flows.filter(({ piece }) => !drawn.has(piece)).map(({ plot }) => plot);
  const figures = all(sketch.latencies);
  const latency = latencies(figures, sketch.latencies.length - figures.length);
  const queries = of(sketch.queries);
  return [
    html`${scenario.description && html`<p>${scenario.description}</p>\n`}${trafficLine(scenario)}`,
    leftOut(sketch, drawn, alone),
    of(sketch.trouble),
    of(sketch.tables),
    timeline && charts
      ? sketch.flows.length > 0 && html`<h4>The three ledgers over time</h4>\n${overTime(timeline, flows, left)}`
      : html`<p class="remark">No timeline was kept of this scenario (timeline.json is missing), so there are no charts over time and none of latencies.</p>\n`,
    latency && html`<h4>Latency</h4>\n${latency}`,
    queries &&
      html`<h4>What common queries show</h4>\n${folded(plural(scenario.queries.filter((q) => !q.verdict).length, 'query', 'queries'), queries)}`,
    of(sketch.configuration),
    of(sketch.details),
  ];
}

function tablesOf(scenario: ScenarioResult, topology: Topology): Markup {
  return html`${topology.workloads.length > 0 && topologyFigure(topology, scenario.name)}${judgedOf(scenario)}`;
}

const NAMES: Record<Piece['kind'], (count: number) => string> = {
  trouble: () => 'what is wrong and why',
  tables: () => 'who calls whom and what was judged',
  flow: (count) => `${plural(count, 'chart')} over time`,
  latency: (count) => `${plural(count, 'chart')} of latencies`,
  queries: () => 'the queries',
  configuration: () => 'the configuration',
  details: () => 'notes and where the time went',
};

/** What the page has no room for, and where it is. */
function leftOut(sketch: Sketch, drawn: Drawn, alone: boolean): Content {
  const left = piecesOf(sketch).filter((piece) => !drawn.has(piece));
  if (left.length === 0) return null;
  const { name } = sketch.told.scenario;
  const what = [...Map.groupBy(left, ({ kind }) => kind)].map(([kind, own]) => NAMES[kind](own.length)).join(', ');
  const page = html`<code>meshproof report RUN/${name}</code> (RUN: the folder of this page) makes a page of this scenario alone. `;
  return html`<p class="left-out">Left out, so that this page stays below 1 MB: ${what}. ${!alone && page}All numbers stand in <code>result.json</code> and <code>${name}/timeline.json</code>.</p>
`;
}

function trafficLine({ traffic, seed, file }: ScenarioResult): Markup {
  const { requests, failed, droppedIterations, ratePerSecond } = traffic;
  const parts = [
    `${plural(requests, 'request')} at ${formatNumber(ratePerSecond, 1)}/s`,
    failed > 0 && `${formatNumber(failed)} without success`,
    droppedIterations > 0 && `${plural(droppedIterations, 'iteration')} dropped`,
    `seed ${seed}`,
  ];
  return html`<p class="remark">${parts.filter(Boolean).join(', ')}, <code>${file}</code></p>\n`;
}

/** Notes, and where the time went. */
function detailsOf({ notes, phases, steps, clockMarginMs }: ScenarioResult): Content {
  const more = notes.length - MAX_NOTES;
  const list = html`<ul>${notes.slice(0, MAX_NOTES).map((note) => html`<li>${note}</li>\n`)}${more > 0 && html`<li>and ${formatNumber(more)} more in result.json</li>`}</ul>`;
  const time = phases.map(({ name, durationMs }) => [name, formatDuration(durationMs)]);
  return [
    notes.length > 0 && folded(plural(notes.length, 'note'), list),
    phases.length > 0 &&
      folded(
        'Where the time went',
        html`${table('Phases', [{ name: 'Phase' }, { name: 'Took', number: true }], time)}${steps.length > 0 && stepTable('Steps of the start (some side by side)', steps)}<p class="remark">Clocks are taken to agree within ${formatNumber(clockMarginMs, 3)} ms.</p>`,
      ),
  ];
}

/** How something was brought up. */
export function stepTable(caption: string, steps: readonly StepTime[]): Markup {
  const columns = [{ name: 'Step' }, { name: 'What' }, { name: 'Took', number: true }];
  return table(
    caption,
    columns,
    steps.map(({ name, detail, durationMs }) => [name, detail, formatDuration(durationMs)]),
  );
}
