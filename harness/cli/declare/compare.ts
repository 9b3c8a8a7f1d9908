import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { COMPARE_EXAMPLES } from '../help-texts.ts';
import type { Done } from './done.ts';

export const COMPARE_REPORTERS = ['terminal', 'json', 'markdown'] as const;
export type CompareReporter = (typeof COMPARE_REPORTERS)[number];

/** `meshproof compare` and its options. */
export function declareCompare(program: Command, context: CliContext, done: Done): void {
  program
    .command('compare')
    .description('set two results of one kind side by side, and say which differences exceed the noise')
    .argument('<a>', 'a result: its file, its folder, or the name of its folder')
    .argument('<b>', 'the one that it is compared with')
    .addOption(new Option('--reporter <name>', 'how it is printed').choices(COMPARE_REPORTERS).default('terminal'))
    .option('--out <dir>', 'where folders are that are named by their name alone', 'results')
    .option('--fail-on-difference', 'exit with 1 when something is worse beyond the noise')
    .addHelpText('after', COMPARE_EXAMPLES)
    .action(async (a, b, options) => {
      const { compare } = await import('../commands/compare.ts');
      done(await compare(a, b, options, context));
    });
}
