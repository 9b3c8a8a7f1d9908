/**
 * What `import ... from 'meshproof'` gives: to load scenarios, run them, and read the record of a run.
 *
 *     const scenarios = await loadScenarios(['checkout.yaml']);
 *     const { result, dir } = await runScenarios(scenarios);
 *     console.log(result.verdict, dir);
 *
 * On Node 22 it installs what that lacks of the language (`SuppressedError`, `DisposableStack`, `AsyncDisposableStack`).
 */
import type { ProgressEvent } from './core/progress.ts';
import { projectFile } from './core/project.ts';
import { DEFAULT_KIND_OPTIONS } from './environment/contract.ts';
import { createRunDir } from './result/run-dir.ts';
import type { Result, ScenarioResult } from './result/types.ts';
import * as pipeline from './run.ts';
import type { Scenario } from './scenario/model.ts';

export { EXIT, type ExitCode, HarnessError, InterruptedError } from './core/errors.ts';
export type { ProgressEvent } from './core/progress.ts';
export { parseResult, readResult } from './result/read.ts';
export type { Result, ScenarioResult, VerdictValue } from './result/types.ts';
export { loadScenarios, parseScenario, ScenarioError, type ScenarioIssue } from './scenario/load.ts';
export type { Scenario } from './scenario/model.ts';

export interface RunOptions {
  /** `local`: a simulated mesh on this machine (default). `kind`: a kind cluster, with Docker. */
  environment?: 'local' | 'kind';
  /** Of a kind cluster; default: `linkerd`, the real one. */
  mesh?: 'linkerd' | 'simulated';
  /** A folder of this run alone is made in it. Default: `results`. */
  outDir?: string;
  /** How many scenarios run at the same time. Default: 1. */
  parallel?: number;
  /** Paths of programs. Default: they are looked for as the command line does. */
  tools?: { k6?: string; prometheus?: string; kind?: string; linkerd?: string };
  /** Ends the run; what was measured so far is kept. */
  signal?: AbortSignal;
  /** Told of what goes on, by the name of the scenario. */
  onProgress?(scenario: string, event: ProgressEvent): void;
  /** Told of each scenario that has come to its end. */
  onScenario?(result: ScenarioResult): void;
}

/**
 * Runs scenarios one after the other (or `parallel` at a time) and judges them. Whatever it starts it ends.
 * @returns the record, and the folder that has it as result.json beside the logs
 * @throws HarnessError before anything was started, e.g. TOOL_MISSING, RESULTS_NOT_WRITABLE. What goes wrong later is in
 * the record: `result.error`, and of each scenario its own
 */
export async function runScenarios(
  scenarios: readonly Scenario[],
  options: RunOptions = {},
): Promise<{ result: Result; dir: string }> {
  const {
    environment = 'local',
    mesh = DEFAULT_KIND_OPTIONS.mesh,
    outDir = 'results',
    parallel = 1,
    tools = {},
  } = options;
  const { path: dir } = await createRunDir(outDir);
  const result = await pipeline.runScenarios([...scenarios], {
    environment,
    kind: { ...DEFAULT_KIND_OPTIONS, mesh },
    outDir,
    runDir: dir,
    keep: false,
    parallel,
    tools,
    signal: options.signal ?? new AbortController().signal,
    progress: {
      event: (scenario, event) => options.onProgress?.(scenario, event),
      scenarioDone: (one) => options.onScenario?.(one),
    },
  });
  return { result, dir };
}

/** The path of a folder with the scenarios that ship; each is a file `<name>.yaml`. */
export function shippedScenarios(): string {
  return projectFile('scenarios');
}
