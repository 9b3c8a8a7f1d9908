import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { EXIT, HarnessError } from '../core/errors.ts';
import { resultSchema } from './schema.ts';
import { RESULT_API_VERSION, type Result } from './types.ts';

const MAX_PROBLEMS = 20;

/**
 * Reads a result.json strictly.
 * @throws HarnessError RESULT_NOT_READABLE (no such file), RESULT_INVALID (not a result; lists what is wrong, where)
 */
export async function readResult(path: string): Promise<Result> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new HarnessError('RESULT_NOT_READABLE', `${path} can't be read: ${(cause as Error).message}`, {
      hint: 'give the path of a result.json, e.g. results/<run>/result.json',
      exitCode: EXIT.invalidInput,
      cause,
    });
  }
  return parseResult(text, path);
}

/** @throws HarnessError RESULT_INVALID */
export function parseResult(text: string, place: string): Result {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(
      `${place} is not JSON: ${(cause as Error).message}`,
      'it may be cut off: run the scenario again',
      cause,
    );
  }
  const version = (value as { apiVersion?: unknown } | null)?.apiVersion;
  if (typeof version === 'string' && version !== RESULT_API_VERSION) {
    throw invalid(
      `${place} has apiVersion ${JSON.stringify(version)}; this meshproof reads ${RESULT_API_VERSION}`,
      'read it with the meshproof that wrote it',
    );
  }
  const parsed = resultSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const lines = issues.slice(0, MAX_PROBLEMS).map((issue) => `  ${pathText(issue.path)}: ${issue.message}`);
  if (issues.length > MAX_PROBLEMS) lines.push(`  and ${issues.length - MAX_PROBLEMS} more`);
  const newer = issues.some((issue) => issue.code === 'unrecognized_keys');
  throw invalid(
    [`${place} is not a result:`, ...lines].join('\n'),
    newer ? 'a newer meshproof may have written it: read it with that one' : 'results/README.md has the format',
    parsed.error,
  );
}

function pathText(path: readonly PropertyKey[]): string {
  if (path.length === 0) return '(top)';
  return path
    .map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`))
    .join('')
    .replace(/^\./, '');
}

function invalid(message: string, hint: string, cause?: unknown): HarnessError {
  return new HarnessError('RESULT_INVALID', message, { hint, exitCode: EXIT.invalidInput, cause });
}

/** Compiles only while schema and type say the same. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
true satisfies Same<z.output<typeof resultSchema>, Result>;
