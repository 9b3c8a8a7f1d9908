import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { UPGRADE_EXAMPLES } from '../help-texts.ts';
import {
  clusterOptions,
  collected,
  environmentOption,
  integer,
  meshOption,
  percentage,
  reporterOption,
} from '../options.ts';
import type { Done } from './done.ts';

/** `meshproof upgrade` and its options. */
export function declareUpgrade(program: Command, context: CliContext, done: Done): void {
  clusterOptions(
    program
      .command('upgrade')
      .description('try an upgrade of Linkerd or Prometheus under load, and say go or no-go')
      .argument('[path...]', 'scenario files, or folders of them (default: baseline.yaml of those that ship)')
      .option('--from <version>', 'Linkerd that runs now: a release, or a version of its proxy')
      .option('--to <version>', 'Linkerd that is to come')
      .option('--prometheus-from <path>', 'Prometheus that runs now (default: as --prometheus)')
      .option('--prometheus-to <path>', 'Prometheus that is to come (default: as --prometheus)')
      .option('--repeat <n>', 'how often before and after run each', integer(1, 100), 3)
      .option('--max-latency-increase <pct>', 'a latency that grows by more, beyond doubt, is a no-go', percentage)
      .option('--parallel <n>', 'how many runs of before and after at the same time', integer(1, 64), 1)
      .addOption(environmentOption())
      .option('--out <dir>', 'where results go', 'results')
      .addOption(reporterOption())
      .option('--seed <n>', 'instead of the seed in the scenarios', integer(0, 2 ** 32 - 1))
      .option('--k6 <path>', 'the k6 to use (default: it is looked for)')
      .option('--prometheus <path>', 'the Prometheus to use on both sides (default: it is looked for)')
      .optionsGroup('Your queries:')
      .option('--rules <path>', 'file or folder of rules, or of PrometheusRule objects; may be repeated', collected, [])
      .option('--dashboards <path>', "file or folder of Grafana's dashboards; may be repeated", collected, [])
      .option('--from-prometheus <url>', 'a Prometheus that is asked for its rules')
      .option('--from-prometheus-token-file <file>', 'bearer token for it')
      .option('--from-prometheus-ca <file>', 'CA of its certificate, PEM')
      .option('--from-prometheus-user <name>', 'for basic authentication')
      .option('--from-prometheus-password-file <file>', 'for basic authentication')
      .option('--from-cluster', 'the PrometheusRule objects of a cluster')
      .option('--context <name>', 'of that cluster (default: the current one)')
      .option('--kubeconfig <file>', 'of that cluster (default: KUBECONFIG, else ~/.kube/config)')
      .optionsGroup('Options of --environment kind:')
      .addOption(meshOption())
      .option('--linkerd-from <path>', 'the linkerd CLI of --from (default: it is looked for)')
      .option('--linkerd-to <path>', 'the linkerd CLI of --to (default: it is looked for)')
      .option('--kind <path>', 'the kind to use (default: it is looked for)'),
  )
    .option('--meshed-prometheus', 'give Prometheus a sidecar')
    .addHelpText('after', UPGRADE_EXAMPLES)
    .action(async (paths, options) => {
      const { upgrade } = await import('../commands/upgrade.ts');
      done(await upgrade(paths, options, context));
    });
}
