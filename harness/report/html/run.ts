import type { Timeline } from '../../result/timeline/types.ts';
import type { Result, VerdictValue } from '../../result/types.ts';
import { environmentLine, summaryLine } from '../summary.ts';
import { loadCharts } from './charts.ts';
import { html } from './markup.ts';
import { type Page, renderPage } from './page.ts';
import { leadOf } from './run/lead.ts';
import { LOOK } from './run/look.ts';
import { overviewTable } from './run/overview.ts';
import { isCrowded, scenarioPart } from './run/scenario.ts';
import { setupOf } from './run/setup.ts';

const MOODS: Record<VerdictValue, Page['mood']> = { pass: 'good', fail: 'bad', inconclusive: 'unsure' };
const WORDS: Record<VerdictValue, string> = { pass: 'Pass', fail: 'Fail', inconclusive: 'Inconclusive' };

/**
 * report.html of a run: one page, complete in itself.
 * @param timelines by the scenario's name; of one that is missing there are no charts
 */
export async function renderRunHtml(result: Result, timelines: ReadonlyMap<string, Timeline>): Promise<string> {
  const { scenarios, verdict } = result;
  const charts = scenarios.some(({ name }) => timelines.has(name)) ? await loadCharts() : null;
  const crowded = isCrowded(timelines.values());
  const parts = scenarios.map((scenario, i) => {
    const open = scenarios.length === 1 ? null : scenario.verdict !== 'pass';
    return scenarioPart({ scenario, timeline: timelines.get(scenario.name), charts, crowded }, i, open);
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

/** `2 January 2026, 03:04 UTC`; as it is when it is no time. */
function momentText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  return `${day}, ${date.toISOString().slice(11, 16)} UTC`;
}
