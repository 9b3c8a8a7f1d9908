import type { ScenarioResult } from '../result/types.ts';
import { adviceFor } from './advice.ts';
import { type Row, rowsOf } from './flows.ts';
import { formatNumber, plural } from './format.ts';
import type { Style } from './style.ts';
import { wrap } from './text.ts';

const MAX_REASONS = 5;
const MAX_PLACES = 3;
const MAX_DETAILS = 4;

/** What is wrong with a scenario, where, and what to do next; then the bounds that did not hold. */
export function troubleLines(scenario: ScenarioResult, style: Style, width: number): string[] {
  const bad = rowsOf(scenario).filter((row) => row.verdict !== 'pass');
  const lines = wrap(`${scenario.name}: ${scenario.verdict}`, width).map((line) =>
    style.bold(style.verdict(scenario.verdict, line)),
  );
  const error = scenario.error;
  if (error) {
    const [first = '', ...log] = error.message.split('\n');
    lines.push(...field('what', `error ${error.code}: ${first}`, width));
    for (const line of log) lines.push(...field('', line, width).map(style.dim));
    lines.push(...field('where', whereText(scenario, bad), width), ...field('next', error.hint, width));
  }
  const reasons = scenario.reasons.filter((reason) => reason.code !== error?.code);
  for (const [i, reason] of reasons.slice(0, MAX_REASONS).entries()) {
    // What to do about one code is said once.
    const known = reasons.slice(0, i).some((earlier) => earlier.code === reason.code);
    lines.push(...field('what', `${reason.code}: ${reason.message}`, width));
    if (i === 0 && !error) lines.push(...field('where', whereText(scenario, bad), width));
    if (!known) lines.push(...field('next', adviceFor(reason), width));
  }
  if (reasons.length > MAX_REASONS) {
    lines.push(...field('', `and ${plural(reasons.length - MAX_REASONS, 'more reason')} in result.json`, width));
  }
  if (reasons.length === 0 && !error) {
    lines.push(...field('what', `${scenario.verdict}, without a reason given`, width));
    lines.push(...field('where', whereText(scenario, bad), width));
    lines.push(...field('next', adviceFor({ code: '', verdict: 'inconclusive' }), width));
  }
  lines.push(...detailLines(bad, style, width));
  return lines;
}

function whereText(scenario: ScenarioResult, bad: Row[]): string {
  if (bad.length === 0) return scenario.file;
  const more = bad.length > MAX_PLACES ? `, and ${formatNumber(bad.length - MAX_PLACES)} more` : '';
  const places = bad.slice(0, MAX_PLACES).map((row) => row.subject);
  return `${places.join(', ')}${more} (${scenario.file})`;
}

function detailLines(bad: Row[], style: Style, width: number): string[] {
  const shown = bad.slice(0, MAX_DETAILS);
  const lines = shown.flatMap((row) => [
    ...indent(row.message, 2, width),
    ...row.details.flatMap((detail) => indent(detail, 4, width).map(style.dim)),
  ]);
  if (bad.length > shown.length) {
    lines.push(...indent(`and ${formatNumber(bad.length - shown.length)} more in result.json`, 2, width));
  }
  return lines;
}

const LABEL_WIDTH = 8;

function field(label: string, text: string, width: number): string[] {
  return wrap(text, width - LABEL_WIDTH).map((line, i) => `  ${(i === 0 ? label : '').padEnd(LABEL_WIDTH - 2)}${line}`);
}

function indent(text: string, by: number, width: number): string[] {
  return wrap(text, width - by - 2).map((line, i) => ' '.repeat(i === 0 ? by : by + 2) + line);
}
