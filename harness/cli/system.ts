import { EXIT, type ExitCode } from '../core/errors.ts';
import { killAllChildren } from '../core/process.ts';
import type { CliContext, Pipeline } from './context.ts';
import { printError } from './print-error.ts';
import { runCli } from './program.ts';

/** Runs the command line in this process, and ends it. */
export async function runProcess(
  loadPipeline: () => Promise<Pipeline>,
  options: Pick<CliContext, 'graceMs'> = {},
): Promise<never> {
  // Whoever read the output has gone (`meshproof list | head -1`), or the terminal: that is no reason to die, and a
  // run has results to write.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      killAllChildren();
      process.exit(printError(error, process.stderr, process.env) || EXIT.environment);
    });
  }
  const context: CliContext = {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    loadPipeline,
    signals: process,
    exitNow: (code) => process.exit(code),
    killChildren: killAllChildren,
    ...options,
  };
  const code: ExitCode = await runCli(process.argv.slice(2), context);
  await Promise.all([process.stdout, process.stderr].map(flushed));
  killAllChildren();
  process.exit(code);
}

/** What was written has left the process, or can't. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.write('', () => resolve());
  });
}
