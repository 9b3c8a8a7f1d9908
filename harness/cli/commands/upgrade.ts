import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ExitCode, type HarnessError, InterruptedError } from '../../core/errors.ts';
import { createLive, type LiveView } from '../../report/live.ts';
import { renderUpgradeTerminal } from '../../report/upgrade/terminal.ts';
import { createRunDir } from '../../result/run-dir.ts';
import { readUpgrade } from '../../result/upgrade/read.ts';
import type { UpgradeResult } from '../../result/upgrade/types.ts';
import { UPGRADE_FILE } from '../../result/upgrade/write.ts';
import { loadScenarios } from '../../scenario/load.ts';
import type { UpgradeOptions } from '../../upgrade/options.ts';
import { type ClusterArguments, kindOptions } from '../cluster-arguments.ts';
import { type CliContext, coloursIn, drawsIn, widthOf } from '../context.ts';
import { exitCodeOfUpgrade } from '../exit-code.ts';
import { HtmlReport } from '../html-report.ts';
import { Interruption } from '../interruption.ts';
import { asHarnessError, printError } from '../print-error.ts';
import { defaultKubeconfig, prometheusOf, usage } from '../prometheus-access.ts';
import { type Reporter, writeUpgradeReports } from '../reports.ts';
import { scenarioPaths, shippedScenarios } from '../shipped.ts';

/** Where another grace than the usual one is needed: namespaces take their time to go, and so do a cluster's nodes. */
const GRACE_MS: Record<string, number> = { kind: 90_000 };
const DEFAULT_SCENARIO = 'baseline.yaml';

export interface UpgradeArguments extends ClusterArguments {
  from?: string;
  to?: string;
  prometheusFrom?: string;
  prometheusTo?: string;
  rules: string[];
  dashboards: string[];
  fromPrometheus?: string;
  fromPrometheusTokenFile?: string;
  fromPrometheusCa?: string;
  fromPrometheusUser?: string;
  fromPrometheusPasswordFile?: string;
  fromCluster?: boolean;
  context?: string;
  kubeconfig?: string;
  repeat: number;
  maxLatencyIncrease?: number;
  environment: string;
  out: string;
  reporter: Reporter[];
  seed?: number;
  parallel: number;
  k6?: string;
  prometheus?: string;
  kind?: string;
  linkerdFrom?: string;
  linkerdTo?: string;
}

/** `meshproof upgrade`: try it, and say go or no-go. */
export async function upgrade(paths: string[], args: UpgradeArguments, context: CliContext): Promise<ExitCode> {
  const { env, stderr, stdout } = context;
  const change = changeOf(args);
  const queries = await sourcesOf(args, env);
  const view = createLive(stderr, { tty: drawsIn(stderr, env), color: coloursIn(stderr, env) });
  const onFirst = (signal: string) => view.note(`${signal}: ending what runs; once more ends it at once`);
  using interruption = new Interruption(context, onFirst, context.graceMs ?? GRACE_MS[args.environment]);
  using _closed = { [Symbol.dispose]: () => view.close() };
  const html = new HtmlReport(args.reporter, interruption, context);
  const loaded = await loadScenarios(
    paths.length > 0 ? scenarioPaths(paths) : [join(shippedScenarios(), DEFAULT_SCENARIO)],
  );
  const { seed } = args;
  const scenarios = seed === undefined ? loaded : loaded.map((scenario) => ({ ...scenario, seed }));
  interruption.signal.throwIfAborted();
  const { path: dir } = await createRunDir(args.out);
  const { upgrade: tryUpgrade } = await import('../../upgrade/index.ts');
  const work = tryUpgrade({
    ...{ scenarios, queries, ...change },
    ...{ repeat: args.repeat, parallel: args.parallel, environment: args.environment, kind: kindOptions(args) },
    runDir: dir,
    tools: { k6: args.k6, prometheus: args.prometheus, kind: args.kind },
    linkerdCli: { from: args.linkerdFrom, to: args.linkerdTo },
    maxLatencyIncrease: args.maxLatencyIncrease ?? null,
    signal: interruption.signal,
    progress: progressOn(view),
  });
  const result = await interruption.bound(work).catch((error) => brokenOff(error, dir, context));
  view.close();
  if (args.reporter.includes('terminal')) {
    stdout.write(renderUpgradeTerminal(result, { color: coloursIn(stdout, env), width: widthOf(stdout) }));
  }
  await writeUpgradeReports(dir, result, args.reporter);
  await html.write(dir, result);
  stdout.write(`results: ${dir}\n`);
  return exitCodeOfUpgrade(result);
}

/** What is changed. @throws HarnessError USAGE */
function changeOf(args: UpgradeArguments): Pick<UpgradeOptions, 'linkerd' | 'prometheus'> {
  const { from, to, prometheusFrom, prometheusTo, environment } = args;
  if ((from === undefined) !== (to === undefined)) {
    throw usage('--from and --to go together', 'name the version that runs, and the one that is to come');
  }
  const ofPrometheus = prometheusFrom !== undefined || prometheusTo !== undefined;
  if (from === undefined && !ofPrometheus) {
    throw usage(
      'nothing is said to be upgraded',
      'name versions of Linkerd with --from and --to, or a Prometheus with --prometheus-to',
    );
  }
  if (ofPrometheus && environment !== 'local') {
    throw usage('a Prometheus of this machine is of no use in a cluster', 'use --environment local');
  }
  return {
    linkerd: from === undefined || to === undefined ? null : { from, to },
    prometheus: ofPrometheus ? { from: prometheusFrom ?? null, to: prometheusTo ?? null } : null,
  };
}

/** Where rules and dashboards come from. @throws HarnessError USAGE */
async function sourcesOf(args: UpgradeArguments, env: NodeJS.ProcessEnv): Promise<UpgradeOptions['queries']> {
  if (!args.fromCluster && (args.context !== undefined || args.kubeconfig !== undefined)) {
    throw usage('a cluster is named, and nothing is read of it', 'add --from-cluster');
  }
  const prometheus = await prometheusOf(
    {
      url: args.fromPrometheus,
      tokenFile: args.fromPrometheusTokenFile,
      ca: args.fromPrometheusCa,
      user: args.fromPrometheusUser,
      passwordFile: args.fromPrometheusPasswordFile,
    },
    '--from-prometheus',
  );
  return {
    rules: args.rules,
    dashboards: args.dashboards,
    ...(prometheus && { prometheus }),
    ...(args.fromCluster && {
      cluster: { kubeconfig: args.kubeconfig ?? defaultKubeconfig(env), context: args.context ?? null },
    }),
  };
}

function progressOn(view: LiveView): UpgradeOptions['progress'] {
  return {
    event: (run, event) => view.event(run, event),
    runDone: (result) => view.scenarioDone(result),
    note: (line) => view.note(line),
  };
}

/** What is left of an upgrade whose pipeline did not return: its own record as far as it was written. */
async function brokenOff(thrown: unknown, dir: string, { env, stderr }: CliContext): Promise<UpgradeResult> {
  const error: HarnessError = asHarnessError(thrown);
  const record = await readUpgrade(join(dir, UPGRADE_FILE)).catch(() => null);
  if (!record) {
    // Nothing was measured: leave no folder that looks like a run, unless it holds logs.
    await rmdir(dir).catch(() => {});
    throw thrown;
  }
  if (env.MESHPROOF_DEBUG && !(thrown instanceof InterruptedError)) printError(error, stderr, env);
  const { code, message, hint } = error;
  const open = { weight: 'open' as const, about: 'run' as const, text: `it broke off: ${message}`, remedy: hint };
  return {
    ...record,
    decision: record.decision === 'no-go' ? 'no-go' : 'undecided',
    reasons: [...record.reasons, open],
    error: { code, message, hint },
  };
}
