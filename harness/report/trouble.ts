import type { ScenarioResult } from '../result/types.ts';
import { adviceFor } from './advice.ts';
import { diagnosesOf, namedCause, podsText, whyOf } from './diagnoses.ts';
import { type Row, rowsOf } from './flows.ts';
import { formatNumber, plural } from './format.ts';
import { mainReason, plainWhat, plainWhy } from './plain.ts';
import { shortened } from './shorten.ts';
import type { Style } from './style.ts';
import { oneLine, wrap } from './text.ts';

const MAX_PLACES = 3;
/** Of what and why together with what to do, at 80 columns; what is longer stands in the report. */
const MOST_LINES = 6;
const MOST_EACH = 2;
/** Where what is wrong and what to do take no more than a line each. */
const MOST_OF_WHY = 3;
/** Of a command only so many: one that is cut is none. */
const LONGEST_COMMAND = 2;

/**
 * A scenario that is not right, in three answers of a line or two: what is wrong, in plain words; why, as far as that is known; and
 * what to do next, with the command where there is one.
 * @param report where all of it can be read; none: nothing was written
 */
export function troubleLines(scenario: ScenarioResult, style: Style, width: number, report?: string): string[] {
  const word = scenario.verdict === 'fail' ? 'FAIL' : scenario.verdict;
  const head = wrap(`${scenario.name}: ${word}`, width).map((line) =>
    style.bold(style.verdict(scenario.verdict, line)),
  );
  return [
    ...head,
    ...answers(scenario, style, width),
    ...(report === undefined ? [] : labelled('see', wrap(report, width - LABEL_WIDTH))),
  ];
}

/** The three answers, in six lines at 80 columns; a narrower terminal gets as many more as it takes. */
function answers(scenario: ScenarioResult, style: Style, width: number): string[] {
  const room = width - LABEL_WIDTH;
  const scale = Math.max(1, (80 - LABEL_WIDTH) / Math.max(1, room));
  const most = (lines: number) => Math.max(1, Math.ceil(lines * scale));
  const what = fitted(whatOf(scenario), room, most(MOST_EACH));
  const command = wrap(commandText(scenario), room);
  const shown = command.length <= most(LONGEST_COMMAND) ? command : [];
  const advice: Answer = { text: doText(scenario), code: '' };
  const advised = fitted(advice, room, most(MOST_EACH)).length;
  const forWhy = most(MOST_LINES) - what.length - advised - shown.length;
  const why = whyLines(scenario, room, Math.max(most(1), Math.min(forWhy, most(MOST_OF_WHY))));
  const left = most(MOST_LINES) - what.length - why.length - shown.length;
  const act = fitted(advice, room, Math.max(1, left));
  // What a tool said last, which the message carries.
  const log = (scenario.error?.message.split('\n').slice(1) ?? []).filter((line) => oneLine(line) !== '');
  const rest = Math.max(0, left - act.length);
  const logged = rest === 0 ? [] : log.slice(-rest).map((line) => shortened(line, room, 1)[0] ?? '');
  return [
    ...labelled('what', what),
    ...labelled('', logged).map(style.dim),
    ...labelled('why', why),
    ...labelled('do', [...act, ...shown.map(style.bold)]),
  ];
}

/** All of it where it has room, else what it is and whose: half of the sentence with the numbers says less than none of it. */
function whyLines(scenario: ScenarioResult, room: number, most: number): string[] {
  const { text, code } = whyText(scenario);
  const whole = fitted({ text, code }, room, Number.POSITIVE_INFINITY);
  const [first] = diagnosesOf(scenario);
  if (whole.length <= most || !first) return fitted({ text, code }, room, most);
  const pods = podsText(first.pods);
  return fitted({ text: `${namedCause(first)}${pods && `: ${pods}`}`, code }, room, most);
}

function fitted({ text, code }: Answer, room: number, most: number): string[] {
  return text === '' ? [] : shortened(text, room, most, code);
}

interface Answer {
  text: string;
  /** What it is called, for whoever looks it up; stays when the text is cut. */
  code: string;
}

/** The same in one line, where there are too many. */
export function troubleLine(scenario: ScenarioResult, style: Style, width: number): string {
  const word = scenario.verdict === 'fail' ? 'FAIL' : scenario.verdict;
  const { text } = diagnosesOf(scenario).length > 0 ? whyText(scenario) : whatOf(scenario);
  return style.verdict(scenario.verdict, shortened(`${scenario.name}: ${word}: ${text}`, width, 1)[0] ?? '');
}

function whatOf(scenario: ScenarioResult): Answer {
  const { error, reasons, verdict } = scenario;
  if (error) return { text: `error ${error.code}: ${error.message.split('\n')[0]}`, code: '' };
  const first = mainReason(scenario);
  if (!first) return { text: verdict === 'pass' ? '' : `${verdict}, without a reason given`, code: '' };
  const more = reasons.length > 1 ? ` and ${formatNumber(reasons.length - 1)} more` : '';
  return { text: plainWhat(scenario, first), code: `[${first.code}${more}]` };
}

/** `Prometheus lacks 3 of 300 requests shop/web -> shop/pay (1%) [NOT_EQUAL_AT_END, and 6 more]`. */
export function whatText(scenario: ScenarioResult): string {
  const { text, code } = whatOf(scenario);
  return [text, code].filter(Boolean).join(' ');
}

function whyText(scenario: ScenarioResult): Answer {
  const [first, ...others] = diagnosesOf(scenario);
  if (!first) return { text: plainWhy(scenario) || placesOf(scenario), code: '' };
  const { answer, pods } = whyOf(first);
  const more = others.length > 0 ? `(and ${plural(others.length, 'more cause')})` : '';
  return { text: `${answer}${pods ? ` (${pods})` : ''}`, code: more };
}

/** No cause is known: the arithmetic that does not hold, else where it is wrong, if that is in more than one place. */
export function unexplained(scenario: ScenarioResult): string {
  const [worst] = badRows(scenario);
  return worst && worst.details.length > 0 ? worst.details.slice(0, 2).join(', ') : placesOf(scenario);
}

function placesOf(scenario: ScenarioResult): string {
  const bad = badRows(scenario);
  return bad.length > 1 ? `no cause found: it shows in ${placesText(bad)}` : '';
}

const badRows = (scenario: ScenarioResult) => rowsOf(scenario).filter((row) => row.verdict !== 'pass');

function placesText(bad: readonly Row[]): string {
  const more = bad.length > MAX_PLACES ? `, and ${formatNumber(bad.length - MAX_PLACES)} more` : '';
  return `${bad
    .slice(0, MAX_PLACES)
    .map((row) => row.subject)
    .join(', ')}${more}`;
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

const LABEL_WIDTH = 8;

function labelled(label: string, lines: readonly string[]): string[] {
  return lines.map((line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH - 2)}${line}`);
}
