import { join } from 'node:path';
import type { CapacityOptions } from '../../bench/capacity/options.ts';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import { capacityBlocks, carries } from '../../report/bench/capacity.ts';
import { pointLine } from '../../report/bench/point-line.ts';
import { readCapacity } from '../../result/bench/read.ts';
import type { CapacityResult, Objectives } from '../../result/bench/types.ts';
import { CAPACITY_FILE, writeCapacity } from '../../result/bench/write.ts';
import { loadScenarios } from '../../scenario/load.ts';
import { runBench } from '../bench-run.ts';
import { type ClusterArguments, kindOptions } from '../cluster-arguments.ts';
import type { CliContext } from '../context.ts';
import { usage } from '../prometheus-access.ts';
import type { Reporter } from '../reports.ts';
import { scenarioPaths, shippedScenarios } from '../shipped.ts';

/** Namespaces take their time to go, and so do a cluster's nodes. */
const GRACE_MS: Record<string, number> = { kind: 90_000 };
const DEFAULT_SCENARIO = 'baseline.yaml';
const DEFAULT_P99_MS = 500;

export interface CapacityArguments extends ClusterArguments {
  p50?: number;
  p95?: number;
  p99?: number;
  successRate: number;
  of?: string;
  side: 'meshed' | 'unmeshed' | 'both';
  atLeast?: number;
  startRate?: number;
  minRate?: number;
  maxRate?: number;
  measure?: number;
  warmup?: number;
  precision?: number;
  maxPoints?: number;
  curve: boolean;
  resume?: string;
  environment: string;
  out: string;
  reporter: Reporter[];
  seed?: number;
  k6?: string;
  prometheus?: string;
  kind?: string;
  linkerd?: string;
}

/** `meshproof bench capacity`: the largest sustainable arrival rate, and the price of the mesh. */
export async function benchCapacity(
  path: string | undefined,
  args: CapacityArguments,
  context: CliContext,
): Promise<ExitCode> {
  checkRates(args);
  const [loaded, ...others] = await loadScenarios(
    path === undefined ? [join(shippedScenarios(), DEFAULT_SCENARIO)] : scenarioPaths([path]),
  );
  if (!loaded || others.length > 0) {
    throw usage(`${path} holds ${others.length + 1} scenarios`, 'name one: a capacity is that of one scenario');
  }
  const scenario = args.seed === undefined ? loaded : { ...loaded, seed: args.seed };
  const of = args.of === undefined ? '*' : qualified(args.of, scenario.services);
  const bench = await import('../../bench/capacity/index.ts');
  return runBench<CapacityResult>(
    {
      out: args.out,
      resume: args.resume ?? null,
      reporter: args.reporter,
      graceMs: GRACE_MS[args.environment],
      work: ({ runDir, signal, view }) =>
        bench.capacity({
          ...{ scenario, runDir, signal, environment: args.environment, kind: kindOptions(args) },
          objectives: objectivesOf(args),
          ...{ of, atLeast: args.atLeast },
          sides: args.side === 'both' ? ['meshed', 'unmeshed'] : [args.side],
          tools: { k6: args.k6, prometheus: args.prometheus, kind: args.kind, linkerd: args.linkerd },
          measuredSeconds: args.measure === undefined ? bench.DEFAULT_MEASURED_SECONDS : args.measure / 1000,
          warmupSeconds: args.warmup === undefined ? bench.DEFAULT_WARMUP_SECONDS : args.warmup / 1000,
          rates: { start: args.startRate, min: args.minRate, max: args.maxRate },
          precision: args.precision ?? bench.DEFAULT_PRECISION,
          maxPoints: args.maxPoints ?? bench.DEFAULT_MAX_POINTS,
          level: bench.DEFAULT_LEVEL,
          curve: args.curve,
          resume: args.resume ?? null,
          progress: {
            event: () => {},
            pointDone: (point, side) => view.note(pointLine(point, side)),
            note: (line) => view.note(line),
          },
        } satisfies CapacityOptions),
      read: (dir) => readCapacity(join(dir, CAPACITY_FILE)),
      write: writeCapacity,
      blocks: (record) => capacityBlocks(record, args.atLeast ?? null),
      exitCode: (record) => exitCodeOfCapacity(record, args.atLeast ?? null),
    },
    context,
  );
}

/** Interrupted before all else; what broke off; then whether it is found, and enough. */
export function exitCodeOfCapacity(result: CapacityResult, atLeast: number | null): ExitCode {
  if (result.error) return result.error.code === 'INTERRUPTED' ? EXIT.interrupted : EXIT.environment;
  if (atLeast !== null) {
    return { yes: EXIT.pass, no: EXIT.fail, open: EXIT.inconclusive }[carries(result, atLeast)];
  }
  const found = result.sides.length > 0 && result.sides.every(({ capacity, converged }) => capacity && converged);
  return found ? EXIT.pass : EXIT.inconclusive;
}

function objectivesOf({ p50, p95, p99, successRate }: CapacityArguments): Objectives {
  const none = p50 === undefined && p95 === undefined && p99 === undefined;
  return { p50Ms: p50 ?? null, p95Ms: p95 ?? null, p99Ms: p99 ?? (none ? DEFAULT_P99_MS : null), successRate };
}

/** @throws HarnessError USAGE */
function checkRates({ minRate = 0, maxRate = Number.POSITIVE_INFINITY, startRate }: CapacityArguments): void {
  if (minRate >= maxRate) throw usage('--min-rate is not below --max-rate', 'leave one of them out');
  if (startRate !== undefined && (startRate < minRate || startRate > maxRate)) {
    throw usage('--start-rate is outside of --min-rate and --max-rate', 'leave one of them out');
  }
}

/** `web` or `shop/web` as the service that is meant. @throws HarnessError USAGE */
function qualified(name: string, services: readonly { id: string; name: string }[]): string {
  const found = services.filter((service) => service.id === name || service.name === name);
  if (found.length === 1) return found[0]!.id;
  const known = services.map(({ id }) => id).join(', ');
  throw usage(
    found.length === 0 ? `--of: the scenario has no service ${name}` : `--of: ${name} is the name of several services`,
    `it has ${known}`,
  );
}
