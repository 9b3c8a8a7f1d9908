import type { FaultsRecord } from '../../matrix/record.ts';
import { scoreLines, verdictLine } from '../faults/summary.ts';
import { environmentLine } from '../summary.ts';
import { loadCharts } from './charts.ts';
import { diagnosisTimes } from './faults/times.ts';
import { isWrong, worldTable, wrongWorld } from './faults/worlds.ts';
import { folded } from './figure.ts';
import { momentText } from './links.ts';
import { html } from './markup.ts';
import { type Page, renderPage, type Section } from './page.ts';
import { PLOT_STYLE } from './plotted.ts';

const MOOD: Record<FaultsRecord['verdict'], Page['mood']> = { pass: 'good', fail: 'bad', inconclusive: 'unsure' };

/** What `meshproof faults` came to, as a page: the score, what is wrong first, then world by world, and how long it took. */
export async function renderFaultsHtml(record: FaultsRecord): Promise<string> {
  const { verdict, startedAt, seed, repeat, error, worlds } = record;
  const wrong = [
    ...worlds.filter(({ outcome }) => outcome === 'wrong'),
    ...worlds.filter(({ outcome }) => outcome === 'error'),
  ];
  const faults = worlds.filter(({ kind }) => kind === 'fault');
  const pairs = worlds.filter(({ kind }) => kind === 'pair');
  const clean = worlds.filter(({ kind }) => kind === 'clean');
  const timed = worlds.filter(({ faultToDiagnosisMs }) => faultToDiagnosisMs !== null);
  const sections: (Section | null)[] = [
    wrong.length > 0 ? { id: 'wrong', title: 'What is not right', content: wrong.map(wrongWorld) } : null,
    faults.length > 0
      ? { id: 'faults', title: 'Fault by fault', content: worldTable('Worlds with one fault', faults) }
      : null,
    pairs.length > 0
      ? { id: 'pairs', title: 'Pairs', content: worldTable('Worlds with two faults at once', pairs) }
      : null,
    timed.length > 0
      ? { id: 'times', title: 'From a fault to its diagnosis', content: diagnosisTimes(await loadCharts(), timed) }
      : null,
    clean.length > 0 ? cleanSection(clean) : null,
  ];
  return renderPage({
    style: PLOT_STYLE,
    title: 'Fault matrix',
    subtitle: `${momentText(startedAt)}; ${environmentLine(record)}; seed ${seed}, ${repeat} of each`,
    mood: MOOD[verdict],
    lead: html`<p><strong>${verdictLine(record)}</strong></p>
<ul>${scoreLines(record).map((line) => html`<li>${line}</li>\n`)}</ul>
${error && html`<p>error ${error.code}: ${error.message}. ${error.hint}</p>`}`,
    sections: sections.filter((section) => section !== null),
  });
}

function cleanSection(clean: FaultsRecord['worlds']): Section {
  const right = clean.filter((world) => !isWrong(world)).length;
  return {
    id: 'clean',
    title: 'Clean worlds',
    content: folded(
      `${right} of ${clean.length} without a diagnosis, as it should be`,
      worldTable('Worlds without a fault', clean),
    ),
  };
}
