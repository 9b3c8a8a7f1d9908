import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { RUN_EXAMPLES } from '../help-texts.ts';
import { clusterOptions, environmentOption, integer, meshOption, reporterOption } from '../options.ts';
import type { Done } from './done.ts';

/** `meshproof run` and its options. */
export function declareRun(program: Command, context: CliContext, done: Done): void {
  clusterOptions(
    program
      .command('run')
      .description('run scenarios and compare what Prometheus observed with the truth')
      .argument('[path...]', 'scenario files, or folders of them (default: the scenarios that ship)')
      .addOption(environmentOption())
      .option('--out <dir>', 'where results go', 'results')
      .addOption(reporterOption())
      .option('--keep', 'leave the mesh up after the verdict, until Ctrl-C')
      .option('--seed <n>', 'instead of the seed in the scenarios', integer(0, 2 ** 32 - 1))
      .option('--k6 <path>', 'the k6 to use (default: it is looked for)')
      .option('--prometheus <path>', 'the Prometheus to use (default: it is looked for)')
      .option('--kind <path>', 'the kind to use (default: it is looked for)')
      .option('--linkerd <path>', 'the linkerd CLI to use (default: it is looked for)')
      .option('--parallel <n>', 'how many scenarios run at the same time', integer(1, 64), 1)
      .optionsGroup('Options of --environment kind:')
      .addOption(meshOption()),
  )
    .option('--meshed-prometheus', 'give Prometheus a sidecar')
    .addHelpText('after', RUN_EXAMPLES)
    .action(async (paths, options) => {
      const { run } = await import('../commands/run.ts');
      done(await run(paths, options, context));
    });
}
