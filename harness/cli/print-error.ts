import { inspect } from 'node:util';
import { EXIT, type ExitCode, HarnessError } from '../core/errors.ts';
import { oneLine } from '../report/text.ts';
import type { Output } from './context.ts';

/**
 * Prints an error as users see it: what, and what to do; where it arose only with MESHPROOF_DEBUG.
 * @returns the exit code that belongs to it
 */
export function printError(error: unknown, output: Output, env: NodeJS.ProcessEnv): ExitCode {
  const known = asHarnessError(error);
  const [first = '', ...rest] = known.message.split('\n');
  // Indentation carries meaning in the lines after the first.
  const more = rest.map((line) => `  ${/^\s*/.exec(line)![0].replaceAll('\t', '  ')}${oneLine(line)}\n`);
  output.write(`error ${known.code}: ${oneLine(first)}\n${more.join('')}  hint: ${oneLine(known.hint)}\n`);
  if (env.MESHPROOF_DEBUG) output.write(`${inspect(error, { depth: 4 })}\n`);
  return known.exitCode;
}

/** Anything that is no HarnessError is a defect of meshproof. Of several failures the first counts. */
export function asHarnessError(error: unknown): HarnessError {
  if (error instanceof HarnessError) return error;
  if (error instanceof SuppressedError) return asHarnessError(error.suppressed);
  const message = error instanceof Error ? error.message : String(error);
  return new HarnessError('INTERNAL', message, {
    hint: 'this is a defect of meshproof; MESHPROOF_DEBUG=1 shows where it is, for a report',
    exitCode: EXIT.environment,
    cause: error,
  });
}
