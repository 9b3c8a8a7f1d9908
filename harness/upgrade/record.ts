import { changesBetween } from '../changes/index.ts';
import { InterruptedError } from '../core/errors.ts';
import { RESULT_API_VERSION, type Result } from '../result/types.ts';
import type {
  InputProblem,
  PhaseResult,
  QueryVerdict,
  RolloutRecord,
  ScenarioUpgrade,
  SchemaDifference,
  UpgradeReason,
  UpgradeResult,
  VersionChange,
} from '../result/upgrade/types.ts';
import { errorRecord } from '../run/records.ts';
import { lostTargets, stepsOf } from './analysis.ts';
import { decide } from './decide.ts';
import { compareLatency, type MeasuredLatency } from './latency.ts';
import { lostRequests } from './lost.ts';
import type { UpgradeOptions } from './options.ts';
import type { Sides } from './sides.ts';
import { notableReasons } from './why/index.ts';
import type { World } from './world.ts';

/** All that an upgrade has found so far. */
export interface Progress {
  options: UpgradeOptions;
  startedAt: Date;
  /** Monotonic milliseconds. */
  started: number;
  /** Whether before and after run by turns. */
  interleaved: boolean;
  sides: Sides;
  /** In the order in which they ended. */
  worlds: readonly World[];
  /** Folder of a world within that of the upgrade. */
  dirOf(world: World): string;
  schema: SchemaDifference;
  queries: QueryVerdict[];
  problems: readonly InputProblem[];
  /** Said besides, whatever the worlds say. */
  others: readonly UpgradeReason[];
  /** What ended it before its end. */
  error: unknown;
}

/** The record as it is by now, with the decision that it would be. */
export function recordOf(progress: Progress): UpgradeResult {
  const { options, worlds, schema, queries, problems, sides } = progress;
  const latencies: MeasuredLatency[] = [];
  const scenarios = options.scenarios
    .map(({ name }) => worlds.filter(({ scenario }) => scenario.name === name))
    .filter((its) => its.length > 0)
    .map((its) => {
      const latency = compareLatency(its);
      latencies.push(...latency);
      return scenarioOf(its, latency, progress);
    });
  const error = errorOf(progress);
  const { decision, reasons } = decide({
    ...{ scenarios, schema, queries, problems },
    lostTargets: lostTargets(worlds, schema),
    beyondDoubt: new Set(latencies.filter(({ beyondDoubt }) => beyondDoubt).map(({ change }) => change)),
    maxLatencyIncrease: options.maxLatencyIncrease,
    others: [...progress.others, ...worlds.flatMap(troublesOf), ...notable(worlds, schema)],
    ...(error && { error }),
  });
  return {
    apiVersion: RESULT_API_VERSION,
    kind: 'UpgradeResult',
    decision,
    reasons,
    startedAt: progress.startedAt.toISOString(),
    durationMs: Math.round(performance.now() - progress.started),
    environment: environmentOf(options.environment, worlds, sides),
    linkerd: options.linkerd && found(options.linkerd, worlds, ({ info }) => info && withV(info.mesh.proxyVersion)),
    prometheus: prometheusChange(progress),
    scenarios,
    schema,
    queries,
    problems: [...problems],
    ...(error && { error }),
  };
}

/** Known of this step, whether or not a query of the user's shows it. */
function notable(worlds: readonly World[], schema: SchemaDifference): UpgradeReason[] {
  const during = worlds.filter(({ phase }) => phase === 'during').flatMap((world) => world.schema ?? []);
  return notableReasons({ changes: changesBetween(stepsOf(worlds)), schema, during });
}

/** The record of one world, as result.json has it. */
export function resultOf(world: World, options: UpgradeOptions, sides: Sides): Result {
  const { result } = world;
  return {
    apiVersion: RESULT_API_VERSION,
    kind: 'Result',
    verdict: result.verdict,
    startedAt: result.startedAt,
    durationMs: result.durationMs,
    environment: environmentOf(options.environment, [world], sides),
    steps: [],
    scenarios: [result],
    ...(result.error && { error: result.error }),
  };
}

function scenarioOf(
  worlds: readonly World[],
  latency: readonly MeasuredLatency[],
  progress: Progress,
): ScenarioUpgrade {
  const during = worlds.filter(({ phase }) => phase === 'during');
  return {
    name: worlds[0]!.scenario.name,
    runs: worlds.map((world) => runOf(world, progress)),
    latency: latency.map(({ change }) => change),
    lost: lostRequests(
      during,
      worlds.filter(({ phase }) => phase !== 'during'),
    ),
    rollout: during.flatMap(rolloutOf),
    interleaved: progress.interleaved,
  };
}

function runOf(world: World, { dirOf }: Progress): PhaseResult {
  const { phase, repeat, result, troubles } = world;
  const { verdict, reasons, notes, flows, diagnoses = [], traffic, durationMs, error } = result;
  return {
    ...{ phase, repeat, dir: dirOf(world), verdict, reasons, flows, diagnoses, durationMs },
    notes: [...notes, ...troubles],
    requests: traffic.requests,
    failed: traffic.failed,
    ...(error && { error }),
  };
}

function rolloutOf({ rollout, originMs }: World): RolloutRecord[] {
  return rollout.map(({ atMs, ...event }) => ({ ...event, atMs: Math.round(atMs - originMs) }));
}

/** What could not be looked at leaves the question open; so does a roll-out that went on when nobody called any more. */
function troublesOf({ scenario, phase, troubles, rollout, trafficEndMs }: World): UpgradeReason[] {
  const about = 'run' as const;
  const open = troubles.map(
    (text): UpgradeReason => ({ weight: 'open', about, text: `${scenario.name}: ${text}`, remedy: '' }),
  );
  const late = rollout.filter(({ atMs, what }) => what === 'pod-leaving' && atMs > trafficEndMs).length;
  if (phase !== 'during' || late === 0) return open;
  const text = `${scenario.name}: ${late === 1 ? '1 pod was' : `${late} pods were`} replaced only after traffic had ended: nobody knows what that would have cost`;
  return [
    ...open,
    { weight: 'open', about, text, remedy: 'use a machine that is less busy, or a scenario with fewer pods' },
  ];
}

function environmentOf(name: string, worlds: readonly World[], sides: Sides): Result['environment'] {
  const info = worlds.find((world) => world.info)?.info;
  return {
    name,
    mesh: info?.mesh ?? { kind: 'unknown', version: '', proxyVersion: '' },
    tools: sides.found.map((tool) => ({
      name: tool.name,
      version: tool.version,
      path: tool.path,
      source: tool.source,
    })),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

function found(
  { from, to }: { from: string; to: string },
  worlds: readonly World[],
  read: (world: World) => string | null | undefined,
): VersionChange {
  const of = (phase: World['phase']) =>
    worlds.filter((world) => world.phase === phase).flatMap((world) => read(world) || [])[0] ?? '';
  return { from, to, fromFound: of('before'), toFound: of('after') };
}

function prometheusChange({ options, worlds }: Progress): VersionChange | null {
  const { prometheus, tools } = options;
  if (!prometheus) return null;
  const named = (path: string | null) => path ?? tools.prometheus ?? 'as it is found';
  const change = { from: named(prometheus.from), to: named(prometheus.to) };
  return found(change, worlds, ({ prometheusVersion }) => prometheusVersion);
}

const withV = (version: string) => (/^\d/.test(version) ? `v${version}` : version);

function errorOf({ error, options }: Progress): UpgradeResult['error'] {
  if (error !== null) return errorRecord(error);
  const { signal } = options;
  if (!signal.aborted) return undefined;
  return errorRecord(signal.reason instanceof Error ? signal.reason : new InterruptedError('a signal'));
}
