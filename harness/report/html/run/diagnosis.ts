import { CATALOGUE } from '../../../causes/index.ts';
import type { Diagnosis, Result, ScenarioResult } from '../../../result/types.ts';
import { adviceFor } from '../../advice.ts';
import { diagnosesOf } from '../../diagnoses.ts';
import { formatNumber, plural } from '../../format.ts';
import { folded } from '../figure.ts';
import { type Content, html, type Markup, prose } from '../markup.ts';

const MAX_DIAGNOSES = 20;
const MAX_ITEMS = 20;
const MAX_PODS = 12;
const OPEN_REASONS = 3;
const MAX_REASONS = 30;

/** Why a scenario is not right: causes with their evidence, errors, reasons with what to do; nothing where all is right. */
export function troubleOf(scenario: ScenarioResult): Content {
  const found = diagnosesOf(scenario);
  const { error } = scenario;
  const reasons = scenario.reasons.filter(({ code }) => code !== error?.code);
  if (found.length === 0 && !error && reasons.length === 0) {
    return scenario.verdict !== 'pass' && html`<p>No reason is recorded.</p>`;
  }
  const more = found.length - MAX_DIAGNOSES;
  return html`<h4>What is wrong, and why</h4>
${error && errorBlock(error)}${found.slice(0, MAX_DIAGNOSES).map(diagnosisBlock)}${more > 0 && html`<p>And ${plural(more, 'more cause')} in result.json.</p>`}
${reasonList(reasons, found.length > 0)}`;
}

function diagnosisBlock({ causes, title, kind, pods, summary, evidence, remedy }: Diagnosis): Markup {
  const undecided =
    causes.length > 1 && html`<p>The evidence does not decide between ${plural(causes.length, 'cause')}.</p>`;
  return html`<div class="diagnosis ${kind}"><p><strong>${title}.</strong> ${prose(summary)}</p>${undecided}
${list('Do', remedy)}${list('Seen', evidence)}${pods.length > 0 && html`<p><b>Pods</b> ${podNames(pods)}</p>`}
${kind === 'reading' && html`<p class="remark">As designed, but not what it was taken for.</p>\n`}${causes.slice(0, MAX_ITEMS).map(causeText)}</div>
`;
}

function podNames(pods: readonly string[]): Content {
  const more = pods.length - MAX_PODS;
  const names = pods.slice(0, MAX_PODS).map((pod, i) => html`${i > 0 && ', '}<code>${pod}</code>`);
  return [names, more > 0 && ` and ${formatNumber(more)} more`];
}

/** What the catalogue says of a cause, folded: whoever was sent this page has no docs/causes/ beside it. */
function causeText(cause: string): Markup {
  const command = html`<p class="remark"><code>meshproof faults ${cause}</code> provokes it.</p>`;
  const known = CATALOGUE.find(({ id }) => id === cause);
  if (!known) return html`<p class="remark">Cause <code>${cause}</code>, which this version does not know.</p>`;
  const { symptom, reason, looksLike } = known;
  const others = looksLike.map((other) => html`<li><code>${other.cause}</code>: ${prose(other.toldApartBy)}</li>`);
  return folded(
    html`Cause <code>${cause}</code>: what it is`,
    html`<p><b>Symptom</b> ${prose(symptom)}</p>
<p><b>Reason</b> ${prose(reason)}</p>
${others.length > 0 && html`<p><b>What looks like it</b></p><ul>${others}</ul>`}${command}`,
  );
}

function list(label: string, items: readonly string[]): Content {
  if (items.length === 0) return null;
  const more = items.length - MAX_ITEMS;
  return html`<p><b>${label}</b></p><ul>${items.slice(0, MAX_ITEMS).map((item) => html`<li>${prose(item)}</li>`)}${more > 0 && html`<li>and ${formatNumber(more)} more in result.json</li>`}</ul>`;
}

/** What the verdict says; folded where a cause explains it. */
function reasonList(reasons: ScenarioResult['reasons'], explained: boolean): Content {
  if (reasons.length === 0) return null;
  const told = new Set<string>();
  const items = reasons.slice(0, MAX_REASONS).map((reason) => {
    // What to do about one code is said once.
    const advice = !told.has(reason.code) && html` <span class="advice">Next: ${prose(adviceFor(reason))}.</span>`;
    told.add(reason.code);
    return html`<li><code>${reason.code}</code> ${reason.message}.${advice}</li>\n`;
  });
  const more = reasons.length - items.length;
  if (more > 0) items.push(html`<li>and ${plural(more, 'more reason')} in result.json</li>`);
  const [open, rest] = explained ? [[], items] : [items.slice(0, OPEN_REASONS), items.slice(OPEN_REASONS)];
  const count =
    open.length === 0 ? plural(reasons.length, 'reason') : `${plural(reasons.length - open.length, 'more reason')}`;
  return html`${open.length > 0 && html`<ul class="reasons">${open}</ul>`}${rest.length > 0 && folded(`${count} for the verdict`, html`<ul class="reasons">${rest}</ul>`)}`;
}

/** An error that ended a scenario or the run; the rest of its message is a log. */
export function errorBlock({ code, message, hint }: NonNullable<Result['error']>): Markup {
  const [first = '', ...log] = message.split('\n');
  return html`<div class="diagnosis"><p><strong>Error <code>${code}</code></strong> ${first}</p>${log.length > 0 && html`<pre tabindex="0">${log.join('\n')}</pre>`}<p><b>Do</b> ${prose(hint)}</p></div>
`;
}
