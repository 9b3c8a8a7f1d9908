import type { Timeline } from '../../../result/timeline/types.ts';
import type { ScenarioResult, StepTime } from '../../../result/types.ts';
import { formatDuration, formatNumber, plural } from '../../format.ts';
import { flowCount } from '../../summary.ts';
import type { Charts } from '../charts.ts';
import { badge, folded, table } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';
import { troubleOf } from './diagnosis.ts';
import { topologyOf } from './edges.ts';
import { judgedOf } from './judged.ts';
import { latencies } from './latency.ts';
import { overTime } from './over-time.ts';
import { anchorOf } from './overview.ts';
import { queryTables } from './queries.ts';
import { topologyFigure } from './topology.ts';

const MAX_NOTES = 40;

/** Of one scenario, what there is to draw from. */
export interface Drawn {
  scenario: ScenarioResult;
  timeline: Timeline | undefined;
  /** null: nothing of the page has a timeline, so the library was not loaded. */
  charts: Charts | null;
  /** There are so many that of a scenario where all is well one side of each edge has to do. */
  crowded: boolean;
}

/** More charts than these make a page too large to be sent, and slow to be drawn. */
const MANY_CHARTS = 140;

export function isCrowded(timelines: Iterable<Timeline>): boolean {
  let charts = 0;
  for (const { flows, latencies } of timelines) charts += flows.length + latencies.length / 2;
  return charts > MANY_CHARTS;
}

/** All of one scenario, its name first; folded away unless `open`. */
export function scenarioPart(drawn: Drawn, index: number, open: boolean | null): Markup {
  const { scenario } = drawn;
  const head = html`<h3>${scenario.name || '(no name)'}</h3> ${badge(scenario.verdict)}`;
  const content = html`<div id="${anchorOf(index)}" class="scenario">\n${contentOf(drawn)}</div>`;
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

function contentOf({ scenario, timeline, charts, crowded }: Drawn): Content {
  const topology = topologyOf(scenario, timeline);
  const latency = timeline && charts ? latencies(timeline, scenario, topology, charts) : null;
  const queries = queryTables(scenario);
  return [
    html`${scenario.description && html`<p>${scenario.description}</p>\n`}${trafficLine(scenario)}`,
    troubleOf(scenario),
    topology.workloads.length > 0 && html`<h4>Who calls whom</h4>\n${topologyFigure(topology)}`,
    judgedOf(scenario),
    timeline && charts
      ? timeline.flows.length > 0 &&
        html`<h4>The three ledgers over time</h4>\n${overTime(timeline, topology, charts, crowded && scenario.verdict === 'pass')}`
      : html`<p class="remark">No timeline was kept of this scenario (timeline.json is missing), so there are no charts over time and none of latencies.</p>\n`,
    latency && html`<h4>Latency</h4>\n${latency}`,
    queries &&
      html`<h4>What common queries show</h4>\n${folded(plural(scenario.queries.filter((q) => !q.verdict).length, 'query', 'queries'), queries)}`,
    detailsOf(scenario),
  ];
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
