import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AnyRecord } from '../bench/compare/record.ts';
import { EXIT, HarnessError } from '../core/errors.ts';
import { oneLine } from '../report/text.ts';
import type { Timeline } from '../result/timeline/types.ts';
import { TIMELINE_FILE } from '../result/timeline/write.ts';
import type { Result } from '../result/types.ts';
import { RESULT_FILE, writeWhole } from '../result/write.ts';
import type { CliContext } from './context.ts';
import type { Interruption } from './interruption.ts';
import { asHarnessError, printError } from './print-error.ts';
import type { Reporter } from './reports.ts';

export const HTML_FILE = 'report.html';
/** Runs of an upgrade are two folders down: `<scenario>/<run>/`. */
const PARTS_DEPTH = 2;
/** What is left of an interruption's grace for the rest: a page is not begun in it. */
const RESERVE_MS = 1000;

/**
 * The page of a record. Nothing of what draws is loaded before: that takes most of a second.
 * @param dir folder of the record: what happened over time stands beside it
 */
export async function renderHtml(record: AnyRecord, dir: string): Promise<string> {
  switch (record.kind) {
    case 'Result': {
      const { renderRunHtml } = await import('../report/html/run.ts');
      const { readConfigurations } = await import('../result/timeline/configuration.ts');
      return renderRunHtml(record, await timelinesOf(record, dir), await readConfigurations(dir, record));
    }
    case 'UpgradeResult':
      return (await import('../report/html/upgrade.ts')).renderUpgradeHtml(record);
    case 'CapacityResult':
      return (await import('../report/html/capacity.ts')).renderCapacityHtml(record);
    case 'ScrapeResult':
      return (await import('../report/html/scrape.ts')).renderScrapeHtml(record);
    case 'FaultsResult':
      return (await import('../report/html/faults.ts')).renderFaultsHtml(record);
    case 'MicroResult':
      throw new HarnessError('NO_REPORT', 'benchmarks of the project itself have no page', {
        hint: '`meshproof compare` sets two of them side by side',
        exitCode: EXIT.invalidInput,
      });
  }
}

/** What happened over time in the scenarios of a run, by their names. @throws HarnessError RESULT_NOT_READABLE, RESULT_INVALID */
export async function timelinesOf(record: Result, dir: string): Promise<ReadonlyMap<string, Timeline>> {
  const { readTimeline, readTimelines } = await import('../result/timeline/read.ts');
  const timelines = await readTimelines(dir, record);
  const [only, ...others] = record.scenarios;
  const file = join(dir, TIMELINE_FILE);
  // A run that is part of something has no folder for its one scenario.
  if (only && others.length === 0 && timelines.size === 0 && existsSync(file)) {
    timelines.set(only.name, await readTimeline(file));
  }
  return timelines;
}

/** Records of the runs that a record is made of, each in a folder of its own; none for those that are no sum of runs. */
export async function partsOf(record: AnyRecord, dir: string): Promise<string[]> {
  return record.kind === 'UpgradeResult' || record.kind === 'FaultsResult' ? resultsBelow(dir, PARTS_DEPTH) : [];
}

async function resultsBelow(dir: string, depth: number): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name));
  const found = await Promise.all(
    folders.sort().map(async (folder) => {
      const names = await readdir(folder).catch((): string[] => []);
      if (names.includes(RESULT_FILE)) return [join(folder, RESULT_FILE)];
      return depth > 1 ? resultsBelow(folder, depth - 1) : [];
    }),
  );
  return found.flat();
}

/**
 * report.html of a command, the last thing that it writes. When a page can't be made that is said, and changes nothing else;
 * a folder that can't be written is an error, as for every other report.
 */
export class HtmlReport {
  readonly #wanted: boolean;
  readonly #interruption: Pick<Interruption, 'signal' | 'leftMs'>;
  readonly #context: Pick<CliContext, 'stderr' | 'env'>;
  readonly #render: typeof renderHtml;

  /** @param render for tests */
  constructor(
    reporters: readonly Reporter[],
    interruption: Pick<Interruption, 'signal' | 'leftMs'>,
    context: Pick<CliContext, 'stderr' | 'env'>,
    render = renderHtml,
  ) {
    this.#wanted = reporters.includes('html');
    this.#interruption = interruption;
    this.#context = context;
    this.#render = render;
    // What is interrupted has a few seconds to end; nothing is measured any more.
    if (this.#wanted) interruption.signal.addEventListener('abort', preload, { once: true });
  }

  /**
   * Writes the page of a record, and those of the runs that it is made of.
   * @throws HarnessError RESULTS_NOT_WRITABLE
   */
  async write(dir: string, record: AnyRecord): Promise<void> {
    if (!this.#wanted || !(await this.#page(dir, async () => record))) return;
    const { readRecord } = await import('../bench/compare/record.ts');
    for (const file of await partsOf(record, dir)) {
      if (!(await this.#page(dirname(file), () => readRecord(file)))) return;
    }
  }

  /** @returns whether there is time for more */
  async #page(dir: string, record: () => Promise<AnyRecord>): Promise<boolean> {
    const { stderr, env } = this.#context;
    if (this.#interruption.leftMs < RESERVE_MS) {
      stderr.write(`${HTML_FILE} is left out for want of time; \`meshproof report ${oneLine(dir)}\` makes it\n`);
      return false;
    }
    let page: string;
    try {
      page = await this.#render(await record(), dir);
    } catch (error) {
      const { message } = asHarnessError(error);
      stderr.write(`warning: ${oneLine(join(dir, HTML_FILE))} could not be made: ${oneLine(message)}\n`);
      if (env.MESHPROOF_DEBUG) printError(error, stderr, env);
      return true;
    }
    await writeWhole(join(dir, HTML_FILE), page);
    return true;
  }
}

function preload(): void {
  import('../report/html/charts.ts').then(({ loadCharts }) => loadCharts()).catch(() => {});
}
