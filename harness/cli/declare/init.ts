import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { INIT_EXAMPLES } from '../help-texts.ts';
import { CI } from '../init/workflows.ts';
import type { Done } from './done.ts';

/** `meshproof init` and its options. */
export function declareInit(program: Command, context: CliContext, done: Done): void {
  program
    .command('init')
    .description('write a first scenario, and a workflow that runs it in CI, into a repository of yours')
    .argument('[dir]', 'the repository; made when it is not there', '.')
    .addOption(new Option('--ci <name>', 'whose workflow to write').choices(CI).default('github'))
    .option('--package <spec>', 'where CI gets meshproof from: a tarball, an address, a version')
    .option('--force', 'overwrite what it writes, where that is there already')
    .addHelpText('after', INIT_EXAMPLES)
    .action(async (dir, options) => {
      const { init } = await import('../commands/init.ts');
      done(await init(dir, options, context));
    });
}
