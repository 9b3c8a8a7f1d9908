import type { InputProblem, UpgradeReason, UpgradeResult } from '../../result/upgrade/types.ts';
import { sentenceCase } from '../bench/document.ts';
import { plural } from '../format.ts';
import { byWeight, changeLine, DECISION, inShort, queriesLine, runLine, schemaLine } from '../upgrade/summary.ts';
import { loadCharts } from './charts.ts';
import { folded, table } from './figure.ts';
import { momentText } from './links.ts';
import { html, type Markup, prose } from './markup.ts';
import { type Page, renderPage, type Section } from './page.ts';
import { PLOT_STYLE } from './plotted.ts';
import { latencyPart } from './upgrade/latency.ts';
import { phasesPart, reasonsPart } from './upgrade/phases.ts';
import { queriesPart } from './upgrade/queries.ts';
import { lostPart } from './upgrade/rollout.ts';
import { schemaPart } from './upgrade/schema.ts';

const MOOD: Record<UpgradeResult['decision'], Page['mood']> = { go: 'good', 'no-go': 'bad', undecided: 'unsure' };
/** The looks of verdicts, for decisions and weights. */
const BADGE = { go: 'pass', 'no-go': 'fail', undecided: 'inconclusive' } as const;
const WEIGHT: Record<UpgradeReason['weight'], { badge: string; word: string }> = {
  blocks: { badge: 'fail', word: 'blocks' },
  open: { badge: 'inconclusive', word: 'open' },
  warns: { badge: '', word: 'to know' },
};

const STYLE = `
.reasons { list-style: none; padding: 0; }
.reasons li { margin: .6rem 0; } .reasons p { margin: .15rem 0 0; } .reasons details { font-size: .9rem; }
`;

/** An upgrade as a page: go or no-go and why, then what it goes by: phases, lost requests, latency, schema, queries. */
export async function renderUpgradeHtml(result: UpgradeResult): Promise<string> {
  const { scenarios, decision, startedAt, problems } = result;
  const drawn = scenarios.some(({ latency, rollout, lost }) => latency.length + rollout.length + lost.lost.length > 0);
  const charts = drawn ? await loadCharts() : null;
  const sections: (Section | null)[] = [
    scenarios.length > 0
      ? { id: 'phases', title: 'Before, during, after', content: [phasesPart(scenarios), scenarios.map(reasonsPart)] }
      : null,
    scenarios.length > 0
      ? { id: 'lost', title: 'Requests lost in the roll-out', content: scenarios.map((s) => lostPart(charts, s)) }
      : null,
    scenarios.length > 0
      ? { id: 'latency', title: 'Latency', content: scenarios.map((s) => latencyPart(charts, s)) }
      : null,
    {
      id: 'schema',
      title: 'The difference of the metrics',
      content: [html`<p>${schemaLine(result)}</p>`, schemaPart(result)],
    },
    {
      id: 'queries',
      title: 'Your queries',
      content: [html`<p>${queriesLine(result)}</p>`, queriesPart(result.queries)],
    },
    problems.length > 0
      ? { id: 'problems', title: 'What was given and could not be used', content: problemsPart(problems) }
      : null,
  ];
  return renderPage({
    style: PLOT_STYLE + STYLE,
    title: `${sentenceCase(DECISION[decision])}: ${changeLine(result)}`,
    subtitle: `${momentText(startedAt)}; ${runLine(result)}`,
    mood: MOOD[decision],
    lead: html`<p><span class="badge ${BADGE[decision]}">${DECISION[decision]}</span> <strong>${answer(result)}</strong></p>
${result.error && html`<p>error ${result.error.code}: ${result.error.message}. ${result.error.hint}</p>`}
${reasonList(result)}`,
    sections: sections.filter((section) => section !== null),
  });
}

/** How much speaks against it; what that is stands below. */
function answer({ decision, reasons }: UpgradeResult): string {
  const count = (weight: UpgradeReason['weight']) => reasons.filter((reason) => reason.weight === weight).length;
  const [blocks, open, warns] = [count('blocks'), count('open'), count('warns')];
  const parts = [
    decision === 'go' && 'the golden metrics tell the truth before, during and after',
    blocks > 0 && `${plural(blocks, 'reason')} against it`,
    open > 0 && `${plural(open, 'question')} open`,
    warns > 0 && `${plural(warns, 'thing')} to know`,
  ].filter((part) => part !== false);
  const text = parts.join(', ') || 'no reason is recorded';
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Characters of a reason that fit a line of the head. */
const LINE = 110;

/** A line a reason, with the rest of it folded and what to do below. */
function reasonList({ reasons }: UpgradeResult): Markup | null {
  if (reasons.length === 0) return null;
  return html`<ul class="reasons">${byWeight(reasons).map(({ weight, text, remedy }) => {
    const { badge, word } = WEIGHT[weight];
    const short = inShort(text, LINE);
    // What is not said in the one line is said whole.
    const isWhole = short === text.replace(/\.$/, '');
    const rest = !isWhole && folded('All of it', html`<p>${prose(text)}</p>`);
    return html`<li><span class="badge ${badge}">${word}</span> ${prose(isWhole ? text : short)}${rest}${remedy && html`<p><b>Do</b> ${prose(remedy)}</p>`}</li>\n`;
  })}</ul>`;
}

function problemsPart(problems: readonly InputProblem[]): Markup {
  return table(
    'Files, expressions and addresses',
    ['Where', 'What', 'Error', 'Hint'].map((name) => ({ name })),
    problems.map(({ place, message, code, hint }) => [place, message, html`<code>${code}</code>`, hint]),
  );
}
