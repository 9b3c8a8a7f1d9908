import type { Command, CommanderError } from 'commander';
import { EXIT, HarnessError } from '../core/errors.ts';
import { shellWord } from '../report/trouble.ts';
import { suggest } from '../scenario/suggest.ts';

/** What commander refuses, as our errors are, with what was probably meant, and where to read on. */
export function usageError(error: CommanderError, program: Command, argv: readonly string[]): HarnessError {
  const { path, command, rest } = commandOf(program, argv);
  const help = `${path} --help`;
  const fail = (text: string, hint: string) => new HarnessError('USAGE', text, { hint, exitCode: EXIT.invalidInput });
  // It was about to print its help, for want of one of its commands.
  if (error.code === 'commander.help') {
    const names = command.commands.map((c) => c.name()).join(' or ');
    return fail(`${path} is not all of a command: add ${names}`, `see \`${help}\``);
  }
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = meantBy(error, { program, command, rest }) ?? suggested(suggestion);
  return fail(
    message || 'no command was given',
    meant === null ? `see \`${help}\`` : `${meant} \`${help}\` lists everything`,
  );
}

/** The command that the arguments name, as far as there is one: `meshproof bench scrape`; and what follows it. */
export function commandOf(
  program: Command,
  argv: readonly string[],
): { path: string; command: Command; rest: readonly string[] } {
  let command = program;
  let path = 'meshproof';
  for (const [i, word] of argv.entries()) {
    const next = command.commands.find((c) => c.name() === word);
    if (!next) return { path, command, rest: argv.slice(i) };
    command = next;
    path += ` ${word}`;
  }
  return { path, command, rest: [] };
}

/** Commander's own `(Did you mean run?)`. */
function suggested(text: string): string | null {
  const meant = /^\(Did you mean (.*)\?\)$/.exec(text)?.[1];
  return meant === undefined ? null : `did you mean ${meant}?`;
}

interface Place {
  program: Command;
  command: Command;
  rest: readonly string[];
}

/** What commander doesn't think of: a file where a command is due, commands of commands, options of other commands. */
function meantBy(error: CommanderError, { program, command, rest }: Place): string | null {
  if (error.code === 'commander.unknownCommand') {
    const word = rest[0] ?? '';
    if (command === program && /[/\\]|\.ya?ml$/.test(word)) return `did you mean \`meshproof run ${shellWord(word)}\`?`;
    const paths = pathsBelow(command);
    const near = suggest(word, [...paths.keys()]);
    return near === null ? null : `did you mean ${paths.get(near)}?`;
  }
  if (error.code === 'commander.unknownOption') {
    const flag = /'(--[^'=]+)/.exec(error.message)?.[1];
    const owners = flag === undefined ? [] : ownersOf(flag, program);
    return owners.length === 0 ? null : `it is an option of ${owners.map((path) => `\`${path}\``).join(', ')};`;
  }
  return null;
}

/** How each command below one is called from there, by its last word: `capacity` -> `bench capacity`. */
function pathsBelow(command: Command, before = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const one of command.commands) {
    for (const [name, path] of pathsBelow(one, `${before}${one.name()} `)) found.set(name, path);
  }
  // Those that are nearer go before.
  for (const one of command.commands) found.set(one.name(), `${before}${one.name()}`);
  return found;
}

function ownersOf(flag: string, command: Command, path = 'meshproof'): string[] {
  const own = command.options.some((option) => option.long === flag) ? [path] : [];
  return [...own, ...command.commands.flatMap((one) => ownersOf(flag, one, `${path} ${one.name()}`))];
}
