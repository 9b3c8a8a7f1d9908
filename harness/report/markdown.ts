import type { Diagnosis, Result, ScenarioResult, VerdictValue } from '../result/types.ts';
import { adviceFor } from './advice.ts';
import { goldenDeviations } from './deviation.ts';
import { causePage, diagnosesOf, podsText } from './diagnoses.ts';
import { informative, queryError, queryValue, type Row, rowsOf } from './flows.ts';
import { formatDuration, formatNumber, plural } from './format.ts';
import { escapeHtml, escapeMarkdown, table } from './markdown-text.ts';
import { environmentLine, flowCount, ownError, summaryLine } from './summary.ts';
import { oneLine } from './text.ts';

const MARK: Record<VerdictValue, string> = { pass: '✅ pass', fail: '❌ fail', inconclusive: '⚠️ inconclusive' };
/** A job summary may hold 1 MiB; what is beyond these is in result.json. */
const MAX_ROWS = 40;
const MAX_QUERIES = 10;
const MAX_BYTES = 900_000;

/** Markdown for the summary page of a CI job. The first line says the verdict. */
export function renderMarkdown(result: Result): string {
  const head = [
    `# ${MARK[result.verdict]}: ${escapeMarkdown(summaryLine(result))}`,
    '',
    escapeMarkdown(environmentLine(result)),
    '',
  ];
  const error = ownError(result);
  if (error) head.push(...errorBlock(error));
  if (result.scenarios.length > 0) head.push(...scenarioTable(result.scenarios), '');
  let text = `${head.join('\n')}\n`;
  for (const [i, scenario] of result.scenarios.entries()) {
    const part = `${scenarioPart(scenario).join('\n')}\n`;
    if (Buffer.byteLength(text) + Buffer.byteLength(part) > MAX_BYTES) {
      return `${text}… and ${plural(result.scenarios.length - i, 'more scenario')} in \`result.json\`.\n`;
    }
    text += part;
  }
  return text;
}

function scenarioTable(scenarios: ScenarioResult[]): string[] {
  return table(
    ['Scenario', 'Verdict', 'Requests', 'Flows that agree', 'Count', 'Success rate', 'Latency', 'Time'],
    scenarios.map((s) => {
      const golden = goldenDeviations(s);
      const numbers = [formatNumber(s.traffic.requests), flowCount(s)];
      const deviations = [golden.count.text, golden.success.text, golden.latency.text];
      return [s.name, MARK[s.verdict], ...numbers, ...deviations, formatDuration(s.durationMs)];
    }),
  );
}

function scenarioPart(scenario: ScenarioResult): string[] {
  const rows = rowsOf(scenario);
  const bad = rows.filter((row) => row.verdict !== 'pass');
  const lines: string[] = [];
  const found = diagnosesOf(scenario);
  if (scenario.verdict !== 'pass' || scenario.error || found.length > 0) {
    lines.push(`## ${escapeMarkdown(scenario.name)}: ${MARK[scenario.verdict]}`, '');
    lines.push(escapeMarkdown(scenario.description), '');
    lines.push(...found.slice(0, MAX_ROWS).flatMap(diagnosisBlock));
    if (scenario.error) lines.push(...errorBlock(scenario.error));
    for (const reason of scenario.reasons.slice(0, MAX_ROWS)) {
      lines.push(`- **${escapeMarkdown(reason.code)}**: ${escapeMarkdown(reason.message)}`);
    }
    const codes = new Map(scenario.reasons.map((reason) => [reason.code, reason]));
    if (codes.size > 0) lines.push('', 'What to do:', '');
    for (const reason of codes.values()) {
      lines.push(`- ${escapeMarkdown(reason.code)}: ${escapeMarkdown(adviceFor(reason))}`);
    }
    lines.push('');
    if (bad.length > 0) lines.push(...rowTable(bad), '', ...boundLists(bad));
  }
  const summary =
    `${scenario.name}: ${plural(rows.length, 'row')}, ${plural(scenario.queries.length, 'query')}`.replace(
      /querys$/,
      'queries',
    );
  lines.push('<details>', `<summary>${escapeHtml(oneLine(summary))}</summary>`, '', ...rowTable(rows), '');
  lines.push(...queryTable(scenario), ...noteList(scenario), '</details>', '');
  return lines;
}

/** The answer first: the cause, whose telemetry is concerned, what shows it, what to do. */
function diagnosisBlock(diagnosis: Diagnosis): string[] {
  const { title, causes, summary, pods, evidence, remedy } = diagnosis;
  const list = (label: string, items: string[]) =>
    items.length === 0 ? [] : [`- ${label}:`, ...items.map((item) => `  - ${escapeMarkdown(item)}`)];
  const undecided = causes.length > 1 ? ' (the evidence does not decide between them)' : '';
  return [
    `**Why: ${escapeMarkdown(title)}.** ${escapeMarkdown(summary)}`,
    '',
    `- Cause: ${causes.map((cause) => escapeMarkdown(`${cause}, ${causePage(cause)}`)).join('; or ')}${undecided}`,
    ...(pods.length > 0 ? [`- Pods: ${escapeMarkdown(podsText(pods))}`] : []),
    ...list('Seen', evidence),
    ...list('Do', remedy),
    '',
  ];
}

function rowTable(rows: Row[]): string[] {
  const lines = table(
    ['What', 'Verdict', 'Truth', 'Proxies', 'Prometheus', 'Remark'],
    rows
      .slice(0, MAX_ROWS)
      .map((row) => [row.subject, MARK[row.verdict], row.truth, row.proxy ?? '', row.prometheus, row.remark]),
  );
  return rows.length > MAX_ROWS
    ? [...lines, '', `… and ${formatNumber(rows.length - MAX_ROWS)} more in \`result.json\`.`]
    : lines;
}

function boundLists(rows: Row[]): string[] {
  const lines = rows.slice(0, MAX_ROWS).flatMap((row) => row.details.map((detail) => `- ${escapeMarkdown(detail)}`));
  return lines.length > 0 ? [...lines, ''] : [];
}

function queryTable(scenario: ScenarioResult): string[] {
  const queries = informative(scenario);
  if (queries.length === 0) return [];
  const worst = queries.toSorted((a, b) => queryError(b) - queryError(a) || 0).slice(0, MAX_QUERIES);
  return [
    "For information, what people's queries show (furthest off first):",
    '',
    ...table(
      ['Tool', 'Subject', 'Metric', 'Shows', 'Truth', 'Why'],
      worst.map((q) => [q.tool, q.subject, q.metric, queryValue(q, q.value), queryValue(q, q.truth), q.why]),
    ),
    '',
  ];
}

function noteList(scenario: ScenarioResult): string[] {
  if (scenario.notes.length === 0) return [];
  return [...scenario.notes.slice(0, MAX_ROWS).map((note) => `- ${escapeMarkdown(note)}`), ''];
}

function errorBlock(error: NonNullable<Result['error']>): string[] {
  return [
    `> **error ${escapeMarkdown(error.code)}**: ${escapeMarkdown(error.message)}`,
    `> ${escapeMarkdown(error.hint)}`,
    '',
  ];
}
