import { rmdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { EXIT, type ExitCode, HarnessError } from '../../core/errors.ts';
import { DEFAULT_KIND_OPTIONS } from '../../environment/contract.ts';
import { ALL_CASES } from '../../matrix/cases/index.ts';
import { loadBases, selectCases } from '../../matrix/load.ts';
import { planWorlds } from '../../matrix/plan.ts';
import type { FaultsRecord, WorldRecord } from '../../matrix/record.ts';
import type { MatrixProgress } from '../../matrix/run.ts';
import { renderFaultsTerminal } from '../../matrix/terminal.ts';
import type { FaultCase } from '../../matrix/types.ts';
import { formatDuration, plural } from '../../report/format.ts';
import { oneLine } from '../../report/text.ts';
import { createRunDir } from '../../result/run-dir.ts';
import { type CliContext, coloursIn, widthOf } from '../context.ts';
import { HtmlReport } from '../html-report.ts';
import { Interruption } from '../interruption.ts';
import type { Reporter } from '../reports.ts';

/** On a machine that does other things too; two were right as well, where the matrix was measured (docs/verification.md). */
const WORLDS_PER_CORE = 1;
const GRACE_MS: Record<string, number> = { kind: 90_000 };

export interface FaultsArguments {
  environment: string;
  repeat: number;
  seed: number;
  parallel?: number;
  clean?: number;
  pairs: number;
  out: string;
  reporter: Reporter[];
  list?: boolean;
  k6?: string;
  prometheus?: string;
  kind?: string;
  reuse?: boolean;
  registryMirror?: string;
  nodeImage?: string;
  baseImage?: string;
}

/** `meshproof faults`: provoke every failure of telemetry, and score what the diagnosis makes of it. */
export async function faults(names: string[], args: FaultsArguments, context: CliContext): Promise<ExitCode> {
  const cases = casesFor(names, args.environment);
  if (args.list) {
    for (const { name, cause } of cases) context.stdout.write(`${name}${name === cause ? '' : `  (${cause})`}\n`);
    return EXIT.pass;
  }
  const progress = progressOn(context);
  const onFirst = (signal: string) => progress.note(`${signal}: ending what runs; once more ends it at once`);
  using interruption = new Interruption(context, onFirst, context.graceMs ?? GRACE_MS[args.environment]);
  const html = new HtmlReport(args.reporter, interruption, context);
  const bases = await loadBases(cases);
  const { seed, repeat, pairs } = args;
  const clean = args.clean ?? cases.length * repeat;
  const worlds = planWorlds(cases, bases, { seed, repeat, pairs, clean });
  const { runMatrix } = await import('../../matrix/run.ts');
  const { path: dir } = await createRunDir(args.out);
  let record: FaultsRecord;
  try {
    record = await interruption.bound(
      runMatrix(worlds, {
        environment: args.environment,
        kind: kindOptions(args),
        runDir: dir,
        seed,
        repeat,
        parallel: args.parallel ?? Math.max(1, WORLDS_PER_CORE * availableParallelism()),
        tools: { k6: args.k6, prometheus: args.prometheus, kind: args.kind },
        markdown: args.reporter.includes('markdown'),
        signal: interruption.signal,
        progress,
      }),
    );
  } catch (error) {
    // Nothing was measured: leave no folder that looks like a run, unless it holds logs.
    await rmdir(dir).catch(() => {});
    throw error;
  }
  if (args.reporter.includes('terminal')) {
    const options = { color: coloursIn(context.stdout, context.env), width: widthOf(context.stdout) };
    context.stdout.write(renderFaultsTerminal(record, options));
  }
  await html.write(dir, record);
  context.stdout.write(`results: ${dir}\n`);
  return exitCodeOf(record);
}

/** @throws HarnessError UNKNOWN_CASE, NOT_IN_CLUSTER */
function casesFor(names: string[], environment: string): FaultCase[] {
  const cases = selectCases(names, ALL_CASES);
  if (environment === 'local') return cases;
  const able = cases.filter((one) => one.inCluster);
  if (able.length === 0 || (names.length > 0 && able.length < cases.length)) {
    const [first] = cases.filter((one) => !one.inCluster);
    throw new HarnessError('NOT_IN_CLUSTER', `the case ${first?.name} is not for clusters`, {
      hint: `these are: ${ALL_CASES.filter((one) => one.inCluster)
        .map((one) => one.name)
        .join(', ')}`,
      exitCode: EXIT.invalidInput,
    });
  }
  return able;
}

function kindOptions(args: FaultsArguments) {
  return {
    ...DEFAULT_KIND_OPTIONS,
    // Faults are provoked in sidecars of our own.
    mesh: 'simulated' as const,
    reuse: args.reuse ?? false,
    registryMirror: args.registryMirror ?? null,
    nodeImage: args.nodeImage ?? null,
    baseImage: args.baseImage ?? null,
  };
}

/** A line for each world as it ends. */
function progressOn({ stderr }: CliContext): MatrixProgress {
  return {
    worldDone(world, done, planned) {
      const time = formatDuration(world.durationMs);
      stderr.write(`${done}/${planned} ${world.name}: ${outcomeText(world)} (${time})\n`);
    },
    note: (line) => {
      stderr.write(`${oneLine(line)}\n`);
    },
  };
}

function outcomeText({ kind, outcome, why, diagnosed }: WorldRecord): string {
  if (outcome !== 'right') return `${outcome.toUpperCase()}: ${oneLine(why)}`;
  return kind === 'clean' ? 'right, nothing is wrong' : `right, ${plural(diagnosed.length, 'cause')} named`;
}

function exitCodeOf({ error, verdict, worlds }: FaultsRecord): ExitCode {
  if (error?.code === 'INTERRUPTED') return EXIT.interrupted;
  if (verdict === 'pass') return EXIT.pass;
  if (verdict === 'fail') return EXIT.fail;
  return worlds.some(({ outcome }) => outcome === 'error') ? EXIT.environment : EXIT.inconclusive;
}
