import { Argument, type Command, Option } from 'commander';
import { RELEASE_PLATFORMS, TOOLS } from '../../tools/catalogue.ts';
import type { CliContext } from '../context.ts';
import { TOOLS_EXAMPLES } from '../help-texts.ts';
import type { Done } from './done.ts';

/** `meshproof tools` and its options. */
export function declareTools(program: Command, context: CliContext, done: Done): void {
  program
    .command('tools')
    .description('find the programs that runs need, or fetch them, and say which they are')
    .addArgument(new Argument('[tool...]', 'default: k6 prometheus').choices(Object.keys(TOOLS)))
    .option('--urls', 'print where the pinned releases are, to mirror them, and fetch nothing (default: of all tools)')
    .addOption(
      new Option('--platform <os/arch>', 'with --urls: of one platform alone').choices(
        RELEASE_PLATFORMS.map(({ os, arch }) => `${os}/${arch}`),
      ),
    )
    .addHelpText('after', TOOLS_EXAMPLES)
    .action(async (names, options) => {
      const { tools } = await import('../commands/tools.ts');
      done(await tools(names, options, context));
    });
}
