import type { VerdictValue } from '../../result/types.ts';
import type { ScenarioUpgrade, UpgradeResult } from '../../result/upgrade/types.ts';
import { formatNumber } from '../format.ts';
import { escapeHtml, escapeMarkdown, table } from '../markdown-text.ts';
import { oneLine } from '../text.ts';
import {
  byWeight,
  changeReason,
  changeSubject,
  changeValues,
  DECISION,
  flowName,
  headline,
  latencyLine,
  latencyText,
  lostLine,
  moreOf,
  OUTCOME,
  orderedChanges,
  outcomeOf,
  phaseRows,
  queriesLine,
  runLine,
  schemaLine,
  significantLatency,
  troubledQueries,
} from './summary.ts';

const MARK: Record<UpgradeResult['decision'], string> = { go: '✅', 'no-go': '❌', undecided: '⚠️' };
const VERDICT: Record<VerdictValue, string> = { pass: '✅ pass', fail: '❌ fail', inconclusive: '⚠️ inconclusive' };
const WEIGHT = { blocks: '❌', open: '⚠️', warns: 'ℹ️' } as const;
/** A job summary may hold 1 MiB; what is beyond these is in upgrade.json. */
const MAX_ROWS = 60;

/** Markdown for the summary page of a CI job: the first line says go or no-go, the next ones why. */
export function renderUpgradeMarkdown(result: UpgradeResult): string {
  const lines = [
    `# ${MARK[result.decision]} ${DECISION[result.decision]}: ${escapeMarkdown(headline(result))}`,
    '',
    ...byWeight(result.reasons).flatMap(({ weight, text, remedy }) => [
      `- ${WEIGHT[weight]} ${escapeMarkdown(text)}${remedy ? ` **Do:** ${escapeMarkdown(remedy)}` : ''}`,
    ]),
    ...(result.error
      ? [
          '',
          `> **error ${escapeMarkdown(result.error.code)}**: ${escapeMarkdown(result.error.message)}`,
          `> ${escapeMarkdown(result.error.hint)}`,
        ]
      : []),
    '',
    escapeMarkdown(runLine(result)),
    '',
    ...phaseTable(result),
    ...section('Requests lost, and latency', result.scenarios.flatMap(scenarioLines)),
    ...schemaPart(result),
    ...queryPart(result),
    ...problemPart(result),
  ];
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

function section(title: string, lines: string[]): string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];
}

function phaseTable({ scenarios }: UpgradeResult): string[] {
  const rows = phaseRows(scenarios);
  if (rows.length === 0) return [];
  const head = ['Phase', 'Scenario', 'Runs', 'Verdict', 'Requests', 'Flows that agree', 'Lost'];
  const cells = rows.map((row) => [
    row.phase,
    row.scenario,
    formatNumber(row.runs),
    VERDICT[row.verdict],
    formatNumber(row.requests),
    row.flows,
    row.lost,
  ]);
  return [...table(head, cells), ''];
}

function scenarioLines(scenario: ScenarioUpgrade): string[] {
  const { lost } = scenario.lost;
  return [
    `- ${escapeMarkdown(lostLine(scenario))}`,
    ...lost
      .slice(0, MAX_ROWS)
      .map(
        (l) =>
          `  - ${formatNumber(l.atMs / 1000, 2)} s: ${escapeMarkdown(`${flowName(l)} ${l.route}: ${l.outcome} ${l.status || ''}`)}${l.meanwhile ? `; meanwhile ${escapeMarkdown(l.meanwhile)}` : ''}`,
      ),
    ...rest(lost.length, 'lost request'),
    `- ${escapeMarkdown(latencyLine(scenario))}`,
    ...significantLatency(scenario).map((l) => `  - ${escapeMarkdown(`${flowName(l)}: ${latencyText(l)}`)}`),
  ];
}

function rest(count: number, noun: string): string[] {
  return count > MAX_ROWS ? ['', `… and ${moreOf(count - MAX_ROWS, noun)} in \`upgrade.json\`.`] : [];
}

function schemaPart(result: UpgradeResult): string[] {
  const changes = orderedChanges(result.schema.changes);
  const rows = changes
    .slice(0, MAX_ROWS)
    .map((change) => [change.kind, changeSubject(change), changeValues(change), changeReason(change)]);
  const body = rows.length > 0 ? ['', ...table(['', 'What', 'Before -> after', 'Why'], rows)] : [];
  return section('The difference of the metrics', [
    escapeMarkdown(schemaLine(result)),
    ...body,
    ...rest(changes.length, 'change'),
  ]);
}

function queryPart(result: UpgradeResult): string[] {
  const { queries } = result;
  const troubled = troubledQueries(queries);
  const blocks = troubled
    .slice(0, MAX_ROWS)
    .flatMap((query) => [
      '',
      `**${query.broken ? '❌ ' : ''}${outcomeOf(query)}**: ${escapeMarkdown(query.place)}`,
      '',
      code(query.expr),
      '',
      `- Seen: ${escapeMarkdown(query.seen)}`,
      ...(query.reason ? [`- Why: ${escapeMarkdown(query.reason)}`] : []),
      ...(query.rewrite ? [`- Instead (checked: ${OUTCOME[query.rewrite.checked]}): ${code(query.rewrite.expr)}`] : []),
    ]);
  const all = queries.slice(0, MAX_ROWS * 5).map((query) => [outcomeOf(query), query.place, query.seen]);
  const folded =
    all.length > 0
      ? [
          '',
          '<details>',
          '<summary>All queries</summary>',
          '',
          ...table(['Outcome', 'Where', 'Seen'], all),
          '',
          '</details>',
        ]
      : [];
  return section('Your queries', [
    escapeMarkdown(queriesLine(result)),
    ...blocks,
    ...rest(troubled.length, 'query'),
    ...folded,
  ]);
}

/** An expression that shows as it is, in one line. */
function code(expr: string): string {
  return `<code>${escapeHtml(oneLine(expr)).replace(/[\\`*_{}[\]|~$]/g, '\\$&')}</code>`;
}

function problemPart({ problems }: UpgradeResult): string[] {
  const rows = problems.slice(0, MAX_ROWS).map((p) => [p.place, p.code, p.message, p.hint]);
  const body =
    rows.length > 0 ? [...table(['Where', 'Error', 'What', 'Hint'], rows), ...rest(problems.length, 'problem')] : [];
  return section('What was given and could not be used', body);
}
