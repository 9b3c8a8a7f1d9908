import { join } from 'node:path';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { writeWhole } from '../write.ts';
import type { CapacityResult, MicroResult, ScrapeResult } from './types.ts';

export const CAPACITY_FILE = 'capacity.json';
export const SCRAPE_FILE = 'scrape.json';

/**
 * Writes `<dir>/capacity.json` whole or not at all.
 * @returns its path
 * @throws HarnessError RESULTS_NOT_WRITABLE, RECORD_NOT_A_NUMBER
 */
export async function writeCapacity(dir: string, result: CapacityResult): Promise<string> {
  return writeWhole(join(dir, CAPACITY_FILE), benchText(result));
}

/**
 * Writes `<dir>/scrape.json` whole or not at all.
 * @returns its path
 * @throws HarnessError RESULTS_NOT_WRITABLE, RECORD_NOT_A_NUMBER
 */
export async function writeScrape(dir: string, result: ScrapeResult): Promise<string> {
  return writeWhole(join(dir, SCRAPE_FILE), benchText(result));
}

/**
 * Writes a record of micro-benchmarks whole or not at all.
 * @param file its path: it has no folder of its own
 * @throws HarnessError RESULTS_NOT_WRITABLE, RECORD_NOT_A_NUMBER
 */
export async function writeMicro(file: string, result: MicroResult): Promise<string> {
  return writeWhole(file, benchText(result));
}

/**
 * As it stands in the file. The infinite ends of an interval become null, which the schema reads as open; any other
 * number that is none would make a record that nobody can read.
 * @throws HarnessError RECORD_NOT_A_NUMBER
 */
export function benchText(result: CapacityResult | ScrapeResult | MicroResult): string {
  const finite = (key: string, value: unknown): unknown => {
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    const open = value === (key === 'low' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    if (open && (key === 'low' || key === 'high')) return null;
    throw new HarnessError('RECORD_NOT_A_NUMBER', `${result.kind}: ${key} is ${value}`, {
      hint: 'this is a bug of meshproof: please report it',
      exitCode: EXIT.environment,
    });
  };
  return `${JSON.stringify(result, finite, 2)}\n`;
}
