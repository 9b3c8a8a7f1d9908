import { rmdir } from 'node:fs/promises';
import { type ExitCode, InterruptedError } from '../core/errors.ts';
import { type Block, blocksToTerminal } from '../report/bench/document.ts';
import { createLive, type LiveView } from '../report/live.ts';
import type { CapacityResult, ScrapeResult } from '../result/bench/types.ts';
import { createRunDir } from '../result/run-dir.ts';
import { type CliContext, coloursIn, drawsIn, widthOf } from './context.ts';
import { HtmlReport } from './html-report.ts';
import { Interruption } from './interruption.ts';
import { asHarnessError, printError } from './print-error.ts';
import { type Reporter, writeBenchReports } from './reports.ts';

type BenchRecord = CapacityResult | ScrapeResult;

export interface BenchRun<R extends BenchRecord> {
  out: string;
  /** Folder of a benchmark that goes on; null: a new one. */
  resume: string | null;
  reporter: readonly Reporter[];
  /** How long it may take to end after the first signal, ms; default: what fits into five seconds. */
  graceMs?: number | undefined;
  /** Does the work; its record is in `dir` as far as it got, whenever it ends. */
  work(options: { runDir: string; signal: AbortSignal; view: LiveView }): Promise<R>;
  /** The record as it stands in a folder. */
  read(dir: string): Promise<R>;
  /** Writes a record. */
  write(dir: string, record: R): Promise<unknown>;
  blocks(record: R): Block[];
  exitCode(record: R): ExitCode;
}

/** Runs a benchmark from its folder to its reports: what was measured is kept and shown, however it ends. */
export async function runBench<R extends BenchRecord>(run: BenchRun<R>, context: CliContext): Promise<ExitCode> {
  const { env, stderr, stdout } = context;
  const view = createLive(stderr, { tty: drawsIn(stderr, env), color: coloursIn(stderr, env) });
  const onFirst = (signal: string) => view.note(`${signal}: ending what runs; once more ends it at once`);
  using interruption = new Interruption(context, onFirst, context.graceMs ?? run.graceMs);
  using _closed = { [Symbol.dispose]: () => view.close() };
  const html = new HtmlReport(run.reporter, interruption, context);
  const dir = run.resume ?? (await createRunDir(run.out)).path;
  const work = run.work({ runDir: dir, signal: interruption.signal, view });
  const record = await interruption.bound(work).catch((error: unknown) => brokenOff(error, dir, run, context));
  view.close();
  const blocks = run.blocks(record);
  if (run.reporter.includes('terminal')) {
    stdout.write(blocksToTerminal(blocks, { color: coloursIn(stdout, env), width: widthOf(stdout) }));
  }
  await writeBenchReports(dir, blocks, run.reporter);
  await html.write(dir, record);
  stdout.write(`results: ${dir}\n`);
  return run.exitCode(record);
}

/** What is left of a benchmark that did not return: its own record as far as it was written. */
async function brokenOff<R extends BenchRecord>(
  thrown: unknown,
  dir: string,
  run: BenchRun<R>,
  { env, stderr }: CliContext,
): Promise<R> {
  const record = await run.read(dir).catch(() => null);
  if (!record || (run.resume !== null && !(thrown instanceof InterruptedError))) {
    // Nothing was measured: leave no folder that looks like a run, unless it holds logs.
    if (run.resume === null) await rmdir(dir).catch(() => {});
    throw thrown;
  }
  const error = asHarnessError(thrown);
  if (env.MESHPROOF_DEBUG && !(thrown instanceof InterruptedError)) printError(error, stderr, env);
  const { code, message, hint } = error;
  const broken = { ...record, error: { code, message, hint } };
  await run.write(dir, broken);
  return broken;
}
