import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { launchChromium, visit } from '../../harness/report/html/testing/browser.ts';
import { renderTerminal } from '../../harness/report/terminal.ts';
import { readResult } from '../../harness/result/read.ts';
import { terminalPage } from './ansi.ts';
import { type Made, writeMade } from './made.ts';
import { COMMANDS, cli, commandIn, makeResults, ROOT, type Shown, type Subject, subjectOf } from './results.ts';

/**
 * `npm run docs:screenshots`: the pictures in docs/images, of real results.
 *
 *   npm run docs:screenshots                        runs everything first, which takes some ten minutes
 *   npm run docs:screenshots -- --only fail,bench   only these
 *   npm run docs:screenshots -- --from DIR [DIR...] of results that are there; pictures of what they show alone
 */
const IMAGES = join(ROOT, 'docs/images');
const WIDTH = 1280;
/** What is still shown of a page, the last that there is of it; and what is unfolded first. */
const SHOTS: Record<Subject, { until: string; nth: number; unfold?: string }> = {
  pass: { until: 'figure svg:visible', nth: 2, unfold: 'details.scenario:not([open]) > summary' },
  fail: { until: 'figure svg:visible', nth: 0 },
  upgrade: { until: 'table:visible', nth: 1 },
  bench: { until: 'figure svg:visible', nth: 0 },
  // The predictions, and the model with its points.
  scrape: { until: 'figure svg:visible', nth: 1 },
};
/** Where a page ends at the latest. */
const MOST_HEIGHT = 1600;
const MARGIN = 4;
/** Which run the picture of the terminal is of. */
const IN_TERMINAL: Subject = 'fail';
const TERMINAL_COLUMNS = 80;
const MOST_BYTES = 250_000;
const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string', multiple: true, default: [] }, only: { type: 'string' } },
});

const wanted = (values.only?.split(',') ?? Object.keys(COMMANDS)) as Subject[];
const given = [...values.from, ...positionals];
const shown: Shown[] = given.map((dir) => ({ subject: subjectOf(resolve(ROOT, dir)), dir: resolve(ROOT, dir) }));
if (given.length === 0) for (const subject of wanted) shown.push(await makeResults(subject));

await mkdir(IMAGES, { recursive: true });
const browser = await launchChromium();
const made: Record<string, Made> = {};
try {
  for (const one of shown) await picture(one, browser);
} finally {
  await browser.close();
}
writeMade(IMAGES, made);
console.log(`to make the pictures again: npm run docs:screenshots -- --from ${shown.map(({ dir }) => dir).join(' ')}`);

/** The page of a result in both schemes; of one also what the terminal shows. */
async function picture({ subject, dir }: Shown, browser: Browser): Promise<void> {
  const by = { command: commandIn(dir), version: VERSION };
  if (by.command === null) console.warn(`  ${dir}: which command made it is not known, and made.json says so`);
  // As the code is now, whichever made it.
  await cli(['report', dir]);
  for (const colorScheme of ['light', 'dark'] as const) {
    const { until, nth, unfold } = SHOTS[subject];
    await using opened = await visit(browser, pathToFileURL(join(dir, 'report.html')).href, {
      colorScheme,
      viewport: { width: WIDTH, height: MOST_HEIGHT },
    });
    const { page } = opened;
    const folded = unfold ? page.locator(unfold).first() : null;
    if (folded && (await folded.count()) > 0) await folded.click();
    await page.mouse.move(0, 0);
    // Focus is for those who use a keyboard.
    await page.evaluate('document.activeElement.blur(), scrollTo(0, 0)');
    const found = await page.locator(until).all();
    const last = await found[Math.min(nth, found.length - 1)]?.boundingBox();
    const height = Math.min(MOST_HEIGHT, last ? Math.ceil(last.y + last.height) + MARGIN : MOST_HEIGHT);
    await save(
      `report-${subject}-${colorScheme}`,
      await page.screenshot({ clip: { x: 0, y: 0, width: WIDTH, height } }),
      by,
    );
  }
  if (subject === IN_TERMINAL) await terminal(dir, browser, by);
}

async function terminal(dir: string, browser: Browser, by: Made): Promise<void> {
  const result = await readResult(join(dir, 'result.json'));
  // As if it had been run into the usual folder, wherever that was copied to.
  const report = join('results', basename(dir), 'report.html');
  const text = [
    `$ meshproof run ${result.scenarios.map(({ file }) => file).join(' ')}`,
    renderTerminal(result, { color: true, width: TERMINAL_COLUMNS, report }),
  ].join('\n');
  const temporary = await mkdtemp(join(tmpdir(), 'meshproof-terminal-'));
  try {
    const file = join(temporary, 'terminal.html');
    await writeFile(file, terminalPage(text));
    await using opened = await visit(browser, pathToFileURL(file).href, { viewport: { width: WIDTH, height: 800 } });
    await save('terminal', await opened.page.locator('pre').screenshot({ omitBackground: true }), by);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function save(name: string, png: Buffer, by: Made): Promise<void> {
  made[`${name}.png`] = by;
  const file = join(IMAGES, `${name}.png`);
  await writeFile(file, png);
  const { size } = await stat(file);
  console.log(`${relative(ROOT, file)}: ${Math.round(size / 1000)} kB`);
  if (size > MOST_BYTES) console.warn(`  larger than ${MOST_BYTES / 1000} kB: show less of the page`);
}
