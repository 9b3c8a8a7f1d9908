import { formatDuration, plural } from '../format.ts';
import { type Charts, loadCharts } from './charts.ts';
import { folded, table } from './figure.ts';
import { trendFigure } from './index-page/trend-figure.ts';
import { type Trend, trendsOf } from './index-page/trends.ts';
import type { IndexedRun, RunKind } from './index-page/types.ts';
import { linkTo, momentText } from './links.ts';
import { type Content, html, type Markup } from './markup.ts';
import { type Page, renderPage, type Section } from './page.ts';
import { PLOT_STYLE } from './plotted.ts';

export { type AnyRecord, indexedRun } from './index-page/indexed.ts';
export type { IndexedRun, Measure, RunKind } from './index-page/types.ts';

const KIND: Record<RunKind, string> = {
  run: 'Run',
  upgrade: 'Upgrade',
  capacity: 'Capacity',
  scrape: 'Scrape',
  faults: 'Fault matrix',
};
const BADGE = { good: 'pass', bad: 'fail', unsure: 'inconclusive' } as const;

/**
 * Several results on one page: what each came to, and how their numbers went from run to run.
 * @param runs in any order: the page has the latest first, trends run from the oldest
 */
export async function renderIndexHtml(runs: readonly IndexedRun[]): Promise<string> {
  const oldestFirst = runs.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
  const latestFirst = oldestFirst.toReversed();
  const trends = trendsOf(oldestFirst);
  const charts = trends.length > 0 ? await loadCharts() : null;
  const groups = Map.groupBy(trends, ({ kind }) => kind);
  const sections: Section[] = [
    { id: 'runs', title: 'Runs', content: runsTable(latestFirst) },
    ...(charts
      ? [...groups].map(([kind, own]) => ({
          id: `trends-${kind}`,
          title: `Trends: ${KIND[kind].toLowerCase()}`,
          content: trendsPart(charts, own),
        }))
      : []),
  ];
  return renderPage({
    style: PLOT_STYLE,
    title: plural(runs.length, 'result'),
    subtitle: spanOf(oldestFirst),
    mood: moodOf(runs),
    lead: html`<p><strong>${tally(runs)}</strong></p>
${trends.length === 0 && html`<p>Trends need two runs of one kind and scenario.</p>`}`,
    sections,
  });
}

/** Subjects of one kind that stand open; with more than these only what is of the runs as a whole does. */
const MAX_OPEN = 3;

function trendsPart(charts: Charts, trends: readonly Trend[]): Content {
  const isOpen = ({ subject }: Trend) => subject === '' || trends.length <= MAX_OPEN;
  return [
    html`<p>From the oldest run to the latest, numbered as in the table of each.</p>\n`,
    trends.map((trend) => {
      const drawn = trendFigure(charts, trend);
      return isOpen(trend) ? drawn : folded(trend.subject, drawn);
    }),
  ];
}

function spanOf(runs: readonly IndexedRun[]): string {
  const [first, last] = [runs[0], runs.at(-1)];
  if (!first || !last) return 'no run';
  return first === last
    ? momentText(first.startedAt)
    : `${momentText(first.startedAt)} to ${momentText(last.startedAt)}`;
}

function moodOf(runs: readonly IndexedRun[]): Page['mood'] {
  if (runs.length === 0) return 'none';
  if (runs.some(({ mood }) => mood === 'bad')) return 'bad';
  return runs.some(({ mood }) => mood === 'unsure') ? 'unsure' : 'good';
}

function tally(runs: readonly IndexedRun[]): string {
  const count = (mood: IndexedRun['mood']) => runs.filter((run) => run.mood === mood).length;
  const parts = [
    [count('bad'), 'not right'],
    [count('unsure'), 'undecided'],
    [count('good'), 'right'],
  ] as const;
  const some = parts.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
  return some.join(', ') || 'nothing to show';
}

function runsTable(runs: readonly IndexedRun[]): Markup {
  return table(
    'The latest first',
    [
      ...['Result', 'Run', 'Kind', 'Started'].map((name) => ({ name })),
      { name: 'Duration', number: true },
      ...['Mesh', 'Scenarios'].map((name) => ({ name })),
    ],
    runs.map((run) => [
      html`<span class="badge ${BADGE[run.mood]}">${run.verdict}</span>`,
      html`<a href="${linkTo(run.href)}">${run.name}</a>`,
      KIND[run.kind],
      html`<span class="short">${momentText(run.startedAt)}</span>`,
      formatDuration(run.durationMs),
      html`<span class="short">${[run.mesh, run.meshVersion].filter(Boolean).join(' ')}</span>`,
      scenariosText(run.scenarios),
    ]),
  );
}

/** Names in one cell. */
const MAX_NAMES = 4;

function scenariosText(names: readonly string[]): string {
  const more = names.length - MAX_NAMES;
  return `${names.slice(0, MAX_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
