import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { RESULT_API_VERSION } from '../types.ts';
import { capacitySchema } from './schema-capacity.ts';
import { microSchema } from './schema-micro.ts';
import { scrapeSchema } from './schema-scrape.ts';
import type { CapacityResult, MicroResult, ScrapeResult } from './types.ts';

const MAX_PROBLEMS = 20;

/**
 * Reads a capacity.json strictly.
 * @throws HarnessError RESULT_NOT_READABLE (no such file), RESULT_INVALID (not such a record; lists what is wrong, where)
 */
export function readCapacity(path: string): Promise<CapacityResult> {
  return readRecord(path, capacitySchema, 'CapacityResult');
}

/**
 * Reads a scrape.json strictly.
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID
 */
export function readScrape(path: string): Promise<ScrapeResult> {
  return readRecord(path, scrapeSchema, 'ScrapeResult');
}

/**
 * Reads a record of micro-benchmarks strictly.
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID
 */
export function readMicro(path: string): Promise<MicroResult> {
  return readRecord(path, microSchema, 'MicroResult');
}

/** As they are called in the folder of a run. */
const FILES: Record<string, string> = { CapacityResult: 'capacity.json', ScrapeResult: 'scrape.json' };

async function readRecord<S extends z.ZodType>(path: string, schema: S, kind: string): Promise<z.output<S>> {
  return parseRecord(await readJson(path, FILES[kind]), schema, kind, path);
}

/**
 * A file of results as JSON, whatever its record.
 * @param name what such a file is called, for the hint
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID
 */
export async function readJson(path: string, name = 'result.json'): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new HarnessError('RESULT_NOT_READABLE', `${path} can't be read: ${(cause as Error).message}`, {
      hint: `give the path of the record, e.g. results/<run>/${name}`,
      exitCode: EXIT.invalidInput,
      cause,
    });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${path} is not JSON: ${(cause as Error).message}`, 'it may be cut off: make it again', cause);
  }
}

/**
 * @param kind what the record must say of itself
 * @param place for messages
 * @throws HarnessError RESULT_INVALID
 */
export function parseRecord<S extends z.ZodType>(value: unknown, schema: S, kind: string, place: string): z.output<S> {
  const found = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  if (typeof found.apiVersion === 'string' && found.apiVersion !== RESULT_API_VERSION) {
    throw invalid(
      `${place} has apiVersion ${JSON.stringify(found.apiVersion)}; this meshproof reads ${RESULT_API_VERSION}`,
      'read it with the meshproof that wrote it',
    );
  }
  if (typeof found.kind === 'string' && found.kind !== kind) {
    throw invalid(`${place} is a ${found.kind}, not a ${kind}`, 'results/README.md says which file holds what');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const lines = issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => `  ${pathText(path)}: ${message}`);
  if (issues.length > MAX_PROBLEMS) lines.push(`  and ${issues.length - MAX_PROBLEMS} more`);
  const newer = issues.some((issue) => issue.code === 'unrecognized_keys');
  throw invalid(
    [`${place} is not a ${kind}:`, ...lines].join('\n'),
    newer ? 'a newer meshproof may have written it: read it with that one' : 'results/README.md has the format',
    parsed.error,
  );
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`)).join('');
  return text.replace(/^\./, '') || '(top)';
}

function invalid(message: string, hint: string, cause?: unknown): HarnessError {
  return new HarnessError('RESULT_INVALID', message, { hint, exitCode: EXIT.invalidInput, cause });
}
