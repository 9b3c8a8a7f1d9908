import { parseArgs } from 'node:util';
import { EXIT, HarnessError } from '../../core/errors.ts';

export interface Options {
  /** Where the JSON goes; absent: to stdout. */
  out?: string;
  /** Only benchmarks whose name holds this. */
  only?: string;
  /** Writes the baseline. */
  update: boolean;
  /** Exit code 1 when something has become slower. */
  check: boolean;
}

/** @throws HarnessError INVALID_ARGUMENT */
export function optionsOf(args: readonly string[]): Options {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        out: { type: 'string' },
        only: { type: 'string' },
        update: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new HarnessError('INVALID_ARGUMENT', error instanceof Error ? error.message : String(error), {
      hint: 'npm run bench -- [--only TEXT] [--out FILE] [--check] [--update]',
      exitCode: EXIT.invalidInput,
    });
  }
}

/**
 * Those whose name holds the text.
 * @throws HarnessError INVALID_ARGUMENT when there are none: what measures nothing would pass any check
 */
export function selected<B extends { name: string }>(benches: readonly B[], only = ''): B[] {
  const found = benches.filter(({ name }) => name.includes(only));
  if (found.length > 0) return found;
  throw new HarnessError('INVALID_ARGUMENT', `no benchmark has "${only}" in its name`, {
    hint: `there are: ${benches.map(({ name }) => name).join('; ')}`,
    exitCode: EXIT.invalidInput,
  });
}
