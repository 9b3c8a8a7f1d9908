import type { ExitCode } from '../../core/errors.ts';

/** Gets the exit code of the command that ran. */
export type Done = (code: ExitCode) => void;
