import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { observeChildren, startChild } from '../../core/process.ts';
import { registerRun } from '../../core/registry.ts';
import { failingScenario, inconclusiveScenario, passingScenario, sampleResult } from '../../result/testing/sample.ts';
import type { Result, ScenarioResult } from '../../result/types.ts';
import type { RunOptions } from '../../run.ts';
import type { Scenario } from '../../scenario/model.ts';
import { runProcess } from '../system.ts';

/** The command line with a pipeline that only pretends, in a way that FAKE names. For tests. */
const verdicts: Record<string, ScenarioResult> = {
  pass: passingScenario(),
  fail: failingScenario(),
  inconclusive: inconclusiveScenario(),
};

function resultOf(scenario: ScenarioResult, scenarios: Scenario[], options: RunOptions): Result {
  const given = { ...options, signal: undefined, progress: undefined, seeds: scenarios.map((s) => s.seed) };
  const told = { ...scenario, notes: [JSON.stringify(given)] };
  return { ...sampleResult(), verdict: scenario.verdict, scenarios: [told] };
}

async function runScenarios(scenarios: Scenario[], options: RunOptions): Promise<Result> {
  const mode = process.env.FAKE ?? 'pass';
  const { progress, signal } = options;
  const known = verdicts[mode];
  if (known) {
    progress.scenarioDone(known);
    return resultOf(known, scenarios, options);
  }
  if (mode === 'error') {
    throw new HarnessError('TOOL_MISSING', 'there is no usable k6; tried:\n  PATH: none', { hint: 'install k6' });
  }
  if (mode === 'late-defect') progress.scenarioDone(passingScenario());
  if (mode.endsWith('defect')) throw new TypeError('undefined is not a function');
  // The others run until they are told to end, with a child and one scenario done.
  observeChildren(registerRun());
  const child = startChild({
    name: 'sleeper',
    file: 'sleep',
    args: ['60'],
    logFile: join(options.runDir!, 'sleeper.log'),
  });
  progress.scenarioDone(passingScenario());
  const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
  progress.note?.(`running ${child.pid}`);
  await aborted;
  if (mode === 'deaf') await new Promise(() => setInterval(() => {}, 1000));
  await child.stop();
  signal.throwIfAborted();
  throw new Error('unreachable');
}

await runProcess(async () => ({ runScenarios }), { graceMs: Number(process.env.FAKE_GRACE_MS ?? 4000) });
