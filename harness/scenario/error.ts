import { EXIT, HarnessError } from '../core/errors.ts';

/** One problem of a scenario file. Lines and columns count from 1; 0 when it is no place in the text. */
export interface ScenarioIssue {
  file: string;
  line: number;
  column: number;
  /** As in `services[1].routes[0].latency`; empty for the whole file. */
  path: string;
  message: string;
  hint: string;
}

/** Everything that is wrong with the scenario files that were asked for, together. */
export class ScenarioError extends HarnessError {
  readonly issues: ScenarioIssue[];

  constructor(issues: ScenarioIssue[]) {
    super('INVALID_SCENARIO', issues.map(printIssue).join('\n'), {
      hint: 'see docs/scenarios.md; `meshproof schema` prints the schema for editors',
      exitCode: EXIT.invalidInput,
    });
    this.issues = issues;
  }
}

/** `file:line:col: message` with an indented hint below. */
export function printIssue(issue: ScenarioIssue): string {
  const place = issue.line > 0 ? `${issue.file}:${issue.line}:${issue.column}` : issue.file;
  return `${place}: ${issue.message}${issue.hint ? `\n    hint: ${issue.hint}` : ''}`;
}

export type Path = readonly (string | number)[];

/** A problem before its place in the text is known. */
export interface Problem {
  path: Path;
  message: string;
  hint: string;
  /** The field's name is wrong rather than its value. */
  atKey?: boolean;
}

/** `services[1].labels["a b"]`. */
export function printPath(path: Path): string {
  return path
    .map((part, i) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w-]+$/.test(part)) return `[${JSON.stringify(shorten(part))}]`;
      return i === 0 ? part : `.${part}`;
    })
    .join('');
}

/** Text of a user in a message: one line of at most `max` characters, nothing that moves a terminal's cursor. */
export function shorten(text: string, max = 60): string {
  const line = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > max ? `${line.slice(0, max - 1)}…` : line;
}
