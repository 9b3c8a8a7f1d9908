import { join } from 'node:path';
import { type Block, blocksToMarkdown } from '../report/bench/document.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderUpgradeJunit } from '../report/upgrade/junit.ts';
import { renderUpgradeMarkdown } from '../report/upgrade/markdown.ts';
import type { Result } from '../result/types.ts';
import type { UpgradeResult } from '../result/upgrade/types.ts';
import { writeUpgrade } from '../result/upgrade/write.ts';
import { writeResult, writeWhole } from '../result/write.ts';

export const REPORTERS = ['terminal', 'json', 'junit', 'markdown', 'html'] as const;
export type Reporter = (typeof REPORTERS)[number];
export const BENCH_REPORTERS = ['terminal', 'json', 'markdown', 'html'] as const satisfies readonly Reporter[];
/** What `meshproof report` makes of a record again. */
export const FORMS = ['html', 'junit', 'markdown'] as const satisfies readonly Reporter[];
export type Form = (typeof FORMS)[number];

/**
 * Writes the files of a run but its page. The record is always written: every other format is made from it.
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export async function writeReports(dir: string, result: Result, reporters: readonly Reporter[]): Promise<void> {
  await writeResult(dir, result);
  if (reporters.includes('junit')) await writeWhole(join(dir, 'junit.xml'), renderJunit(result));
  if (reporters.includes('markdown')) await writeWhole(join(dir, 'summary.md'), renderMarkdown(result));
}

/**
 * As writeReports, of an upgrade: upgrade.json always.
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export async function writeUpgradeReports(
  dir: string,
  result: UpgradeResult,
  reporters: readonly Reporter[],
): Promise<void> {
  await writeUpgrade(dir, result);
  if (reporters.includes('junit')) await writeWhole(join(dir, 'junit.xml'), renderUpgradeJunit(result));
  if (reporters.includes('markdown')) await writeWhole(join(dir, 'summary.md'), renderUpgradeMarkdown(result));
}

/**
 * Writes the report of a benchmark; its record is written by the benchmark itself, as it goes.
 * @throws HarnessError RESULTS_NOT_WRITABLE
 */
export async function writeBenchReports(
  dir: string,
  blocks: readonly Block[],
  reporters: readonly Reporter[],
): Promise<void> {
  if (reporters.includes('markdown')) await writeWhole(join(dir, 'summary.md'), blocksToMarkdown(blocks));
}
