import type { Reason, ScenarioResult } from '../result/types.ts';
import { adviceFor } from './advice.ts';
import { diagnosesOf, whyOf } from './diagnoses.ts';
import { type Row, rowsOf } from './flows.ts';
import { formatNumber, plural } from './format.ts';
import type { Style } from './style.ts';
import { oneLine, truncate, wrap } from './text.ts';

const MAX_PLACES = 3;
/** How long an answer may be; what is longer stands in the report. */
const MOST_LINES = { what: 4, why: 5, do: 5 };
const MAX_LOG_LINES = 6;
const MAX_ALSO = 2;

/**
 * A scenario that is not right, in three answers: what is wrong, with its numbers; why, as far as that is known; and what to do
 * next, with the command where there is one.
 * @param report where all of it can be read; none: nothing was written
 */
export function troubleLines(scenario: ScenarioResult, style: Style, width: number, report?: string): string[] {
  const word = scenario.verdict === 'fail' ? 'FAIL' : scenario.verdict;
  const head = wrap(`${scenario.name}: ${word}`, width).map((line) =>
    style.bold(style.verdict(scenario.verdict, line)),
  );
  return [
    ...head,
    ...whatLines(scenario, style, width),
    ...whyLines(scenario, style, width),
    ...doLines(scenario, style, width),
    ...(report === undefined ? [] : field('see', report, width)),
  ];
}

/** The same in one line, where there are too many. */
export function troubleLine(scenario: ScenarioResult, style: Style, width: number): string {
  const word = scenario.verdict === 'fail' ? 'FAIL' : scenario.verdict;
  const [diagnosis] = diagnosesOf(scenario);
  const why = diagnosis ? whyOf(diagnosis).answer : whatText(scenario);
  const line = truncate(oneLine(`${scenario.name}: ${word}: ${why}`), width);
  return style.verdict(scenario.verdict, line);
}

function whatLines(scenario: ScenarioResult, style: Style, width: number): string[] {
  const text = whatText(scenario);
  if (!text) return [];
  const lines = short(field('what', text, width), MOST_LINES.what, width);
  // What a tool said last, which the message carries.
  const log = scenario.error?.message.split('\n').slice(1) ?? [];
  return [...lines, ...log.slice(-MAX_LOG_LINES).flatMap((line) => field('', line, width).map(style.dim))];
}

/** `NOT_EQUAL_AT_END: response_total of ...: Prometheus has 297 at the end, the truth is 300 (and 6 more reasons)`. */
export function whatText(scenario: ScenarioResult): string {
  const { error, reasons, verdict } = scenario;
  if (error) return `error ${error.code}: ${error.message.split('\n')[0]}`;
  const first = mainReason(scenario);
  if (!first) return verdict === 'pass' ? '' : `${verdict}, without a reason given`;
  const more = reasons.length > 1 ? ` (and ${plural(reasons.length - 1, 'more reason')})` : '';
  return `${first.code}: ${first.message}${more}`;
}

/** The first of those that make the verdict. */
function mainReason({ reasons, verdict }: ScenarioResult): Reason | undefined {
  return reasons.find((reason) => reason.verdict === verdict) ?? reasons[0];
}

function whyLines(scenario: ScenarioResult, style: Style, width: number): string[] {
  const [first, ...others] = diagnosesOf(scenario);
  if (!first) return short(field('why', unexplained(scenario), width), MOST_LINES.why, width);
  const { answer, pods } = whyOf(first);
  const lines = short(field('why', `${answer}${pods ? ` (${pods})` : ''}`, width), MOST_LINES.why, width);
  const also = others
    .slice(0, MAX_ALSO)
    .flatMap((diagnosis) => field('also', truncate(oneLine(whyOf(diagnosis).answer), width - LABEL_WIDTH), width));
  const more = others.length - MAX_ALSO;
  if (more > 0) also.push(...field('', `and ${plural(more, 'more cause')}`, width));
  return [...lines, ...also.map(style.dim)];
}

/** No cause is known: the arithmetic that does not hold, else where it is wrong, if that is in more than one place. */
export function unexplained(scenario: ScenarioResult): string {
  const bad = rowsOf(scenario).filter((row) => row.verdict !== 'pass');
  const [worst] = bad;
  if (worst && worst.details.length > 0) return worst.details.slice(0, 2).join(', ');
  return bad.length > 1 ? `no cause was found; it shows in ${placesText(bad)}` : '';
}

function placesText(bad: readonly Row[]): string {
  const more = bad.length > MAX_PLACES ? `, and ${formatNumber(bad.length - MAX_PLACES)} more` : '';
  return `${bad
    .slice(0, MAX_PLACES)
    .map((row) => row.subject)
    .join(', ')}${more}`;
}

function doLines(scenario: ScenarioResult, style: Style, width: number): string[] {
  const lines = short(field('do', doText(scenario), width), MOST_LINES.do, width);
  return [...lines, ...field('', commandText(scenario), width).map(style.bold)];
}

export function doText(scenario: ScenarioResult): string {
  const [diagnosis] = diagnosesOf(scenario);
  const remedy = diagnosis && whyOf(diagnosis).remedy;
  if (remedy) return remedy;
  if (scenario.error) return scenario.error.hint;
  if (scenario.verdict === 'pass') return '';
  return adviceFor(mainReason(scenario) ?? { code: '', verdict: 'inconclusive' });
}

/** What to type next: where the cause is named the remedy says it; an error has its hint. */
export function commandText(scenario: ScenarioResult): string {
  if (scenario.verdict === 'pass' || scenario.error || diagnosesOf(scenario).length > 0) return '';
  const file = oneLine(scenario.file);
  if (!file) return '';
  const again = `meshproof run ${shellWord(file)} --seed ${scenario.seed}`;
  // What failed stays up, with its Prometheus, to be looked at.
  return scenario.verdict === 'fail' ? `${again} --keep` : again;
}

/** As one word of a shell. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function short(lines: string[], most: number, width: number): string[] {
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), truncate(`${lines[most - 1]} …`, width)];
}

const LABEL_WIDTH = 8;

function field(label: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL_WIDTH).map((line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH - 2)}${line}`);
}
