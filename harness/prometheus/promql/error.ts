import { EXIT, HarnessError } from '../../core/errors.ts';

/** Text that is no PromQL. */
export class PromqlError extends HarnessError {
  readonly expr: string;
  /** Where it goes wrong: characters from the start. */
  readonly offset: number;

  constructor(expr: string, offset: number, what: string, hint: string) {
    super('PROMQL_SYNTAX', `${placeOf(expr, offset)}: ${what}`, { hint, exitCode: EXIT.invalidInput });
    this.expr = expr;
    this.offset = offset;
  }
}

/** `line 2, column 5 of the query`, as editors count. */
function placeOf(expr: string, offset: number): string {
  const before = expr.slice(0, offset).split('\n');
  const column = before.at(-1)!.length + 1;
  return before.length > 1 ? `line ${before.length}, column ${column} of the query` : `column ${column} of the query`;
}
