import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { FAULTS_EXAMPLES } from '../help-texts.ts';
import { benchReporterOption, clusterOptions, environmentOption, integer } from '../options.ts';
import type { Done } from './done.ts';

/** `meshproof faults` and its options. */
export function declareFaults(program: Command, context: CliContext, done: Done): void {
  clusterOptions(
    program
      .command('faults')
      .description('provoke failures of telemetry, and score what the diagnosis makes of them')
      .argument('[case...]', 'cases, causes or groups of them (default: all)')
      .addOption(environmentOption())
      .option(
        '--repeat <n>',
        'how often each case is drawn and run; 0: only pairs and clean worlds',
        integer(0, 1000),
        1,
      )
      .option('--seed <n>', 'everything random comes from it', integer(0, 2 ** 32 - 1), 1)
      .option('--parallel <n>', 'how many worlds run at the same time (default: one a core)', integer(1, 64))
      .option('--clean <n>', 'worlds without a fault (default: as many as with one)', integer(0, 10_000))
      .option('--pairs <n>', 'worlds with two faults at once', integer(0, 10_000), 0)
      .option('--out <dir>', 'where results go', 'results')
      .addOption(benchReporterOption())
      .option('--list', 'print the cases and end')
      .option('--k6 <path>', 'the k6 to use (default: it is looked for)')
      .option('--prometheus <path>', 'the Prometheus to use (default: it is looked for)')
      .optionsGroup('Options of --environment kind:')
      .addOption(new Option('--mesh <name>', 'sidecars of our own').choices(['simulated']).default('simulated'))
      .option('--kind <path>', 'the kind to use (default: it is looked for)'),
    { loadFrom: false },
  )
    .addHelpText('after', FAULTS_EXAMPLES)
    .action(async (names, options) => {
      const { faults } = await import('../commands/faults.ts');
      done(await faults(names, options, context));
    });
}
