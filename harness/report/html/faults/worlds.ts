import type { Outcome, WorldRecord } from '../../../matrix/record.ts';
import { causePage, podsText } from '../../diagnoses.ts';
import { formatDuration } from '../../format.ts';
import { table } from '../figure.ts';
import { linkTo } from '../links.ts';
import { type Content, html, type Markup } from '../markup.ts';

export const isWrong = ({ outcome }: WorldRecord) => outcome !== 'right';

/** The looks of verdicts, for outcomes. */
const BADGE: Record<Outcome, string> = { right: 'pass', wrong: 'fail', error: 'inconclusive' };

const outcomeBadge = (outcome: Outcome): Markup => html`<span class="badge ${BADGE[outcome]}">${outcome}</span>`;

/** A world that is not right: what was injected, expected, named, and why that is not the same. */
export function wrongWorld(world: WorldRecord): Markup {
  const { name, outcome, injected, expected, diagnosed, why, error } = world;
  const fact = (title: string, items: Content[]) =>
    items.length > 0 && html`<dt>${title}</dt>${items.map((item) => html`<dd>${item}</dd>`)}\n`;
  const file = (kind: string) => html`<a href="${linkTo(`${name}/${kind}`)}">${kind}</a>`;
  return html`<div class="diagnosis${outcome === 'error' && ' reading'}"><h3>${name} ${outcomeBadge(outcome)}</h3>
<p>${why}</p>
<dl class="facts">
${fact('Injected', injected)}${fact(
  'Expected',
  expected.map(({ cause, pods }) => named([cause], pods)),
)}${fact(
  'Named',
  diagnosed.map((d) => html`${named(d.causes, d.pods)}: ${d.summary}`),
)}${fact('Hint', error?.hint ? [error.hint] : [])}
${fact('What there is', [html`${file('report.html')}, ${file('result.json')} with its evidence`])}</dl></div>
`;
}

function named(causes: readonly string[], pods: readonly string[]): Markup {
  const names = causes.map((cause, i) => html`${i > 0 && ' or '}<code title="${causePage(cause)}">${cause}</code>`);
  return html`${names}${pods.length > 0 && `, ${pods.join(', ')}`}`;
}

/** A row a world. */
export function worldTable(caption: string, worlds: readonly WorldRecord[]): Markup {
  const sorted = [...worlds.filter(isWrong), ...worlds.filter((world) => !isWrong(world))];
  return table(
    `${caption}. After: from the fault (where it was there before, from the start of Prometheus) to its diagnosis; of it: the diagnosing itself`,
    [
      { name: 'Result' },
      { name: 'World' },
      { name: 'Injected' },
      { name: 'Diagnosed' },
      { name: 'After', number: true },
      { name: 'Of it', number: true },
    ],
    sorted.map((world) => [
      outcomeBadge(world.outcome),
      world.name,
      world.injected.map((line, i) => html`${i > 0 && html`<br>`}${line}`),
      diagnosed(world),
      timeText(world.faultToDiagnosisMs),
      timeText(world.diagnosingMs),
    ]),
  );
}

function diagnosed(world: WorldRecord): Content {
  if (world.error) return world.error.code;
  if (world.diagnosed.length === 0) return 'nothing';
  return world.diagnosed.map(
    ({ causes, pods }, i) =>
      html`${i > 0 && html`<br>`}<code>${causes.join(' or ')}</code>${pods.length > 0 && ` (${podsText(pods)})`}`,
  );
}

const timeText = (ms: number | null) => (ms === null ? '' : formatDuration(ms));
