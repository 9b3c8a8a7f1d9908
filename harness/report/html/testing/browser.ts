import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { isExecutable, searchPath } from '../../../core/search-path.ts';

/** A browser of this machine, for tests and pictures: nothing is downloaded. */

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const OF_MACOS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** What MESHPROOF_CHROMIUM names, else a Chromium on PATH, else where macOS has one; null: there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.MESHPROOF_CHROMIUM) return env.MESHPROOF_CHROMIUM;
  const onPath = NAMES.flatMap((name) => searchPath(name, env));
  return [...onPath, ...OF_MACOS].find(isExecutable) ?? null;
}

/** Why no page can be looked at here; empty: one can. */
export function chromiumRefusal(env: NodeJS.ProcessEnv = process.env): string {
  return findChromium(env) === null
    ? `no Chromium: none of ${NAMES.join(', ')} on PATH, and no MESHPROOF_CHROMIUM`
    : '';
}

/** @throws Error when there is none, or it does not start */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw new Error(chromiumRefusal());
  // As root, which containers often are, there is no sandbox; and what is shown is made here.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath, args });
}

/** A page that was opened, and all that it said and asked for. */
export interface Visit extends AsyncDisposable {
  page: Page;
  /** Messages on the console, uncaught errors, dialogs: a page that runs nothing has none. */
  said: string[];
  /** URLs that were asked for, the page's own first. */
  requested: string[];
  /** From the request until it was loaded, ms. */
  loadMs: number;
}

/** Opens a page in a context of its own. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const said: string[] = [];
  const requested: string[] = [];
  page.on('console', (message) => said.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  page.on('dialog', (dialog) => {
    said.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requested.push(request.url()));
  const started = performance.now();
  await page.goto(url, { waitUntil: 'load' });
  const loadMs = performance.now() - started;
  return { page, said, requested, loadMs, [Symbol.asyncDispose]: () => context.close() };
}
