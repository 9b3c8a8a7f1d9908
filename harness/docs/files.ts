import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Folders whose documents are none of a user's or a contributor's. */
const ELSEWHERE = new Set(['node_modules', '.git', 'coverage', 'dist', 'testdata']);

/** Every document of the checkout, from its root, in order. Folders of single runs in results/ are left out. */
export function documents(): string[] {
  const inside = (folder: string): string[] =>
    readdirSync(`${ROOT}${folder}`, { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) {
        const skipped = ELSEWHERE.has(entry.name) || entry.name.startsWith('.') || folder === 'results/';
        return skipped ? [] : inside(`${path}/`);
      }
      return entry.name.endsWith('.md') ? [path] : [];
    });
  return inside('').toSorted();
}

/** @param path from the root of the checkout */
export function read(path: string): string {
  return readFileSync(`${ROOT}${path}`, 'utf8');
}
