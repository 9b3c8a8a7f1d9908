import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import { declareBench } from './declare/bench.ts';
import { declareCompare } from './declare/compare.ts';
import { declareDoctor } from './declare/doctor.ts';
import type { Done } from './declare/done.ts';
import { declareFaults } from './declare/faults.ts';
import { declareInit } from './declare/init.ts';
import { declareReport } from './declare/report.ts';
import { declareRun } from './declare/run.ts';
import { declareTools } from './declare/tools.ts';
import { declareUpgrade } from './declare/upgrade.ts';
import { CLEAN_NOTES, FIRST_STEPS, SCHEMA_EXAMPLES, VALIDATE_EXAMPLES } from './help-texts.ts';
import { printError } from './print-error.ts';
import { commandOf, usageError } from './usage-error.ts';
import { version } from './version.ts';

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
  const meant = helpMeant(program, argv);
  try {
    await program.parseAsync(meant, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.pass;
      return printError(usageError(error, program, meant), context.stderr, context.env);
    }
    return printError(error, context.stderr, context.env);
  }
}

/** Every command, with its options. `done` gets the exit code of the one that ran. */
export function createProgram(context: CliContext, done: Done): Command {
  const program = new Command('meshproof')
    .description('Proves that what Prometheus says about a Linkerd mesh is true.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .exitOverride()
    // Errors are printed by us, all in one form.
    .configureOutput({ writeOut: (text) => context.stdout.write(text), writeErr: () => {}, outputError: () => {} })
    // So that texts beside the longest options are broken too: commander leaves them whole below 40 columns.
    .configureHelp({ minWidthToWrap: 30 })
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', '\nExample: meshproof run baseline\n');

  declareInit(program, context, done);
  declareRun(program, context, done);
  declareFaults(program, context, done);
  declareUpgrade(program, context, done);
  declareBench(program, context, done);
  declareReport(program, context, done);
  declareCompare(program, context, done);
  declareDoctor(program, context, done);
  declareTools(program, context, done);
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
    .addHelpText('after', CLEAN_NOTES)
    .action(async () => {
      const { clean } = await import('./commands/clean.ts');
      done(await clean(context));
    });
  return program;
}

/** `help run` is `run --help`, also of commands of commands; of what is no command only its name is left, to be refused. */
function helpMeant(program: Command, argv: readonly string[]): string[] {
  const words = argv[0] === 'help' ? argv.slice(1) : [...argv];
  const { command, rest } = commandOf(program, words);
  const [first] = rest;
  const unknown = command.commands.length > 0 && first !== undefined && !first.startsWith('-');
  if (unknown) return words.filter((word) => word !== '--help' && word !== '-h');
  return argv[0] === 'help' ? [...words.slice(0, words.length - rest.length), '--help'] : words;
}
