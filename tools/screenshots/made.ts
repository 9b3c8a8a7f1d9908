import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Which command made which picture, and with which version: docs/images/made.json. */
export interface Made {
  /** null: of results that this program did not make. */
  command: string | null;
  version: string;
}

/** In the folder of the pictures. */
export const MADE_FILE = 'made.json';

/** By the name of the picture, `report-fail-light.png`; empty when nothing was written yet. */
export function readMade(images: string): Record<string, Made> {
  const file = join(images, MADE_FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Made>) : {};
}

/** Puts in what was made now; what is said of the other pictures stays. */
export function writeMade(images: string, now: Record<string, Made>): void {
  const all = Object.entries({ ...readMade(images), ...now }).toSorted(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(images, MADE_FILE), `${JSON.stringify(Object.fromEntries(all), null, 2)}\n`);
}
