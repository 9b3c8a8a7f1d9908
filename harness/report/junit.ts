import type { Result, ScenarioResult } from '../result/types.ts';
import { diagnosesOf, whyOf } from './diagnoses.ts';
import { rowsOf } from './flows.ts';
import { type Case, junitXml, type Suite, seconds } from './junit-xml.ts';
import { ownError } from './summary.ts';

/**
 * JUnit XML: a suite a scenario; a case a flow, quantile and SLO, and one for the scenario as a whole. A fail is a
 * `failure`; inconclusive is an `error`, never a skip, since CI servers take a skip for a success.
 */
export function renderJunit(result: Result): string {
  const suites = result.scenarios.map(scenarioSuite);
  if (ownError(result) || suites.length === 0) suites.unshift(runSuite(result));
  return junitXml('meshproof', suites, result);
}

function scenarioSuite(scenario: ScenarioResult): Suite {
  return {
    name: scenario.name,
    file: scenario.file,
    time: seconds(scenario.durationMs),
    timestamp: scenario.startedAt,
    properties: { seed: String(scenario.seed), description: scenario.description },
    cases: [
      wholeCase(scenario),
      ...rowsOf(scenario).map((row) => ({
        name: `${row.kind} ${row.subject}`,
        verdict: row.verdict,
        type: row.kind,
        message: row.message,
        details: row.details,
      })),
    ],
    // A case that passes has no text of its own.
    output: [
      ...(scenario.verdict === 'pass' ? diagnosesOf(scenario).map((d) => whyOf(d).answer) : []),
      ...scenario.notes,
    ],
  };
}

/** Says what no single row can: that iterations were dropped, say. Its verdict is the scenario's. */
function wholeCase(scenario: ScenarioResult): Case {
  const { reasons, error } = scenario;
  const all = reasons.filter((r) => r.code !== error?.code).map((r) => `${r.code}: ${r.message}`);
  if (error) all.unshift(`error ${error.code}: ${error.message}`, `hint: ${error.hint}`);
  // The answer goes before what it explains.
  const answers = diagnosesOf(scenario).flatMap((diagnosis) => {
    const { answer, pods, seen, remedy } = whyOf(diagnosis);
    return [
      `why: ${answer}`,
      ...(pods ? [`of: ${pods}`] : []),
      ...(seen ? [`seen: ${seen}`] : []),
      ...(remedy ? [`do: ${remedy}`] : []),
    ];
  });
  const [message = scenario.verdict, ...details] = [...answers, ...all];
  return {
    name: 'scenario',
    // An error is never a success, whatever was measured before.
    verdict: error && scenario.verdict === 'pass' ? 'inconclusive' : scenario.verdict,
    type: error?.code ?? reasons[0]?.code ?? '',
    message,
    details,
    time: seconds(scenario.durationMs),
  };
}

function runSuite(result: Result): Suite {
  const { error } = result;
  return {
    name: 'run',
    file: '',
    time: seconds(result.durationMs),
    timestamp: result.startedAt,
    properties: {},
    cases: [
      {
        name: 'run',
        verdict: 'inconclusive',
        type: error?.code ?? 'NO_SCENARIO',
        message: error?.message ?? 'no scenario was run',
        details: error ? [`hint: ${error.hint}`] : [],
      },
    ],
    output: [],
  };
}
