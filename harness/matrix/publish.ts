import { readFileSync, writeFileSync } from 'node:fs';
import { fieldTable, README_FILE, replaceBetween } from '../result/publish.ts';
import { faultsSchema } from './schema.ts';

/** results/README.md with the fields of faults.json made anew. Run this file to write them; a test compares. */
export function readmeWithFaults(current: string): string {
  return replaceBetween(current, 'faults', fieldTable(faultsSchema));
}

if (import.meta.main) writeFileSync(README_FILE, readmeWithFaults(readFileSync(README_FILE, 'utf8')));
