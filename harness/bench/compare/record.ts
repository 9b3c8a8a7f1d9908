import type { z } from 'zod';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { faultsSchema } from '../../matrix/schema.ts';
import { parseRecord, readJson } from '../../result/bench/read.ts';
import { capacitySchema } from '../../result/bench/schema-capacity.ts';
import { microSchema } from '../../result/bench/schema-micro.ts';
import { scrapeSchema } from '../../result/bench/schema-scrape.ts';
import { resultSchema } from '../../result/schema.ts';
import { upgradeSchema } from '../../result/upgrade/schema.ts';

const SCHEMAS = {
  Result: resultSchema,
  FaultsResult: faultsSchema,
  UpgradeResult: upgradeSchema,
  CapacityResult: capacitySchema,
  ScrapeResult: scrapeSchema,
  MicroResult: microSchema,
};

export type Kind = keyof typeof SCHEMAS;
export type RecordOf<K extends Kind> = z.output<(typeof SCHEMAS)[K]>;
export type AnyRecord = { [K in Kind]: RecordOf<K> }[Kind];

/**
 * Reads a record of any kind, strictly.
 * @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID (no JSON, no such record, of a newer version)
 */
export async function readRecord(path: string): Promise<AnyRecord> {
  return recordOf(await readJson(path), path);
}

/** @throws HarnessError RESULT_INVALID */
export function recordOf(value: unknown, place: string): AnyRecord {
  const kind = (value as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(SCHEMAS, kind)) {
    const what = typeof kind === 'string' ? `a ${JSON.stringify(kind)}` : 'JSON, and says not of what kind';
    throw new HarnessError('RESULT_INVALID', `${place} is no result of meshproof: it is ${what}`, {
      hint: `kinds that can be compared: ${Object.keys(SCHEMAS).join(', ')}`,
      exitCode: EXIT.invalidInput,
    });
  }
  return parseRecord<z.ZodType>(value, SCHEMAS[kind as Kind], kind, place) as AnyRecord;
}
