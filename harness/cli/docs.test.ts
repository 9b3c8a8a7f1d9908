import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { commandsIn, type DocumentedCommand, wordsOf } from '../docs/commands.ts';
import { documents, ROOT, read } from '../docs/files.ts';
import { ONLY_PARSED, RUN_BY_MATRIX } from '../docs/only-parsed.ts';
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

  it('are run, here or where their document is played, or listed with the reason why not', () => {
    const listed = new Set(ONLY_PARSED.flatMap(({ commands }) => commands));
    const typed = distinct(found.filter(({ inline }) => !inline));
    const unlisted = typed.filter(({ commands }) => !isRun(commands) && !listed.has(commands[0]!.words.join(' ')));
    // To be played (harness/docs/played.ts), or put into harness/docs/only-parsed.ts.
    expect(unlisted.map(({ text, where }) => `${where}: ${text}`)).toEqual([]);
    const texts = new Map(typed.map(({ commands }) => [commands[0]!.words.join(' '), commands]));
    const gone = [...listed].filter((text) => !texts.has(text) || isRun(texts.get(text)!));
    expect(gone).toEqual([]);
    expect(typed.filter(({ commands }) => isPlayed(commands)).length).toBeGreaterThan(12);
    expect(typed.filter(({ commands }) => isQuick(commands[0]!)).length).toBeGreaterThan(4);
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
  if (words[0] === 'tools') return words.includes('--urls');
  const paths = words.slice(1).filter((word) => !word.startsWith('-'));
  const unfinished = inline && words[0] === 'validate' && paths.length === 0;
  return QUICK.has(words[0]!) && !unfinished && paths.every((path) => existsSync(join(ROOT, path)));
}

/** By this test, by that of the documents that are played, or by the matrix of faults. */
function isRun(commands: readonly DocumentedCommand[]): boolean {
  return isQuick(commands[0]!) || isPlayed(commands) || commands.some(({ file }) => RUN_BY_MATRIX.test(file));
}

/** Whether it stands in a block of console of a document that is played, rather than of plain text. */
function isPlayed(commands: readonly DocumentedCommand[]): boolean {
  return commands.some(
    ({ file, line, inline }) =>
      !inline && PLAYED.some(({ path }) => path === file) && read(file).split('\n')[line - 1]!.startsWith('$ '),
  );
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
