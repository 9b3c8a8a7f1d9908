import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { CliContext } from './context.ts';
import * as texts from './help-texts.ts';
import { createProgram } from './program.ts';
import { scenarioPaths } from './shipped.ts';
import { said } from './testing/in-process.ts';
import { commandOf } from './usage-error.ts';

const program = createProgram({} as CliContext, () => {});
/** Every command by the words that call it. */
const commands = below(program);

function below(command: Command, words: string[] = []): { words: string[]; command: Command }[] {
  return command.commands.flatMap((one) => {
    const path = [...words, one.name()];
    return [{ words: path, command: one }, ...below(one, path)];
  });
}

/** Command lines in a text: a line that begins with meshproof, `\` at an end continues. */
function linesIn(text: string): string[] {
  const whole = text.replace(/\\\n\s*/g, ' ');
  return [...whole.matchAll(/^ {2}meshproof( .*)?$/gm)].map(([, rest = '']) =>
    rest
      .trim()
      .replace(/ {2,}.*$/, '')
      .replace(/ > .*$/, ''),
  );
}

describe('without arguments', () => {
  it('says on one screen what to do: try it, write your own, look at a cluster, before an upgrade', async () => {
    const { code, stdout, stderr } = await said([]);
    expect(stdout.trimEnd().split('\n').length).toBeLessThan(24);
    const order = ['run baseline', 'init', 'doctor', 'upgrade', 'help'].map((name) =>
      stdout.indexOf(`  meshproof ${name}`),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order[0]).toBeGreaterThan(0);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
  });
});

describe('every text of the help', () => {
  it.each(Object.entries(texts))('%s fits 80 columns', (_, text) => {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  const lines = Object.entries(texts).flatMap(([name, text]) => linesIn(text).map((line) => ({ name, line })));
  it('has examples', () => expect(lines.length).toBeGreaterThan(30));

  it.each(lines)('$name: meshproof $line', ({ line }) => {
    const words = line.split(/\s+/).filter(Boolean);
    const { command, rest } = commandOf(program, words[0] === 'help' ? words.slice(1) : words);
    // A command that only has commands is none.
    expect(command === program ? words[0] : '').toMatch(/^(help|)$/);
    expect(command.parseOptions([...rest]).unknown).toEqual([]);
  });
});

describe('help', () => {
  it('alone lists the commands', async () => {
    const { code, stdout } = await said(['help']);
    for (const { name } of program.commands.map((one) => ({ name: one.name() })))
      expect(stdout).toContain(`  ${name} `);
    expect(code).toBe(0);
  });

  it.each(commands.map(({ words }) => words.join(' ')))('%s is what --help of it says', async (path) => {
    const words = path.split(' ');
    const help = await said(['help', ...words]);
    expect(help).toEqual(await said([...words, '--help']));
    expect(help.stdout).toMatch(new RegExp(`^Usage: meshproof ${path} `));
    expect(help.code).toBe(0);
  });

  it.each(['', ...commands.map(({ words }) => words.join(' '))])(
    '%s is as it is printed no wider than 80 columns',
    async (path) => {
      const { stdout } = await said([...path.split(' ').filter(Boolean), '--help']);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toContain('-h, --help');
    },
  );

  it.each([[['help', 'runn']], [['runn', '--help']], [['bench', 'capacty', '-h']], [['help', 'bench', 'capacty']]])(
    '%j of what is no command is an error that says what was meant',
    async (argv) => {
      const { code, stdout, stderr } = await said(argv);
      expect(stderr).toMatch(/^error USAGE: unknown command '\w+'\n {2}hint: did you mean (run|capacity)\?/);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    },
  );
});

describe('what was probably meant', () => {
  it.each([
    [['runn'], 'did you mean run?'],
    [['capacity'], 'did you mean bench capacity?'],
    [['scnearios/my.yaml'], 'did you mean `meshproof run scnearios/my.yaml`?'],
    [['my scenario.yaml'], "did you mean `meshproof run 'my scenario.yaml'`?"],
    [['run', '--paralel', '2'], 'did you mean --parallel?'],
    [['validate', '--keep', 'x'], 'it is an option of `meshproof run`;'],
    [['bench', 'scrap'], 'did you mean scrape?'],
    [['completely-else'], 'see `meshproof --help`'],
  ])('%j: %s', async (argv, hint) => {
    const { code, stderr } = await said(argv);
    expect(stderr).toContain(`hint: ${hint}`);
    expect(code).toBe(2);
  });

  it('moves no cursor, whatever was typed', async () => {
    const { stderr } = await said(['\u001b[2J\u001b]0;x\u0007.yaml']);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not occur
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe('a scenario that ships', () => {
  it('may be called by its name', async () => {
    const shipped = readdirSync('scenarios').filter((name) => name.endsWith('.yaml'));
    for (const file of shipped) expect(scenarioPaths([file.replace('.yaml', '')])).toEqual([`scenarios/${file}`]);
    expect((await said(['validate', 'baseline'])).stdout).toMatch(/^ok scenarios\/baseline\.yaml: /);
  });

  it('is suggested for what is nearly its name', async () => {
    const { code, stderr } = await said(['validate', 'basline']);
    expect(stderr).toMatch(
      /^error NO_SUCH_SCENARIO: there is no scenario basline, .*\n {2}hint: did you mean `baseline`\?/,
    );
    expect(code).toBe(2);
  });

  it('goes after what lies here, and paths stay paths', () => {
    const here = mkdtempSync(join(tmpdir(), 'meshproof-shipped-'));
    mkdirSync(join(here, 'baseline'));
    expect(scenarioPaths(['baseline'], here)).toEqual(['baseline']);
    rmSync(here, { recursive: true });
    expect(scenarioPaths(['scenarios', 'nothing-like-it', './baseline', 'x/baseline', 'baseline.yaml', '..'])).toEqual([
      ...['scenarios', 'nothing-like-it', './baseline', 'x/baseline', 'baseline.yaml', '..'],
    ]);
  });
});
