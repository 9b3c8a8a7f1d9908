import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { REPORT_EXAMPLES } from '../help-texts.ts';
import { formOption } from '../options.ts';
import type { Done } from './done.ts';

/** `meshproof report` and its options. */
export function declareReport(program: Command, context: CliContext, done: Done): void {
  program
    .command('report')
    .description('make the reports of results again; of several, with an index of the trends across them')
    .argument('<dir...>', 'folders of runs, or of such folders (results/); or names of folders below results/')
    .addOption(formOption())
    .option('--out <file>', 'where index.html goes (default: beside the runs)')
    .option('--open', 'open what was made')
    .addHelpText('after', REPORT_EXAMPLES)
    .action(async (places, options) => {
      const { report } = await import('../commands/report.ts');
      done(await report(places, options, context));
    });
}
