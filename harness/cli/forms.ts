import type { AnyRecord } from '../bench/compare/record.ts';
import { renderFaultsMarkdown } from '../matrix/markdown.ts';
import { capacityBlocks } from '../report/bench/capacity.ts';
import { blocksToMarkdown } from '../report/bench/document.ts';
import { scrapeBlocks } from '../report/bench/scrape.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderUpgradeJunit } from '../report/upgrade/junit.ts';
import { renderUpgradeMarkdown } from '../report/upgrade/markdown.ts';
import { HTML_FILE, renderHtml } from './html-report.ts';
import type { Form } from './reports.ts';

/** A report as a file beside its record. */
export interface ReportFile {
  name: string;
  text: string;
}

/**
 * A record in one form, as the command that made it writes it; null: it has no such form.
 * @param dir folder of the record
 */
export async function inForm(form: Form, record: AnyRecord, dir: string): Promise<ReportFile | null> {
  switch (form) {
    case 'html':
      return { name: HTML_FILE, text: await renderHtml(record, dir) };
    case 'junit':
      return junitOf(record);
    case 'markdown':
      return markdownOf(record);
  }
}

/** Test cases are those of runs and upgrades. */
function junitOf(record: AnyRecord): ReportFile | null {
  const name = 'junit.xml';
  if (record.kind === 'Result') return { name, text: renderJunit(record) };
  if (record.kind === 'UpgradeResult') return { name, text: renderUpgradeJunit(record) };
  return null;
}

function markdownOf(record: AnyRecord): ReportFile | null {
  const name = 'summary.md';
  switch (record.kind) {
    case 'Result':
      return { name, text: renderMarkdown(record) };
    case 'UpgradeResult':
      return { name, text: renderUpgradeMarkdown(record) };
    case 'CapacityResult':
      return { name, text: blocksToMarkdown(capacityBlocks(record, record.atLeast ?? null)) };
    case 'ScrapeResult':
      return { name, text: blocksToMarkdown(scrapeBlocks(record)) };
    case 'FaultsResult':
      return { name: 'faults.md', text: renderFaultsMarkdown(record) };
    case 'MicroResult':
      return null;
  }
}
