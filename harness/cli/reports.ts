import { join } from 'node:path';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import type { Result } from '../result/types.ts';
import { writeResult, writeWhole } from '../result/write.ts';

export const REPORTERS = ['terminal', 'json', 'junit', 'markdown'] as const;
export type Reporter = (typeof REPORTERS)[number];

/**
 * Writes the files of a run. The record is always written: every other format is made from it.
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export async function writeReports(dir: string, result: Result, reporters: readonly Reporter[]): Promise<void> {
  await writeResult(dir, result);
  if (reporters.includes('junit')) await writeWhole(join(dir, 'junit.xml'), renderJunit(result));
  if (reporters.includes('markdown')) await writeWhole(join(dir, 'summary.md'), renderMarkdown(result));
}
