import { type Command, Option } from 'commander';
import type { CliContext } from '../context.ts';
import { DOCTOR_EXAMPLES } from '../help-texts.ts';
import { collected } from '../options.ts';
import type { Done } from './done.ts';

/** `meshproof doctor` and its options. */
export function declareDoctor(program: Command, context: CliContext, done: Done): void {
  program
    .command('doctor')
    .description('look at a mesh that is there, and say what keeps its metrics from being true; changes nothing')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--kubeconfig <file>', 'default: KUBECONFIG, else ~/.kube/config')
    .addOption(
      new Option('--namespace <name>', 'report on pods of this one alone; may be repeated')
        .argParser(collected)
        .default([], 'all of them'),
    )
    .option('--prometheus <url>', "default: linkerd-viz's in the cluster, through the API server")
    .option('--prometheus-token-file <file>', 'bearer token for it')
    .option('--prometheus-ca <file>', 'CA of its certificate, PEM')
    .option('--prometheus-user <name>', 'for basic authentication')
    .option('--prometheus-password-file <file>', 'for basic authentication')
    .option('--json', 'print everything that was found and read as JSON')
    .addHelpText('after', DOCTOR_EXAMPLES)
    .action(async (options) => {
      const { doctor } = await import('../commands/doctor.ts');
      done(await doctor(options, context));
    });
}
