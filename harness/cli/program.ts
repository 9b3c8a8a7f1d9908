import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { EXIT, type ExitCode, HarnessError } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { printError } from './print-error.ts';
import { REPORTERS, type Reporter } from './reports.ts';

const FIRST_STEPS = `meshproof proves that what Prometheus says about a Linkerd mesh is true.

Start here:
  meshproof list                          the scenarios that ship
  meshproof run scenarios/baseline.yaml   run one: about half a minute
  meshproof run                           run them all

  meshproof --help                        every command
  meshproof run --help                    every option, and examples
`;

const RUN_EXAMPLES = `
Examples:
  meshproof run scenarios/baseline.yaml
  meshproof run scenarios/ --parallel 2 --out /tmp/results
  meshproof run my.yaml --seed 42 --keep    (look around until Ctrl-C)
  meshproof run my.yaml --k6 ~/bin/k6 --prometheus ~/bin/prometheus
  meshproof run scenarios/baseline.yaml --environment kind    (Docker is needed)
  meshproof run --environment kind --mesh simulated --reuse

Results: DIR/<run>/ holds result.json (always), junit.xml, summary.md, and the
logs of every process. Progress goes to stderr, the table to stdout.

Addresses: each run takes a block 127.a.b.0/24 at random. MESHPROOF_LOOPBACK=127.77.3
names one; MESHPROOF_LOOPBACK=single uses ports of 127.0.0.1 alone.

Exit codes: 0 pass, 1 fail, 2 invalid input, 3 inconclusive,
4 the environment failed, 130 interrupted.
`;

const VALIDATE_EXAMPLES = `
Examples:
  meshproof validate my.yaml
  meshproof validate scenarios/

Exit codes: 0 all are valid, 2 some are not (every problem is printed, with file and line).
`;

const SCHEMA_EXAMPLES = `
Example:
  meshproof schema > scenario.schema.json
  and as the first line of a scenario, for editors with a YAML language server:
  # yaml-language-server: $schema=./scenario.schema.json
`;

/** Parses the arguments and runs the command. Never rejects: errors are printed, as their exit code says. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  if (argv.length === 0) {
    context.stdout.write(FIRST_STEPS);
    // A CI job that lost its arguments must not be green.
    return EXIT.invalidInput;
  }
  let code: ExitCode = EXIT.pass;
  const program = createProgram(context, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.pass;
      return printError(usageError(error, program, argv), context.stderr, context.env);
    }
    return printError(error, context.stderr, context.env);
  }
}

function createProgram(context: CliContext, done: (code: ExitCode) => void): Command {
  const program = new Command('meshproof')
    .description('Proves that what Prometheus says about a Linkerd mesh is true.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    // Errors are printed by us, all in one form.
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: () => {}, outputError: () => {} })
    .addHelpText('after', '\nExample: meshproof run scenarios/baseline.yaml\n');

  program
    .command('run')
    .description('run scenarios and compare what Prometheus observed with the truth')
    .argument('[path...]', 'scenario files, or folders of them (default: the scenarios that ship)')
    .addOption(new Option('--environment <name>', 'where the mesh runs').choices(['local', 'kind']).default('local'))
    .option('--out <dir>', 'where results go', 'results')
    .addOption(
      new Option('--reporter <list>', `any of ${REPORTERS.join(',')}`)
        .argParser(parseReporters)
        .default([...REPORTERS], 'all'),
    )
    .option('--keep', 'leave the mesh up after the verdict, until Ctrl-C')
    .option('--seed <n>', 'instead of the seed in the scenarios', integer(0, 2 ** 32 - 1))
    .option('--k6 <path>', 'the k6 to use (default: it is looked for)')
    .option('--prometheus <path>', 'the Prometheus to use (default: it is looked for)')
    .option('--kind <path>', 'the kind to use (default: it is looked for)')
    .option('--linkerd <path>', 'the linkerd CLI to use (default: it is looked for)')
    .option('--parallel <n>', 'how many scenarios run at the same time', integer(1, 64), 1)
    .optionsGroup('Options of --environment kind:')
    .addOption(
      new Option('--mesh <name>', 'the real Linkerd, or sidecars of our own')
        .choices(['linkerd', 'simulated'])
        .default('linkerd'),
    )
    .option('--reuse', 'use the cluster that the last run with this option left, and leave it again')
    .addOption(
      new Option('--load-from <place>', 'k6 as a pod of the mesh, or on this machine')
        .choices(['mesh', 'host'])
        .default('mesh'),
    )
    .option('--registry-mirror <host/path>', 'asked for images instead of their own registries')
    .option('--node-image <image>', 'image of the nodes (default: kind-config/versions.yaml)')
    .option('--base-image <image>', 'image under those that are built (default: kind-config/versions.yaml)')
    .option('--meshed-prometheus', 'give Prometheus a sidecar')
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (paths, options) => {
      const { run } = await import('./commands/run.ts');
      done(await run(paths, options, context));
    });
  program
    .command('validate')
    .description('check scenario files without running them')
    .argument('<path...>', 'scenario files, or folders of them')
    .addHelpText('after', VALIDATE_EXAMPLES)
    .action(async (paths) => {
      const { validate } = await import('./commands/validate.ts');
      done(await validate(paths, context));
    });
  program
    .command('schema')
    .description('print the JSON Schema of scenario files, for editors')
    .addHelpText('after', SCHEMA_EXAMPLES)
    .action(async () => {
      const { schema } = await import('./commands/schema.ts');
      done(await schema(context));
    });
  program
    .command('list')
    .description('list scenarios: name, how long their traffic lasts, description')
    .argument('[dir...]', 'folders or files (default: the scenarios that ship)')
    .addHelpText('after', '\nExample: meshproof list my-scenarios/\n')
    .action(async (paths) => {
      const { list } = await import('./commands/list.ts');
      done(await list(paths, context));
    });
  program
    .command('clean')
    .description('end processes, and remove folders, containers and clusters that killed runs left')
    .addHelpText(
      'after',
      '\nRuns that still go on are left alone, and so are clusters that meshproof did not make.\nOf a cluster that runs share, what the killed run left in it is removed.\nResults are never removed.\n',
    )
    .action(async () => {
      const { clean } = await import('./commands/clean.ts');
      done(await clean(context));
    });
  return program;
}

function usageError(error: CommanderError, program: Command, argv: readonly string[]): HarnessError {
  const command = program.commands.find((c) => c.name() === argv[0]);
  const help = `meshproof${command ? ` ${command.name()}` : ''} --help`;
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /^\((Did you mean .*)\)$/.exec(suggestion)?.[1];
  const hint = meant ? `${meant.replace('Did', 'did')} \`${help}\` lists everything` : `see \`${help}\``;
  return new HarnessError('USAGE', message || 'no command was given', { hint, exitCode: EXIT.invalidInput });
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function parseReporters(text: string): Reporter[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !(REPORTERS as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new InvalidArgumentError(`There is no reporter ${unknown.join(', ')}; there are ${REPORTERS.join(', ')}.`);
  }
  return names as Reporter[];
}
