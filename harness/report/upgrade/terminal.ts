import type { QueryVerdict, ScenarioUpgrade, UpgradeReason, UpgradeResult } from '../../result/upgrade/types.ts';
import { formatNumber, plural } from '../format.ts';
import { createStyle, type Style } from '../style.ts';
import { type Cell, type Column, renderTable } from '../table.ts';
import type { TerminalOptions } from '../terminal.ts';
import { wrap } from '../text.ts';
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

const MAX_LOST = 5;
const MAX_QUERIES = 12;
const MAX_CHANGES = 40;
const MAX_LATENCIES = 5;

/** An upgrade as people read it: the decision and why, then what it goes by: phases, latency, schema, queries. */
export function renderUpgradeTerminal(result: UpgradeResult, { color, width: asked }: TerminalOptions): string {
  const style = createStyle(color);
  const width = Math.max(20, Math.floor(asked) || 80);
  const page = new Lines(style, width);
  const blocks = [
    wrap(`meshproof upgrade: ${runLine(result)}`, width).map(style.dim),
    phaseBlock(result, style, width),
    page.titled(
      'Requests lost and latency',
      result.scenarios.flatMap((s) => scenarioLines(s, page)),
    ),
    page.titled(`Metrics: ${schemaLine(result)}`, schemaLines(result, page)),
    page.titled(`Queries: ${queriesLine(result)}`, queryLines(result.queries, page)),
    page.titled('What was given and could not be used', problemLines(result, page)),
    errorLines(result, page, style),
    decisionLines(result, page, style, width),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** Wrapped, indented lines of one width. */
class Lines {
  readonly #style: Style;
  readonly #width: number;

  constructor(style: Style, width: number) {
    this.#style = style;
    this.#width = width;
  }

  titled(title: string, lines: string[]): string[] {
    const bare = lines.length === 0 && !title.includes(':');
    return bare ? [] : [...wrap(title, this.#width).map(this.#style.bold), ...lines];
  }

  item(text: string, paint: (text: string) => string = (t) => t, indent = 2): string[] {
    return wrap(text, this.#width - indent - 2).map((line, i) =>
      paint(`${' '.repeat(i === 0 ? indent : indent + 2)}${line}`),
    );
  }
}

const COLUMNS: Column[] = [
  { title: 'PHASE' },
  { title: 'SCENARIO', flexible: true },
  { title: 'RUNS', align: 'right' },
  { title: 'VERDICT' },
  { title: 'REQUESTS', align: 'right' },
  { title: 'FLOWS', align: 'right' },
  { title: 'LOST', align: 'right' },
];

function phaseBlock({ scenarios }: UpgradeResult, style: Style, width: number): string[] {
  const rows = phaseRows(scenarios);
  if (rows.length === 0) return [];
  const cells = rows.map((row): Cell[] => [
    { text: row.phase },
    { text: row.scenario },
    { text: formatNumber(row.runs) },
    { text: row.verdict === 'fail' ? 'FAIL' : row.verdict, paint: (text) => style.verdict(row.verdict, text) },
    { text: formatNumber(row.requests) },
    { text: row.flows },
    { text: row.lost, ...(row.lost !== '' && row.lost !== '0' && { paint: style.red }) },
  ]);
  const table = renderTable(COLUMNS, cells, width);
  if (table) return [style.bold(table[0]!), ...table.slice(1)];
  return rows.flatMap((row) =>
    wrap(`${row.phase} ${row.scenario}: ${row.verdict}, ${plural(row.requests, 'request')}, flows ${row.flows}`, width),
  );
}

function scenarioLines(scenario: ScenarioUpgrade, page: Lines): string[] {
  const lost = scenario.lost.lost;
  const latencies = significantLatency(scenario);
  return [
    ...page.item(lostLine(scenario)),
    ...lost
      .slice(0, MAX_LOST)
      .flatMap((l) =>
        page.item(
          `${formatNumber(l.atMs / 1000, 2)} s: ${flowName(l)} ${l.route}: ${l.outcome}${l.status > 0 ? ` ${l.status}` : ''}${l.meanwhile ? `; meanwhile ${l.meanwhile}` : ''}`,
          undefined,
          4,
        ),
      ),
    ...more(lost.length - MAX_LOST, 'lost request', page, 4),
    ...page.item(latencyLine(scenario)),
    ...latencies.slice(0, MAX_LATENCIES).flatMap((l) => page.item(`${flowName(l)}: ${latencyText(l)}`, undefined, 4)),
    ...more(latencies.length - MAX_LATENCIES, 'change', page, 4),
  ];
}

function more(count: number, noun: string, page: Lines, indent = 2): string[] {
  return count > 0 ? page.item(`… and ${moreOf(count, noun)} in upgrade.json`, undefined, indent) : [];
}

function schemaLines({ schema }: UpgradeResult, page: Lines): string[] {
  const changes = orderedChanges(schema.changes);
  return [
    ...changes.slice(0, MAX_CHANGES).flatMap((change) => {
      const values = changeValues(change);
      const why = changeReason(change);
      return page.item(
        `${change.kind}: ${changeSubject(change)}${values ? `: ${values}` : ''}${why ? `; ${why}` : ''}`,
      );
    }),
    ...more(changes.length - MAX_CHANGES, 'change', page),
  ];
}

function queryLines(queries: readonly QueryVerdict[], page: Lines): string[] {
  const troubled = troubledQueries(queries);
  return [
    ...troubled
      .slice(0, MAX_QUERIES)
      .flatMap((query) => [
        ...page.item(`${query.broken ? 'BROKEN: ' : ''}${outcomeOf(query)}: ${query.place}`),
        ...page.item(query.expr, undefined, 4),
        ...page.item(`seen: ${query.seen}`, undefined, 4),
        ...(query.reason ? page.item(`why: ${query.reason}`, undefined, 4) : []),
        ...(query.rewrite
          ? page.item(`instead (${OUTCOME[query.rewrite.checked]}): ${query.rewrite.expr}`, undefined, 4)
          : []),
      ]),
    ...more(troubled.length - MAX_QUERIES, 'query', page),
  ];
}

function problemLines({ problems }: UpgradeResult, page: Lines): string[] {
  return problems.flatMap((problem) => [
    ...page.item(`${problem.place}: ${problem.message} (${problem.code})`),
    ...page.item(`hint: ${problem.hint}`, undefined, 4),
  ]);
}

function errorLines({ error }: UpgradeResult, page: Lines, style: Style): string[] {
  if (!error) return [];
  return [...page.item(`error ${error.code}: ${error.message}`, style.red), ...page.item(`hint: ${error.hint}`)];
}

const PAINT: Record<UpgradeResult['decision'], keyof Pick<Style, 'green' | 'red' | 'yellow'>> = {
  go: 'green',
  'no-go': 'red',
  undecided: 'yellow',
};

function decisionLines(result: UpgradeResult, page: Lines, style: Style, width: number): string[] {
  const word = DECISION[result.decision];
  const [first = '', ...rest] = wrap(`${word}: ${headline(result)}`, width);
  return [
    ...byWeight(result.reasons).flatMap((reason) => reasonLines(reason, page, style)),
    first.replace(word, style[PAINT[result.decision]](word)),
    ...rest,
  ];
}

const WORD: Record<UpgradeReason['weight'], string> = { blocks: 'blocks', open: 'open', warns: 'to know' };

function reasonLines({ weight, text, remedy }: UpgradeReason, page: Lines, style: Style): string[] {
  const paint = weight === 'blocks' ? style.red : weight === 'open' ? style.yellow : undefined;
  return [...page.item(`${WORD[weight]}: ${text}`, paint), ...(remedy ? page.item(`do: ${remedy}`, undefined, 4) : [])];
}
