import type { VerdictValue } from '../../result/types.ts';
import type {
  PhaseResult,
  QueryVerdict,
  ScenarioUpgrade,
  UpgradeReason,
  UpgradeResult,
} from '../../result/upgrade/types.ts';
import { type Case, junitXml, type Suite, seconds } from '../junit-xml.ts';
import {
  changeReason,
  changeSubject,
  changeValues,
  DECISION,
  headline,
  isForeseen,
  OUTCOME,
  outcomeOf,
} from './summary.ts';

/**
 * JUnit XML of an upgrade: the decision; a suite for each scenario with its runs and lost requests; one with a case for each
 * query. What blocks is a `failure`, what leaves it open an `error`; queries that were not exercised pass, and are named in a text; changes of the schema are text, since they are no verdict.
 */
export function renderUpgradeJunit(result: UpgradeResult): string {
  const suites = [decisionSuite(result), ...result.scenarios.map((s) => scenarioSuite(s, result)), querySuite(result)];
  return junitXml(
    'meshproof upgrade',
    suites.filter(({ cases }) => cases.length > 0),
    result,
  );
}

const VERDICT: Record<UpgradeResult['decision'], VerdictValue> = {
  go: 'pass',
  'no-go': 'fail',
  undecided: 'inconclusive',
};
const WEIGHT: Record<UpgradeReason['weight'], string> = { blocks: 'blocks', open: 'open', warns: 'to know' };

function suite(name: string, result: UpgradeResult, cases: Case[], more: Partial<Suite> = {}): Suite {
  return { name, file: '', time: '0.000', timestamp: result.startedAt, properties: {}, cases, output: [], ...more };
}

function decisionSuite(result: UpgradeResult): Suite {
  const { reasons, schema, problems, error } = result;
  const details = [
    ...(error ? [`error ${error.code}: ${error.message}`, `hint: ${error.hint}`] : []),
    ...reasons.map(({ weight, text, remedy }) => `${WEIGHT[weight]}: ${text}${remedy ? `; do: ${remedy}` : ''}`),
  ];
  const decision: Case = {
    name: 'decision',
    verdict: VERDICT[result.decision],
    type: result.decision,
    message: `${DECISION[result.decision]}: ${headline(result)}`,
    details,
    time: seconds(result.durationMs),
  };
  const inputs = problems.map(
    (problem): Case => ({
      name: `input ${problem.place}`,
      verdict: problem.whole ? 'inconclusive' : 'pass',
      type: problem.code,
      message: problem.message,
      details: [`hint: ${problem.hint}`],
    }),
  );
  const output = [
    ...schema.changes.map((change) =>
      [change.kind, changeSubject(change), changeValues(change), changeReason(change)].filter(Boolean).join(': '),
    ),
    ...problems.filter(({ whole }) => !whole).map((problem) => `${problem.place}: ${problem.code}: ${problem.message}`),
  ];
  return suite('upgrade', result, [decision, ...inputs], { time: seconds(result.durationMs), output });
}

function scenarioSuite(scenario: ScenarioUpgrade, result: UpgradeResult): Suite {
  const lost = scenario.lost.lost.map(
    (l) => `${l.atMs} ms: ${l.source} -> ${l.destination} ${l.route}: ${l.outcome} ${l.status || ''}; ${l.meanwhile}`,
  );
  // Reasons begin with the name of their scenario.
  const isOwn = ({ text }: UpgradeReason) => result.scenarios.length === 1 || text.startsWith(`${scenario.name}: `);
  const blocked = result.reasons.some((r) => r.about === 'lost-requests' && r.weight === 'blocks' && isOwn(r));
  const leftOut = scenario.runs.filter((run) => isLeftOut(run, scenario.runs));
  const cases = scenario.runs.map((run) => ({
    ...runCase(run),
    ...(leftOut.includes(run) && { verdict: 'pass' as const }),
  }));
  if (scenario.rollout.length > 0) {
    cases.push({
      name: 'requests lost during the roll-out',
      verdict: lost.length > 0 && blocked ? 'fail' : 'pass',
      type: 'lost-requests',
      message: `${lost.length} of ${scenario.lost.made} requests`,
      details: lost,
    });
  }
  const durationMs = scenario.runs.reduce((sum, run) => sum + run.durationMs, 0);
  return suite(scenario.name, result, cases, {
    time: seconds(durationMs),
    output: [
      ...leftOut.map((r) => `left out: ${r.phase} ${r.repeat}: ${r.reasons.map(({ message }) => message).join('; ')}`),
      ...scenario.runs.flatMap((r) => r.notes),
    ],
  });
}

/** As the decision has it: without a verdict where its phase has others, it leaves nothing open. */
function isLeftOut({ phase, verdict, error }: PhaseResult, runs: readonly PhaseResult[]): boolean {
  const others = () => runs.some((other) => other.phase === phase && other.verdict !== 'inconclusive');
  return phase !== 'during' && verdict === 'inconclusive' && !error && others();
}

function runCase(run: PhaseResult): Case {
  const why = run.diagnoses.map((d) => `why: ${d.title}: ${d.summary}`);
  const all = [...why, ...run.reasons.map((r) => `${r.code}: ${r.message}`)];
  if (run.error) all.unshift(`error ${run.error.code}: ${run.error.message}`, `hint: ${run.error.hint}`);
  const [message = run.verdict, ...details] = all;
  return {
    name: `${run.phase} ${run.repeat}`,
    verdict: run.error && run.verdict === 'pass' ? 'inconclusive' : run.verdict,
    type: run.error?.code ?? run.reasons[0]?.code ?? '',
    message,
    details,
    time: seconds(run.durationMs),
  };
}

function querySuite(result: UpgradeResult): Suite {
  const idle = result.queries.filter((query) => query.notExercised && !query.broken);
  const output = idle.map(({ place, seen }) => `not exercised: ${place}: ${seen}`);
  return suite('queries', result, result.queries.map(queryCase), { output });
}

function queryCase(query: QueryVerdict): Case {
  const { broken, outcome, seen, reason, rewrite, expr, place } = query;
  const verdict = broken ? 'fail' : isForeseen(query) ? 'inconclusive' : 'pass';
  return {
    name: place,
    verdict,
    type: outcome,
    message: `${outcomeOf(query)}: ${seen}`,
    details: [
      expr,
      ...(reason ? [`why: ${reason}`] : []),
      ...(rewrite ? [`instead (${OUTCOME[rewrite.checked]}): ${rewrite.expr}`] : []),
    ],
  };
}
