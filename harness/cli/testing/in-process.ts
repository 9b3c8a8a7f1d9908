import type { CliContext } from '../context.ts';
import { runCli } from '../program.ts';

export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

/** The command line in this process, for what starts nothing: what it says, and how it would end. */
export async function said(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Said> {
  const text = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => ({
    write(chunk: string) {
      text[name] += chunk;
    },
  });
  const context: CliContext = {
    ...{ stdout: into('stdout'), stderr: into('stderr'), env },
    loadPipeline: () => Promise.reject(new Error('nothing is to be run')),
    signals: { on: () => process, off: () => process } as unknown as CliContext['signals'],
    exitNow: () => {
      throw new Error('it is not to end');
    },
    killChildren: () => {},
  };
  return { code: await runCli(argv, context), ...text };
}
