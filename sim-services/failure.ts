/** Exit codes of the program, from sysexits.h where it names one. */
export const EXIT = { ok: 0, config: 64, portTaken: 69, software: 70, io: 74 } as const;

/** What ends the program: a stable code, one line for people, an exit code. */
export class ServiceFailure extends Error {
  readonly code: string;
  readonly exitCode: number;
  readonly details: Record<string, unknown>;

  constructor(code: string, exitCode: number, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'ServiceFailure';
    this.code = code;
    this.exitCode = exitCode;
    this.details = details;
  }
}
