import { readFileSync } from 'node:fs';
import { projectFile } from '../core/project.ts';

/** Of this meshproof, as npm knows it. */
export function version(): string {
  const text = readFileSync(projectFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
