import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AnyRecord, readRecord } from '../../bench/compare/record.ts';
import { EXIT, type ExitCode, HarnessError } from '../../core/errors.ts';
import { makeDirs } from '../../core/make-dirs.ts';
import { openFile } from '../../core/open-file.ts';
import { plural } from '../../report/format.ts';
import type { IndexedRun } from '../../report/html/index-page.ts';
import { oneLine } from '../../report/text.ts';
import { resultsNotWritable } from '../../result/writable.ts';
import { writeWhole } from '../../result/write.ts';
import type { CliContext } from '../context.ts';
import { inForm } from '../forms.ts';
import { HTML_FILE, partsOf, renderHtml, timelinesOf } from '../html-report.ts';
import { printError } from '../print-error.ts';
import { ambiguous, findPlace, indexFileFor, type Place } from '../report-places.ts';
import type { Form } from '../reports.ts';

/** Where runs are that are named by their name alone. */
const RESULTS = 'results';

export interface ReportArguments {
  reporter: Form[];
  out?: string;
  open?: boolean;
}

/** A record that was read, with what stands in its folder. */
interface ReadRun {
  dir: string;
  record: AnyRecord;
}

/** `meshproof report`: the reports of results, made again from their records. */
export async function report(given: string[], args: ReportArguments, context: CliContext): Promise<ExitCode> {
  const trouble = new Trouble(context);
  const found = await placesOf(given, trouble);
  const places = found.filter(({ scenario }) => scenario === undefined);
  const html = args.reporter.includes('html');
  const indexFile = html ? await indexFileFor(places, { out: args.out, single: given.length === 1 }) : null;
  const runs: ReadRun[] = [];
  for (const files of recordsOf(places)) {
    await trouble.around(async () => {
      const run = await readRun(files);
      await reportOn(run, args.reporter, context, trouble);
      runs.push(run);
    });
  }
  let made = runs[0] && html ? join(runs[0].dir, HTML_FILE) : null;
  for (const place of found) {
    if (place.scenario === undefined || !html) continue;
    await trouble.around(async () => {
      const file = await writeScenarioPage(place);
      context.stdout.write(`report: ${oneLine(file)}\n`);
      made ??= file;
    });
  }
  if (indexFile !== null && runs.length > 0) {
    await trouble.around(async () => {
      await writeIndex(indexFile, runs);
      context.stdout.write(`index: ${oneLine(indexFile)} (${plural(runs.length, 'run')})\n`);
      made = indexFile;
    });
  }
  if (args.open && made !== null) await openIt(made, context);
  return trouble.exitCode;
}

/** The page of one scenario of a run, in its folder: that of the run may have had no room for all of it. */
async function writeScenarioPage({ folder, records, scenario: name }: Place): Promise<string> {
  const record = await readRecord(records[0]!);
  const scenario = record.kind === 'Result' && record.scenarios.find((one) => one.name === name);
  if (!scenario) {
    throw new HarnessError('RESULT_NOT_READABLE', `${folder} holds no record, and its run has no scenario ${name}`, {
      hint: 'give the folder of a run, several, a folder of them (results/), or that of one scenario in a run',
      exitCode: EXIT.invalidInput,
    });
  }
  const alone = { ...record, verdict: scenario.verdict, scenarios: [scenario] };
  const text = await renderHtml(alone, dirname(records[0]!));
  return writeWhole(join(folder, HTML_FILE), text).catch(hintAtCopies);
}

/** Of several places one that is of no use does not cost the others. */
async function placesOf(given: readonly string[], trouble: Trouble): Promise<Place[]> {
  const places: Place[] = [];
  for (const one of given) {
    await trouble.around(async () => {
      places.push(await findPlace(one, RESULTS));
    });
  }
  return places;
}

/** Each folder's once, whichever way it was named. */
function recordsOf(places: readonly Place[]): string[][] {
  const folders = new Map<string, Map<string, string>>();
  for (const file of places.flatMap(({ records }) => records)) {
    const folder = resolve(dirname(file));
    folders.set(folder, (folders.get(folder) ?? new Map()).set(resolve(file), file));
  }
  return [...folders.values()].map((files) => [...files.values()]);
}

/** @throws HarnessError RESULT_AMBIGUOUS, RESULT_NOT_READABLE, RESULT_INVALID */
async function readRun([file, ...others]: string[]): Promise<ReadRun> {
  const dir = dirname(file!);
  if (others.length > 0)
    throw ambiguous(
      dir,
      [file!, ...others].map((path) => basename(path)),
    );
  return { dir, record: await readRecord(file!) };
}

/** Writes what was asked for beside a record, and beside those of the runs that it is made of. */
async function reportOn(run: ReadRun, forms: readonly Form[], { stdout }: CliContext, trouble: Trouble): Promise<void> {
  const { written, missing } = await writeForms(run, forms);
  let parts = 0;
  for (const file of await partsOf(run.record, run.dir)) {
    await trouble.around(async () => {
      await writeForms(await readRun([file]), forms);
      parts += 1;
    });
  }
  const more = parts > 0 ? ` (and of ${plural(parts, 'run')} in it)` : '';
  for (const file of written) stdout.write(`report: ${oneLine(file)}${more}\n`);
  // A capacity has no test cases, say.
  for (const form of missing) stdout.write(`no ${form} of ${oneLine(run.dir)}: its record is a ${run.record.kind}\n`);
}

/** @throws HarnessError RESULTS_NOT_WRITABLE */
async function writeForms(
  { dir, record }: ReadRun,
  forms: readonly Form[],
): Promise<{ written: string[]; missing: Form[] }> {
  const written: string[] = [];
  const missing: Form[] = [];
  for (const form of forms) {
    const file = await inForm(form, record, dir);
    if (file) written.push(await writeWhole(join(dir, file.name), file.text).catch(hintAtCopies));
    else missing.push(form);
  }
  return { written, missing };
}

/** Of the file itself `--out` says nothing. */
function hintAtCopies(error: unknown): never {
  if (!(error instanceof HarnessError)) throw error;
  const { code, message, exitCode } = error;
  const hint = 'a report stands beside its record: copy the folder to where you may write, with space left';
  throw new HarnessError(code, message, { hint, exitCode, cause: error });
}

async function writeIndex(file: string, runs: readonly ReadRun[]): Promise<void> {
  const { indexedRun, renderIndexHtml } = await import('../../report/html/index-page.ts');
  const indexed: IndexedRun[] = [];
  for (const { dir, record } of runs) {
    if (record.kind === 'MicroResult') continue;
    const place = { name: basename(resolve(dir)), href: hrefFrom(file, join(dir, HTML_FILE)) };
    const timelines = record.kind === 'Result' ? await timelinesOf(record, dir) : undefined;
    indexed.push(indexedRun(place, record, timelines));
  }
  const text = await renderIndexHtml(indexed);
  try {
    makeDirs(dirname(file));
  } catch (cause) {
    throw resultsNotWritable(file, cause);
  }
  await writeWhole(file, text);
}

/** From one page to another, so that both can be moved together. */
function hrefFrom(page: string, target: string): string {
  return relative(dirname(resolve(page)), resolve(target)).replaceAll(sep, '/');
}

async function openIt(file: string, { stderr, env, open = openFile }: CliContext): Promise<void> {
  const why = await open(resolve(file), env);
  if (why === '') return;
  stderr.write(`not opened: ${oneLine(why)}; it is ${pathToFileURL(file).href}\n`);
}

/** Errors of single runs, told as they come; the gravest decides how the command ends. */
class Trouble {
  exitCode: ExitCode = EXIT.pass;
  readonly #context: CliContext;

  constructor(context: CliContext) {
    this.#context = context;
  }

  async around(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const code = printError(error, this.#context.stderr, this.#context.env);
      if (code > this.exitCode) this.exitCode = code;
    }
  }
}
