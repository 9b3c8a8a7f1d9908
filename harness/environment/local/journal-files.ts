import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SUFFIX = '.journal';

/** Journals of a pod that nobody serves any more, in the order of its incarnations; a last line that was cut off ends in `%`. */
export async function readJournalFiles(dir: string): Promise<string> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(SUFFIX));
  const inOrder = names.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const texts = await Promise.all(inOrder.map((name) => readFile(join(dir, name), 'utf8')));
  return texts.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}%\n`)).join('');
}
