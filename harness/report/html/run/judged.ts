import type { CheckSummary, ScenarioResult, VerdictValue } from '../../../result/types.ts';
import { type Row, rowsOf } from '../../flows.ts';
import { formatNumber, plural } from '../../format.ts';
import { badge, folded, table } from '../figure.ts';
import { type Content, html, type Markup } from '../markup.ts';

const MAX_WRONG = 40;
const MAX_ROWS = 160;
const MAX_REASONS = 20;

/** What is not as it should be, with its arithmetic; then everything that was judged, and how often it was checked, folded. */
export function judgedOf(scenario: ScenarioResult): Content {
  const rows = rowsOf(scenario);
  const wrong = rows.filter(({ verdict }) => verdict !== 'pass');
  // What is wrong comes first: a row stands in one table.
  const rest = rows.slice(Math.min(wrong.length, MAX_WRONG));
  return [
    wrong.length > 0 &&
      html`<h4>What does not agree</h4>\n${rowTable('Truth beside what was seen', wrong, MAX_WRONG, 'below')}${arithmetic(wrong)}`,
    rest.length > 0 &&
      folded(
        `All ${wrong.length > 0 ? 'else ' : ''}that was judged: ${plural(rest.length, 'row')}`,
        rowTable('Flows, latencies, objectives and queries', rest, MAX_ROWS),
      ),
    scenario.checks.length > 0 &&
      folded(checksLine(scenario.checks), html`${checkTable(scenario.checks)}${boundReasons(scenario)}`),
  ];
}

function rowTable(caption: string, rows: readonly Row[], most: number, where = 'in result.json'): Markup {
  const columns = [
    { name: 'What' },
    { name: 'Truth', number: true },
    { name: 'Proxies', number: true },
    { name: 'Prometheus', number: true },
    { name: 'Verdict' },
    { name: 'Remark' },
  ];
  const cells = (row: Row): Content[] => [
    row.subject,
    row.truth,
    row.proxy ?? '',
    row.prometheus,
    mark(row.verdict),
    row.remark,
  ];
  const more = rows.length - most;
  return html`${table(caption, columns, rows.slice(0, most).map(cells))}${more > 0 && html`<p class="remark">And ${formatNumber(more)} more ${where}.</p>`}`;
}

/** In a long table a word will do, unless something is wrong. */
function mark(verdict: VerdictValue): Content {
  return verdict === 'pass' ? verdict : badge(verdict);
}

function arithmetic(rows: readonly Row[]): Content {
  const lines = rows.slice(0, MAX_WRONG).filter(({ details }) => details.length > 0);
  if (lines.length === 0) return null;
  return folded(
    'The bounds that do not hold',
    lines.map(
      (row) => html`<p><b>${row.subject}</b></p><ul>${row.details.map((line) => html`<li>${line}</li>`)}</ul>\n`,
    ),
  );
}

function checksLine(checks: readonly CheckSummary[]): string {
  const [all, wrong] = [sum(checks, 'comparisons'), sum(checks, 'violations')];
  return `Bounds: ${plural(all, 'comparison')}, ${wrong === 0 ? 'all hold' : `${formatNumber(wrong)} do not hold`}`;
}

function sum(checks: readonly CheckSummary[], key: 'comparisons' | 'violations'): number {
  return checks.reduce((total, check) => total + check[key], 0);
}

/** A row a family, both ledgers beside each other. */
function checkTable(checks: readonly CheckSummary[]): Markup {
  const families = [...Map.groupBy(checks, ({ family }) => family)];
  const numbers = ['Proxies', 'do not hold', 'Prometheus', 'do not hold'].map((name) => ({ name, number: true }));
  return table(
    'Comparisons by metric family',
    [{ name: 'Family' }, ...numbers],
    families.map(([family, own]) => {
      const of = (ledger: CheckSummary['ledger']) => own.filter((check) => check.ledger === ledger);
      const cells = (['proxy', 'prometheus'] as const).flatMap((ledger) =>
        (['comparisons', 'violations'] as const).map((key) => formatNumber(sum(of(ledger), key))),
      );
      return [html`<code>${family}</code>`, ...cells];
    }),
  );
}

/** The orders of events that the bounds follow from, each once. */
function boundReasons({ flows }: ScenarioResult): Content {
  const reasons = [...new Set(flows.flatMap(({ bounds }) => bounds.map(({ reason }) => reason)))];
  if (reasons.length === 0) return null;
  return html`<p>They hold because (<code>docs/bounds.md</code> has it all):</p><ul>${reasons.slice(0, MAX_REASONS).map((reason) => html`<li>${reason}</li>`)}</ul>`;
}
