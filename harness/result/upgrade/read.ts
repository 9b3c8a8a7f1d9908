import { readFile } from 'node:fs/promises';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { upgradeSchema } from './schema.ts';
import type { UpgradeResult } from './types.ts';

const MAX_PROBLEMS = 20;

/**
 * Reads an upgrade.json strictly.
 * @throws HarnessError RESULT_NOT_READABLE (no such file), RESULT_INVALID (not such a record; lists what is wrong, where)
 */
export async function readUpgrade(path: string): Promise<UpgradeResult> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new HarnessError('RESULT_NOT_READABLE', `${path} can't be read: ${(cause as Error).message}`, {
      hint: 'give the path of an upgrade.json, e.g. results/<run>/upgrade.json',
      exitCode: EXIT.invalidInput,
      cause,
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${path} is not JSON: ${(cause as Error).message}`, cause);
  }
  const parsed = upgradeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const lines = issues
    .slice(0, MAX_PROBLEMS)
    .map(({ path: place, message }) => `  ${place.map(String).join('.') || '(top)'}: ${message}`);
  if (issues.length > MAX_PROBLEMS) lines.push(`  and ${issues.length - MAX_PROBLEMS} more`);
  throw invalid([`${path} is not the record of an upgrade:`, ...lines].join('\n'), parsed.error);
}

function invalid(message: string, cause: unknown): HarnessError {
  return new HarnessError('RESULT_INVALID', message, {
    hint: 'results/README.md has the format; read it with the meshproof that wrote it',
    exitCode: EXIT.invalidInput,
    cause,
  });
}
