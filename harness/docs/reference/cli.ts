import type { Command } from 'commander';
import type { CliContext } from '../../cli/context.ts';
import { createProgram } from '../../cli/program.ts';
import { EXIT } from '../../core/errors.ts';
import { slugOf } from '../markdown.ts';
import { cell, GENERATED } from './text.ts';

const MEANING: Record<keyof typeof EXIT, string> = {
  pass: 'everything that was asked for holds: pass, go, healthy',
  fail: 'something does not: fail, no-go, a finding',
  invalidInput: 'invalid input: options, scenario files, records',
  inconclusive: 'it could not be decided: inconclusive, undecided',
  environment: 'the environment failed: a tool, an address, a cluster',
  interrupted: 'interrupted by Ctrl-C or SIGTERM; what was measured so far is kept',
};

/** docs/reference/cli.md: every command as it describes itself. */
export function cliReference(): string {
  let printed = '';
  const stdout = { write: (text: string) => (printed += text) };
  const program = createProgram({ stdout } as unknown as CliContext, () => {});
  const help = (command: Command) => {
    printed = '';
    command.outputHelp();
    return printed;
  };
  const commands = program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]));
  return `# The command line

${GENERATED}

\`meshproof --version\` prints the version, \`meshproof COMMAND --help\` what stands here. What a command is asked for goes to stdout,
progress and errors to stderr. An error has a code ([errors](errors.md)), a message with the place, and a hint. Environment variables
are in [environment.md](environment.md).

| command | |
|---|---|
${commands.map((c) => `| [\`${nameOf(c)}\`](#${slugOf(nameOf(c))}) | ${cell(c.description())} |`).join('\n')}

## Exit codes

| | |
|---|---|
${Object.entries(EXIT)
  .map(([name, code]) => `| ${code} | ${MEANING[name as keyof typeof EXIT]} |`)
  .join('\n')}

Of several scenarios the worst counts: 1, then 4, then 3. Each command says below which of them it has.

${commands.map((command) => section(command, help(command))).join('\n')}`;
}

function section(command: Command, help: string): string {
  const after = help.slice(command.helpInformation().length).trim();
  return `## ${nameOf(command)}

${capital(command.description())}.

    ${parentOf(command)}${command.name()} ${command.usage()}
${argumentTable(command)}${optionTables(command)}${after ? `\n\`\`\`\n${after}\n\`\`\`\n` : ''}`;
}

function nameOf(command: Command): string {
  return `${parentOf(command)}${command.name()}`;
}

function parentOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ` : '';
}

function argumentTable(command: Command): string {
  const help = command.createHelp();
  const rows = help
    .visibleArguments(command)
    .map((argument) => `| \`${help.argumentTerm(argument)}\` | ${cell(help.argumentDescription(argument))} |`);
  return rows.length > 0 ? `\n| argument | |\n|---|---|\n${rows.join('\n')}\n` : '';
}

/** One table a group, under the heading that the help has. */
function optionTables(command: Command): string {
  const help = command.createHelp();
  const groups = new Map<string, string[]>();
  for (const option of help.visibleOptions(command)) {
    if (option.long === '--help') continue;
    const heading = (option.helpGroupHeading ?? 'Options:').replace(/:$/, '');
    const row = `| \`${help.optionTerm(option)}\` | ${cell(help.optionDescription(option))} |`;
    groups.set(heading, [...(groups.get(heading) ?? []), row]);
  }
  return [...groups]
    .map(([heading, rows]) => `\n| ${heading.toLowerCase()} | |\n|---|---|\n${rows.join('\n')}\n`)
    .join('');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
