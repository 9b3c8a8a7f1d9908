import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CLI = join(ROOT, 'harness/cli/main.ts');
const RECORDS = ['result.json', 'upgrade.json', 'capacity.json', 'scrape.json'];

/** What the pictures are of. */
export type Subject = 'pass' | 'fail' | 'upgrade' | 'bench' | 'scrape';

/** The commands whose results are shown; each takes from half a minute to some minutes. */
export const COMMANDS: Record<Subject, string[]> = {
  pass: ['run', ...['baseline', 'client-errors', 'policy-authorization'].map((name) => `scenarios/${name}.yaml`)],
  fail: ['run', 'scenarios/faults/pod-not-injected.yaml'],
  upgrade: ['upgrade', '--from', '2.17', '--to', '2.18', '--repeat', '2', '--rules', 'tools/screenshots/rules.yaml'],
  bench: ['bench', 'capacity', '--p99', '250ms', '--measure', '4s', '--max-points', '14'],
  // Few points, and the model alone.
  scrape: [
    ...['bench', 'scrape', '--pods', '400', '--duration', '8s', '--max-points', '10'],
    ...['--no-accuracy', '--no-families'],
  ],
};

/** What a picture was made by, as docs/images/made.json says. */
export const commandOf = (subject: Subject) => `meshproof ${COMMANDS[subject].join(' ')}`;

/** Says in a folder of results which command they are of, for pictures that are made of them later. */
const COMMAND_FILE = 'command.txt';

/** What made the results in a folder; null: not this program. */
export function commandIn(dir: string): string | null {
  const file = join(dir, COMMAND_FILE);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

/** A folder of results that there is, and what it shows. */
export interface Shown {
  subject: Subject;
  dir: string;
}

/**
 * Runs a command and waits for its end; its own output is shown. Which verdict it comes to is not asked: some are to fail.
 * @returns its new folder of results
 */
export async function makeResults(subject: Subject): Promise<Shown> {
  const printed = await cli(COMMANDS[subject], [0, 1, 3]);
  const dir = /^results: (.*)$/m.exec(printed)?.[1];
  if (!dir) throw new Error(`${subject}: no folder of results was named`);
  writeFileSync(join(ROOT, dir, COMMAND_FILE), `${commandOf(subject)}\n`);
  return { subject, dir: join(ROOT, dir) };
}

/** What a folder of results shows, by its record. @throws Error when it has none */
export function subjectOf(dir: string): Subject {
  const file = RECORDS.find((name) => existsSync(join(dir, name)));
  if (!file) throw new Error(`${dir} holds none of ${RECORDS.join(', ')}`);
  if (file === 'upgrade.json') return 'upgrade';
  if (file === 'scrape.json') return 'scrape';
  if (file !== 'result.json') return 'bench';
  const { verdict } = JSON.parse(readFileSync(join(dir, file), 'utf8')) as { verdict: string };
  return verdict === 'pass' ? 'pass' : 'fail';
}

/** Runs the command line as it stands in the checkout. @returns what it printed @throws Error when it ends otherwise than allowed */
export async function cli(args: string[], allowed: number[] = [0]): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === null || !allowed.includes(code)) throw new Error(`meshproof ${args.join(' ')} ended with ${code}`);
  return printed;
}
