import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fieldTable, README_FILE, replaceBetween } from '../publish.ts';
import { capacityJsonSchema, capacitySchema } from './schema-capacity.ts';
import { microJsonSchema, microSchema } from './schema-micro.ts';
import { scrapeJsonSchema, scrapeSchema } from './schema-scrape.ts';

/**
 * What results/ publishes of the records of benchmarks: their schemas, and their fields in README.md. Run this file to
 * write them; a test compares.
 */
const RECORDS = {
  capacity: { schema: capacitySchema, json: capacityJsonSchema },
  scrape: { schema: scrapeSchema, json: scrapeJsonSchema },
  micro: { schema: microSchema, json: microJsonSchema },
};

/** Of each record the file of its schema, and what is to stand in it. */
export function benchSchemas(): { file: string; text: string }[] {
  return Object.entries(RECORDS).map(([name, { json }]) => ({
    file: fileURLToPath(new URL(`../../../results/${name}.schema.json`, import.meta.url)),
    text: `${JSON.stringify(json(), null, 2)}\n`,
  }));
}

/** README.md with the fields of these records made anew. */
export function readmeWithBenches(current: string): string {
  return Object.entries(RECORDS).reduce(
    (page, [name, { schema }]) => replaceBetween(page, name, fieldTable(schema)),
    current,
  );
}

if (import.meta.main) {
  for (const { file, text } of benchSchemas()) writeFileSync(file, text);
  writeFileSync(README_FILE, readmeWithBenches(readFileSync(README_FILE, 'utf8')));
}
