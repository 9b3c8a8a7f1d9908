import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandsIn, type DocumentedCommand, wordsOf } from '../docs/commands.ts';
import { documents, ROOT, read } from '../docs/files.ts';
import { PLAYED } from '../docs/played.ts';
import type { CliContext } from './context.ts';
import { createProgram, runCli } from './program.ts';

/** Every command of meshproof in every document: those that take no time are run, all are parsed as they stand. */
const found = [...documents(), 'docs/ci/upgrade.yaml'].flatMap((file) => commandsIn(file));

describe('the commands in the documents', () => {
  it('are found', () => {
    expect(found.length).toBeGreaterThan(150);
    for (const file of ['README.md', 'docs/tutorial.md', 'docs/ci/upgrade.yaml', 'docs/causes/rbac-denied.md']) {
      expect(found.filter((command) => command.file === file).length, file).toBeGreaterThan(0);
    }
  });

  it.each(distinct(found))('meshproof $text ($where)', async ({ commands: [command] }) => {
    await parse(command!);
    for (const word of command!.words.filter((w) => /^scenarios\/[\w./-]*$/.test(w))) {
      expect(existsSync(join(ROOT, word)), `${word} in the checkout`).toBe(true);
    }
    if (!isQuick(command!)) return;
    const { code, stderr } = await run(command!.words);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('are all of one of these kinds', () => {
    const kinds = Map.groupBy(distinct(found), ({ commands }) => kindOf(commands));
    const rows = [...kinds].map(([kind, list]) => `${String(list.length).padStart(4)}  ${kind}`).toSorted();
    console.log(['commands of meshproof in the documents, each once:', ...rows].join('\n'));
    expect(kinds.get(RUN_HERE)!.length).toBeGreaterThan(5);
    expect(kinds.get(PLAYED_THERE)!.length).toBeGreaterThan(3);
  });
});

describe('a command that is wrong', () => {
  it.each([
    ['an unknown command', 'walk scenarios/'],
    ['an unknown option', 'run --walk'],
    ['a value that is none', 'run --parallel none'],
    ['a choice that there is not', 'run --environment moon'],
    ['an argument too few', 'validate'],
    ['an argument too many', 'schema scenarios/'],
  ])('%s is seen', async (_, rest) => {
    const command = { file: 'x.md', line: 1, words: wordsOf(rest), inline: false };
    await expect(parse(command)).rejects.toThrow(CommanderError);
  });

  it('is found wherever it stands', () => {
    const text = [
      'So `meshproof list a/` (b), and',
      '',
      '    bin/meshproof run a.yaml \\',
      '      --seed 7   # why',
      '',
      '```console',
      '$ meshproof validate b.yaml > c',
      'meshproof is an output',
      '```',
      '```yaml',
      '- run: npx meshproof upgrade --from "$A B"',
      '```',
    ].join('\n');
    expect(commandsIn('x.md', text).map(({ line, words, inline }) => [line, words.join('|'), inline])).toEqual([
      [7, 'validate|b.yaml', false],
      [11, 'upgrade|--from|$A B', false],
      [3, 'run|a.yaml|--seed|7', false],
      [1, 'list|a/', true],
    ]);
  });
});

/** Parses as the program would, down to each value, and does nothing. */
async function parse({ words, inline }: DocumentedCommand): Promise<void> {
  const program = createProgram({ stdout: { write: () => {} } } as unknown as CliContext, () => {});
  disarm(program);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    const said = error instanceof CommanderError ? error.code : '';
    const unfinished = inline && /missingArgument|optionMissingArgument|help$/.test(said);
    if (!unfinished && !/helpDisplayed|\.version$/.test(said)) throw error;
  }
}

function disarm(command: Command): void {
  for (const inner of command.commands) disarm(inner);
  if (command.commands.length === 0) command.action(() => {});
}

async function run(words: string[]): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  const context = {
    stdout: { write: () => {} },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
    signals: process,
  };
  return { code: await runCli(words, context as unknown as CliContext), stderr };
}

const QUICK = new Set(['list', 'validate', 'schema']);

/** What takes no time and needs nothing that is not there. */
function isQuick({ words, inline }: DocumentedCommand): boolean {
  if (words.some((word) => /^(?:--help|--version|--list)$/.test(word))) return !words.includes('COMMAND');
  const paths = words.slice(1).filter((word) => !word.startsWith('-'));
  const unfinished = inline && words[0] === 'validate' && paths.length === 0;
  return QUICK.has(words[0]!) && !unfinished && paths.every((path) => existsSync(join(ROOT, path)));
}

const RUN_HERE = 'run by this test';
const PLAYED_THERE = 'run by harness/docs/played.integration.test.ts, as the reader types it';

/** What a command needs that a test of a minute has not. */
const NEEDS: Record<string, string> = {
  run: 'parsed: a world; scenarios that ship are run by suite.integration.test.ts, those of faults by `make faults`',
  faults: 'parsed: minutes',
  upgrade: 'parsed: minutes',
  bench: 'parsed: minutes to hours',
  doctor: 'parsed: a cluster',
};

function kindOf(commands: readonly DocumentedCommand[]): string {
  const played = PLAYED.some(({ path }) =>
    commands.some(({ file, inline }) => file === path && !inline && isPlayed(path, commands)),
  );
  if (played) return PLAYED_THERE;
  const [command] = commands;
  if (isQuick(command!)) return RUN_HERE;
  if (command!.words.includes('kind')) return 'parsed: a cluster';
  return NEEDS[command!.words[0]!] ?? 'parsed: files of your own, or records of earlier runs';
}

/** Whether it stands in a block of console, rather than of plain text. */
function isPlayed(path: string, commands: readonly DocumentedCommand[]): boolean {
  const lines = read(path).split('\n');
  return commands.some(({ file, line }) => file === path && lines[line - 1]!.startsWith('$ '));
}

interface Distinct {
  text: string;
  where: string;
  commands: DocumentedCommand[];
}

function distinct(commands: readonly DocumentedCommand[]): Distinct[] {
  const groups = Map.groupBy(commands, ({ words, inline }) => `${words.join(' ')}${inline ? ' ' : ''}`);
  return [...groups].map(([text, list]) => {
    const more = list.length > 1 ? ` and ${list.length - 1} more` : '';
    return { text: text.trim(), where: `${list[0]!.file}:${list[0]!.line}${more}`, commands: list };
  });
}
