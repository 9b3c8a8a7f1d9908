import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExitCode, type HarnessError, InterruptedError } from '../../core/errors.ts';
import { createLive, type LiveView } from '../../report/live.ts';
import { renderTerminal } from '../../report/terminal.ts';
import { readResult } from '../../result/read.ts';
import { createRunDir } from '../../result/run-dir.ts';
import { RESULT_API_VERSION, type Result, type ScenarioResult } from '../../result/types.ts';
import { RESULT_FILE } from '../../result/write.ts';
import { loadScenarios } from '../../scenario/load.ts';
import { type Scenario, trafficDurationMs } from '../../scenario/model.ts';
import { type ClusterArguments, kindOptions } from '../cluster-arguments.ts';
import { type CliContext, coloursIn, drawsIn, widthOf } from '../context.ts';
import { exitCodeOf } from '../exit-code.ts';
import { HTML_FILE, HtmlReport } from '../html-report.ts';
import { Interruption } from '../interruption.ts';
import { asHarnessError, printError } from '../print-error.ts';
import { type Reporter, writeReports } from '../reports.ts';
import { scenarioPaths, shippedScenarios } from '../shipped.ts';

/** Where another grace than the usual one is needed: namespaces take their time to go, and so do a cluster's nodes. */
const GRACE_MS: Record<string, number> = { kind: 90_000 };

export interface RunArguments extends ClusterArguments {
  environment: string;
  out: string;
  reporter: Reporter[];
  keep?: boolean;
  seed?: number;
  k6?: string;
  prometheus?: string;
  parallel: number;
  kind?: string;
  linkerd?: string;
}

/** `meshproof run`: load, run, report. */
export async function run(paths: string[], args: RunArguments, context: CliContext): Promise<ExitCode> {
  const { env, stderr } = context;
  const view = createLive(stderr, { tty: drawsIn(stderr, env), color: coloursIn(stderr, env) });
  const onFirst = (signal: string) => view.note(`${signal}: ending what runs; once more ends it at once`);
  // Before there is a folder of results, so that none is left without its record.
  using interruption = new Interruption(context, onFirst, context.graceMs ?? GRACE_MS[args.environment]);
  using _closed = { [Symbol.dispose]: () => view.close() };
  const html = new HtmlReport(args.reporter, interruption, context);
  const loaded = await loadScenarios(paths.length > 0 ? scenarioPaths(paths) : [shippedScenarios()]);
  const { seed } = args;
  const scenarios = seed === undefined ? loaded : loaded.map((scenario) => ({ ...scenario, seed }));
  view.plan({ scenarios: scenarios.map(planned), parallel: args.parallel });
  interruption.signal.throwIfAborted();
  const { path: dir } = await createRunDir(args.out);
  const result = await runToResult(scenarios, args, dir, { context, view, interruption });
  if (args.reporter.includes('terminal')) {
    const options = { color: coloursIn(context.stdout, context.env), width: widthOf(context.stdout) };
    context.stdout.write(renderTerminal(result, { ...options, report: join(dir, mostReadable(args.reporter)) }));
  }
  // After the table: when the disk is full, what was measured has at least been shown.
  await writeReports(dir, result, args.reporter);
  await html.write(dir, result);
  context.stdout.write(`results: ${dir}\n`);
  return exitCodeOf(result);
}

/** Of the files that are written the one to open first. */
function mostReadable(reporters: readonly Reporter[]): string {
  if (reporters.includes('html')) return HTML_FILE;
  return reporters.includes('markdown') ? 'summary.md' : RESULT_FILE;
}

const planned = (scenario: Scenario) => ({ name: scenario.name, trafficMs: trafficDurationMs(scenario) });

/** Runs the pipeline. What was measured before an interruption or an error is kept as a result with that error. */
async function runToResult(
  scenarios: Scenario[],
  args: RunArguments,
  dir: string,
  { context, view, interruption }: { context: CliContext; view: LiveView; interruption: Interruption },
): Promise<Result> {
  const { env, stderr } = context;
  const startedAt = new Date();
  const done: ScenarioResult[] = [];
  try {
    const { runScenarios } = await context.loadPipeline();
    return await interruption.bound(
      runScenarios(scenarios, {
        environment: args.environment,
        outDir: args.out,
        runDir: dir,
        keep: args.keep ?? false,
        parallel: args.parallel,
        tools: { k6: args.k6, prometheus: args.prometheus, kind: args.kind, linkerd: args.linkerd },
        kind: kindOptions(args),
        signal: interruption.signal,
        progress: collecting(view, done),
      }),
    );
  } catch (error) {
    if (done.length === 0 && !(error instanceof InterruptedError)) {
      // Nothing was measured: leave no folder that looks like a run, unless it holds logs.
      await rmdir(dir).catch(() => {});
      throw error;
    }
    if (env.MESHPROOF_DEBUG) printError(error, stderr, env);
    return await brokenOff(asHarnessError(error), { dir, done, startedAt, environment: args.environment });
  } finally {
    view.close();
  }
}

/** Passes on to the view and remembers the scenarios that have ended. */
function collecting(view: LiveView, done: ScenarioResult[]): LiveView {
  return {
    ...view,
    scenarioDone(result) {
      done.push(result);
      view.scenarioDone(result);
    },
  };
}

/** What is left of a run whose pipeline did not return: its own record as far as it was written, or the scenarios seen. */
async function brokenOff(
  error: HarnessError,
  run: { dir: string; done: ScenarioResult[]; startedAt: Date; environment: string },
): Promise<Result> {
  const record = await readResult(join(run.dir, RESULT_FILE)).catch(() => null);
  const kept = record && record.scenarios.length >= run.done.length ? record.scenarios : run.done;
  return {
    apiVersion: RESULT_API_VERSION,
    kind: 'Result',
    startedAt: run.startedAt.toISOString(),
    environment: record?.environment ?? {
      name: run.environment,
      mesh: { kind: 'unknown', version: 'unknown', proxyVersion: 'unknown' },
      tools: [],
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    verdict: kept.some((s) => s.verdict === 'fail') ? 'fail' : 'inconclusive',
    durationMs: Date.now() - run.startedAt.getTime(),
    steps: record?.steps ?? [],
    scenarios: kept,
    error: { code: error.code, message: error.message, hint: error.hint },
  };
}
