import type { Configuration } from '../../result/timeline/configuration.ts';
import type { Timeline } from '../../result/timeline/types.ts';
import type { Result, VerdictValue } from '../../result/types.ts';
import { environmentLine, summaryLine } from '../summary.ts';
import { loadCharts } from './charts.ts';
import { momentText } from './links.ts';
import { html } from './markup.ts';
import { type Page, renderPage } from './page.ts';
import { type Drawn, drawWithin, PAGE_BYTES, without } from './run/budget.ts';
import { leadOf } from './run/lead.ts';
import { LOOK } from './run/look.ts';
import { overviewTable } from './run/overview.ts';
import { piecesOf, type Sketch, scenarioPart, sketchOf } from './run/scenario.ts';
import { setupOf } from './run/setup.ts';

const MOODS: Record<VerdictValue, Page['mood']> = { pass: 'good', fail: 'bad', inconclusive: 'unsure' };
const WORDS: Record<VerdictValue, string> = { pass: 'Pass', fail: 'Fail', inconclusive: 'Inconclusive' };

/**
 * report.html of a run: one page, complete in itself, which leaves out what would make it too large to be sent.
 * @param timelines by the scenario's name; of one that is missing there are no charts
 * @param configurations by the scenario's name
 */
export async function renderRunHtml(
  result: Result,
  timelines: ReadonlyMap<string, Timeline>,
  configurations: ReadonlyMap<string, Configuration> = new Map(),
): Promise<string> {
  const charts = result.scenarios.some(({ name }) => timelines.has(name)) ? await loadCharts() : null;
  const sketches = result.scenarios.map((scenario, i) => {
    const { name } = scenario;
    return sketchOf({ scenario, timeline: timelines.get(name), charts, configuration: configurations.get(name) }, i);
  });
  const bare = Buffer.byteLength(pageOf(result, sketches, new Map()));
  let drawn = drawWithin(sketches.flatMap(piecesOf), PAGE_BYTES - bare);
  // Headings and legends come with what they are of.
  for (;;) {
    const page = pageOf(result, sketches, drawn);
    const excess = Buffer.byteLength(page) - PAGE_BYTES;
    if (excess <= 0 || drawn.size === 0) return page;
    drawn = without(drawn, excess);
  }
}

function pageOf(result: Result, sketches: readonly Sketch[], drawn: Drawn): string {
  const { scenarios, verdict } = result;
  const parts = sketches.map((sketch) => {
    const open = scenarios.length === 1 ? null : sketch.told.scenario.verdict !== 'pass';
    return scenarioPart(sketch, drawn, open);
  });
  return renderPage({
    title: `${WORDS[verdict]}: ${summaryLine(result)}`,
    subtitle: html`${momentText(result.startedAt)}, ${environmentLine(result)}`,
    mood: MOODS[verdict],
    lead: leadOf(result),
    style: LOOK,
    sections: [
      ...(scenarios.length > 0 ? [{ id: 'scenarios', title: 'Scenarios', content: overviewTable(scenarios) }] : []),
      ...(scenarios.length > 0
        ? [{ id: 'each', title: scenarios.length === 1 ? 'The scenario' : 'Scenario by scenario', content: parts }]
        : []),
      { id: 'setup', title: 'What it ran with', content: setupOf(result) },
    ],
  });
}
