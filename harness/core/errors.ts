/** Exit codes of the command line (design, habit 10). */
export const EXIT = { pass: 0, fail: 1, invalidInput: 2, inconclusive: 3, environment: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Every error a user may see: a stable code, what to do about it, and how the process ends. */
export class HarnessError extends Error {
  readonly code: string;
  readonly hint: string;
  readonly exitCode: ExitCode;

  /**
   * @param code stable, upper snake case, e.g. `PORT_TAKEN`
   * @param message what is wrong, with the place
   * @param options.hint what the user can do about it
   */
  constructor(code: string, message: string, options: { hint: string; exitCode?: ExitCode; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? EXIT.environment;
  }
}

/** A wait ended without what it waited for; says what it saw last. */
export class DeadlineExceededError extends HarnessError {
  readonly lastSeen: unknown;
  constructor(what: string, deadlineMs: number, options: { hint: string; lastSeen?: unknown; cause?: unknown }) {
    const seen = options.lastSeen === undefined ? '' : `; last seen: ${describe(options.lastSeen)}`;
    super('DEADLINE_EXCEEDED', `${what} did not happen within ${deadlineMs} ms${seen}`, options);
    this.lastSeen = options.lastSeen;
  }
}

/** The run was asked to stop (Ctrl-C, SIGTERM). */
export class InterruptedError extends HarnessError {
  constructor(signal: string) {
    super('INTERRUPTED', `interrupted by ${signal}`, {
      hint: 'what was measured so far is kept',
      exitCode: EXIT.interrupted,
    });
  }
}

/** One line about anything that was thrown or seen. */
export function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  if (typeof value === 'string') return value;
  return JSON.stringify(value) ?? String(value);
}
