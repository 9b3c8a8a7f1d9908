import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Timeline } from '../result/timeline/types.ts';
import { ROOT, read } from './files.ts';
import { PLAYED, type PlayedDocument } from './played.ts';
import { referencePages } from './reference/index.ts';
import { playDocument } from './session/run.ts';
import { renewed } from './session/update.ts';
import { withNumbersOf } from './worked-example.ts';

/**
 * Makes what in the documents is made: `npm run docs` the reference and the outputs in the documents that are played, the latter
 * from real runs (a minute or two); `npm run docs -- --reference` the reference alone; `npm run docs -- docs/tutorial.md` the
 * outputs of one document.
 */
async function main(args: readonly string[]): Promise<number> {
  const named = args.filter((arg) => !arg.startsWith('--'));
  if (named.length === 0) writeReference();
  if (args.includes('--reference')) return 0;
  const chosen = PLAYED.filter(({ path }) => named.length === 0 || named.includes(path));
  let problems = 0;
  for (const document of chosen) problems += await renew(document);
  return problems === 0 ? 0 : 1;
}

function writeReference(): void {
  for (const [path, text] of referencePages()) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true });
    writeFileSync(join(ROOT, path), text);
    console.log(`made     ${path}`);
  }
}

async function renew({ path, instead }: PlayedDocument): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-docs-'));
  try {
    symlinkSync(join(ROOT, 'scenarios'), join(dir, 'scenarios'));
    const text = read(path);
    const played = await playDocument(text, { dir, ...(instead ? { instead } : {}) });
    writeFileSync(join(ROOT, path), renewed(text, played));
    console.log(`played   ${path}: ${played.length} commands`);
    if (path === 'docs/tutorial.md') renewExample(dir);
    const wrong = played.filter(({ problem }) => problem !== null);
    for (const { step, problem } of wrong) console.error(`\n${path}:${step.line}: ${step.command}\n${problem}`);
    return wrong.length;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** docs/ledgers.md goes through the first run of the tutorial. */
function renewExample(dir: string): void {
  const [run] = globSync(join(dir, 'results', '*', 'checkout', 'timeline.json')).toSorted();
  if (!run) throw new Error('the tutorial left no timeline of its scenario "checkout"');
  const path = 'docs/ledgers.md';
  writeFileSync(join(ROOT, path), withNumbersOf(read(path), JSON.parse(readFileSync(run, 'utf8')) as Timeline));
  console.log(`made     ${path}`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
