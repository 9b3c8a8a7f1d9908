import type { FlowResult, VerdictValue } from '../../../result/types.ts';
import type { PhaseResult, ScenarioUpgrade, UpgradePhase } from '../../../result/upgrade/types.ts';
import { whyOf } from '../../diagnoses.ts';
import { flowSubject } from '../../flows.ts';
import { formatNumber, plural } from '../../format.ts';
import { phaseRows } from '../../upgrade/summary.ts';
import { badge, folded, table } from '../figure.ts';
import { linkTo } from '../links.ts';
import { type Content, html, type Markup, prose } from '../markup.ts';

const PHASES: readonly UpgradePhase[] = ['before', 'during', 'after'];
const PHASE: Record<UpgradePhase, string> = { before: 'Before', during: 'During', after: 'After' };

/** The phases of every scenario in a table, and under it each flow's verdict in each phase side by side. */
export function phasesPart(scenarios: readonly ScenarioUpgrade[]): Markup {
  const number = (name: string) => ({ name, number: true });
  const several = scenarios.length > 1;
  const overview = table(
    'Runs of a phase together; lost: without a whole answer that the scenario does not explain',
    [
      ...[{ name: 'Phase' }, ...(several ? [{ name: 'Scenario' }] : []), { name: 'Verdict' }],
      ...['Runs', 'Requests', 'Failed', 'Flows that agree', 'Lost'].map(number),
    ],
    phaseRows(scenarios).map((row): Content[] => [
      PHASE[row.phase],
      ...(several ? [row.scenario] : []),
      badge(row.verdict),
      formatNumber(row.runs),
      formatNumber(row.requests),
      formatNumber(failed(scenarios, row.scenario, row.phase)),
      row.flows,
      row.lost,
    ]),
  );
  return html`${overview}${scenarios.map((scenario) => flowsTable(scenario, several))}`;
}

function failed(scenarios: readonly ScenarioUpgrade[], name: string, phase: UpgradePhase): number {
  const runs = scenarios.filter((scenario) => scenario.name === name).flatMap((scenario) => scenario.runs);
  return runs.filter((run) => run.phase === phase).reduce((sum, run) => sum + run.failed, 0);
}

/** A row a flow, three columns a phase: what its runs say together. */
function flowsTable({ name, runs }: ScenarioUpgrade, several: boolean): Markup | null {
  const phases = PHASES.filter((phase) => runs.some((run) => run.phase === phase));
  const subjects = [...new Set(runs.flatMap(({ flows }) => flows.map(flowSubject)))].sort();
  if (subjects.length === 0) return null;
  const rows = subjects.map((subject) => [
    subject,
    ...phases.flatMap((phase): Content[] => {
      const own = runs
        .filter((run) => run.phase === phase)
        .flatMap(({ flows }) => flows.filter((flow) => flowSubject(flow) === subject));
      return own.length === 0 ? ['', ''] : [badge(worstOf(own.map(({ verdict }) => verdict))), counted(own)];
    }),
  ]);
  return table(
    `${several ? `${name}: f` : 'F'}low by flow, what Prometheus counted of the truth`,
    [
      { name: 'Flow' },
      ...phases.flatMap((phase) => [{ name: PHASE[phase] }, { name: 'counted of truth', number: true }]),
    ],
    rows,
  );
}

function worstOf(verdicts: readonly VerdictValue[]): VerdictValue {
  return verdicts.find((v) => v === 'fail') ?? verdicts.find((v) => v === 'inconclusive') ?? 'pass';
}

/** `1,793 of 1,800`, and what of the rest nobody could have observed. */
function counted(flows: readonly FlowResult[]): string {
  const sum = (of: (flow: FlowResult) => number) => flows.reduce((total, flow) => total + of(flow), 0);
  const seen = flows.every(({ prometheus }) => prometheus === null)
    ? 'no data'
    : formatNumber(
        sum(({ prometheus }) => prometheus ?? 0),
        3,
      );
  const unobservable = sum((flow) => flow.unobservable);
  return `${seen} of ${formatNumber(sum(({ truth }) => truth))}${unobservable > 0 ? ` (${formatNumber(unobservable)} unobservable)` : ''}`;
}

/** Run by run, why it is no pass and what was diagnosed; nothing where all is well. */
export function reasonsPart({ name, runs }: ScenarioUpgrade): Markup | null {
  const telling = runs.filter(
    ({ reasons, diagnoses, error, notes }) => reasons.length + diagnoses.length + notes.length > 0 || error,
  );
  if (telling.length === 0) return null;
  return folded(
    `${name}: what ${plural(telling.length, 'run')} ${telling.length === 1 ? 'has' : 'have'} to say, with diagnoses and notes`,
    telling.map(runPart),
  );
}

function runPart(run: PhaseResult): Markup {
  const { phase, repeat, verdict, error, diagnoses, reasons, notes, dir } = run;
  return html`<h3>${PHASE[phase]}, run ${repeat} ${badge(verdict)}</h3>
<p class="remark"><a href="${linkTo(`${dir}/report.html`)}">${dir}</a></p>
<ul>${error && html`<li>error ${error.code}: ${error.message}. ${error.hint}</li>`}
${diagnoses.map((diagnosis) => {
  const { answer, remedy } = whyOf(diagnosis);
  return html`<li>${prose(answer)}${remedy && html`<p><b>Do</b> ${prose(remedy)}</p>`}</li>\n`;
})}${reasons.map(({ code, message }) => html`<li><code>${code}</code> ${message}</li>\n`)}
${notes.map((note) => html`<li class="remark">${note}</li>\n`)}</ul>
`;
}
