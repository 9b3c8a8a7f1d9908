import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fieldTable, README_FILE, replaceBetween } from '../publish.ts';
import { upgradeJsonSchema, upgradeSchema } from './schema.ts';

/** What results/ publishes of upgrade.json: its schema, and its fields in README.md. Run this file to write them; a test compares. */
export const UPGRADE_SCHEMA_FILE = fileURLToPath(new URL('../../../results/upgrade.schema.json', import.meta.url));

export function upgradeSchemaText(): string {
  return `${JSON.stringify(upgradeJsonSchema(), null, 2)}\n`;
}

/** README.md with the fields of upgrade.json made anew. */
export function readmeWithUpgrade(current: string): string {
  return replaceBetween(current, 'upgrade', fieldTable(upgradeSchema));
}

if (import.meta.main) {
  writeFileSync(UPGRADE_SCHEMA_FILE, upgradeSchemaText());
  writeFileSync(README_FILE, readmeWithUpgrade(readFileSync(README_FILE, 'utf8')));
}
