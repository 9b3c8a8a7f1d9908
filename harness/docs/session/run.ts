import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../core/run-command.ts';
import { ROOT } from '../files.ts';
import { Mismatch, matchOutput } from './match.ts';
import { type CommandStep, type Step, stepsOf } from './parse.ts';

/** In place of an output: `npm run docs` puts all of it there. */
export const TO_BE_FILLED = '???';
const DEADLINE_MS = 180_000;

export interface Played {
  step: CommandStep;
  code: number | null;
  /** What the document should show now. */
  now: string[];
  /** Why it is not what the document says; null: it is. */
  problem: string | null;
}

export interface SessionOptions {
  /** An empty folder, in which files are written and commands are run. */
  dir: string;
  /** The commands of a checkout that can't be run as they stand, as others that do the same. */
  instead?: (command: string) => string;
}

/**
 * Does what a document tells its reader, in order, in an empty folder, with this checkout's `meshproof` on the PATH.
 * A command must end with 0 unless the next one is `echo $?`, which shows what it ended with.
 */
export async function playDocument(text: string, options: SessionOptions): Promise<Played[]> {
  const env = environment(options.dir);
  const played: Played[] = [];
  const steps = stepsOf(text);
  let last = 0;
  for (const [i, step] of steps.entries()) {
    if (step.kind === 'file') {
      const file = join(options.dir, step.name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, step.text);
      continue;
    }
    const command = options.instead?.(step.command) ?? step.command;
    // `$?` is that of the command before, as in one shell.
    const output = await runCommand('/bin/sh', ['-c', `(exit ${last})\n${command}`], {
      ...{ cwd: options.dir, env, deadlineMs: DEADLINE_MS },
    });
    last = output.code ?? 255;
    const one = { step, code: output.code, ...compare(step, output) };
    if (last !== 0 && !asksForCode(steps[i + 1])) {
      one.problem ??= `it ended with ${last}:\n${output.stdout}${output.stderr}`;
    }
    played.push(one);
  }
  return played;
}

const asksForCode = (step: Step | undefined) => step?.kind === 'command' && step.command === 'echo $?';

function compare({ shown }: CommandStep, output: { stdout: string; stderr: string }): Pick<Played, 'now' | 'problem'> {
  const text = output.stdout === '' ? output.stderr : output.stdout;
  if (shown.length === 0) return { now: [], problem: null };
  if (shown.some((line) => line === TO_BE_FILLED)) {
    return { now: text.replace(/\n+$/, '').split('\n'), problem: 'its output is still to be filled in' };
  }
  try {
    return { now: matchOutput(shown, text), problem: null };
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    return { now: [...shown], problem: error.message };
  }
}

/** That of a reader: `meshproof` is there, nothing is coloured, results land where they say. */
function environment(dir: string): NodeJS.ProcessEnv {
  const bin = join(dir, '.bin');
  mkdirSync(bin, { recursive: true });
  symlinkSync(join(ROOT, 'bin/meshproof'), join(bin, 'meshproof'));
  const { FORCE_COLOR: _, ...env } = process.env;
  return { ...env, PATH: `${bin}:${process.env.PATH ?? ''}` };
}
