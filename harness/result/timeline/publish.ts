import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fieldTable, README_FILE, replaceBetween } from '../publish.ts';
import { timelineJsonSchema, timelineSchema } from './schema.ts';

/** What results/ publishes of timeline.json: its schema, and its fields in README.md. Run this file to write them; a test compares. */
export const TIMELINE_SCHEMA_FILE = fileURLToPath(new URL('../../../results/timeline.schema.json', import.meta.url));

export function timelineSchemaText(): string {
  return `${JSON.stringify(timelineJsonSchema(), null, 2)}\n`;
}

/** README.md with the fields of timeline.json made anew. */
export function readmeWithTimeline(current: string): string {
  return replaceBetween(current, 'timeline', fieldTable(timelineSchema));
}

if (import.meta.main) {
  writeFileSync(TIMELINE_SCHEMA_FILE, timelineSchemaText());
  writeFileSync(README_FILE, readmeWithTimeline(readFileSync(README_FILE, 'utf8')));
}
