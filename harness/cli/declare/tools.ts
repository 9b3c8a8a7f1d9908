import { Argument, type Command, Option } from 'commander';
import { RELEASE_PLATFORMS, TOOLS } from '../../tools/catalogue.ts';
import type { CliContext } from '../context.ts';
import type { Done } from './done.ts';

const EXAMPLES = `
Examples:
  meshproof tools                     (have k6 and Prometheus ready before the first run)
  meshproof tools kind linkerd        (what a cluster needs besides)
  meshproof tools --urls > urls.txt   (what a mirror must have: docs/air-gapped.md)

A tool is looked for in this order: the path that is given (MESHPROOF_K6, MESHPROOF_PROMETHEUS,
...), PATH, the cache (~/.cache/meshproof), a container image, its release, a build with Go.

Exit codes: 0 all are there, 2 invalid input, 4 one can't be had (what was tried is printed).
`;

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
    .addHelpText('after', EXAMPLES)
    .action(async (names, options) => {
      const { tools } = await import('../commands/tools.ts');
      done(await tools(names, options, context));
    });
}
