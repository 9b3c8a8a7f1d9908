import type { ExitCode } from '../core/errors.ts';
import type { Result } from '../result/types.ts';
import type { RunOptions } from '../run.ts';
import type { Scenario } from '../scenario/model.ts';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** The pipeline of harness/run.ts, as far as the command line needs it. */
export interface Pipeline {
  runScenarios(scenarios: Scenario[], options: RunOptions): Promise<Result>;
}

/** What commands get from the outside, so that tests can stand in for it. */
export interface CliContext {
  stdout: Output;
  stderr: Output;
  env: NodeJS.ProcessEnv;
  /** Loaded when it is needed: validate, schema and list start without it. */
  loadPipeline(): Promise<Pipeline>;
  /** Where signals arrive. */
  signals: Pick<NodeJS.Process, 'on' | 'off'>;
  /** Ends the process now; for the second Ctrl-C alone. */
  exitNow(code: ExitCode): never;
  /** SIGKILL to every child that still runs. */
  killChildren(): void;
  /** Opens a file with the user's program for it; why it could not, or nothing. Default: that of the platform. */
  open?: (path: string, env: NodeJS.ProcessEnv) => Promise<string>;
  /** How long a run may take to end in order after the first signal; default: what fits into five seconds. */
  graceMs?: number;
}

/** Whether to redraw in place: a terminal that can, and no CI that keeps every frame. */
export function drawsIn(output: Output, env: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && !isSet(env.CI) && env.TERM !== 'dumb';
}

/** https://no-color.org before everything else, then FORCE_COLOR, then whether it is a terminal. */
export function coloursIn(output: Output, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR !== undefined) return isSet(env.FORCE_COLOR);
  return output.isTTY === true && env.TERM !== 'dumb';
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

/** Columns for tables: the terminal's, else what fits everywhere. */
export function widthOf(output: Output): number {
  return output.isTTY && output.columns ? Math.min(output.columns, 160) : 80;
}
