import { EXIT, HarnessError } from '../core/errors.ts';
import { findProfile, takenAs } from '../mesh/profiles/index.ts';
import type { UpgradePhase } from '../result/upgrade/types.ts';
import type { Scenario } from '../scenario/model.ts';
import { stretched } from './stretch.ts';

/** One run to be made. */
export interface PlannedRun {
  scenario: Scenario;
  phase: UpgradePhase;
  /** From 1. */
  repeat: number;
  /** Folder within that of the upgrade. */
  dir: string;
}

/**
 * In what order before (A) and after (B) run: by turns, and the turns by turns (A B B A A B), so that a machine that gets slower
 * and slower is in both alike. The last one is always an after: it is looked at last.
 */
export function turns(repeat: number): { phase: 'before' | 'after'; repeat: number }[] {
  return Array.from({ length: repeat }, (_, i) => i + 1).flatMap((n) => {
    const pair = [
      { phase: 'before' as const, repeat: n },
      { phase: 'after' as const, repeat: n },
    ];
    return (repeat - n) % 2 === 0 ? pair : pair.reverse();
  });
}

export interface PlanOptions {
  repeat: number;
  /** Versions of the mesh; null: as the scenario says, and there is no roll-out. */
  linkerd: { from: string; to: string } | null;
  /** What a roll-out takes in this environment. */
  pace: RolloutPace;
  /** Before and after can be had by turns. */
  interleaved: boolean;
  /** A rule file for every run. */
  rules: string | null;
}

/** How long a roll-out takes, ms: what it is planned with, generously. */
export interface RolloutPace {
  controlPlaneMs: number;
  podMs: number;
}

/** Two processes come up and two end; in a cluster, pods with what they pull in and how long they linger. */
export const PACES: Record<'local' | 'kind' | 'linkerd', RolloutPace> = {
  local: { controlPlaneMs: 5000, podMs: 4000 },
  kind: { controlPlaneMs: 30_000, podMs: 25_000 },
  linkerd: { controlPlaneMs: 90_000, podMs: 30_000 },
};

/**
 * The runs of a scenario, stage by stage; those of a stage may be side by side. Before and after by turns, of which the last is
 * alone: it is looked at when all others are known; then the roll-out. Not interleaved: with the roll-out in between.
 */
export function planStages(scenario: Scenario, options: PlanOptions): PlannedRun[][] {
  const { repeat, linkerd, interleaved, rules } = options;
  const base: Scenario = { ...scenario, ...(rules !== null && { rules }) };
  const at = (version: string | undefined): Scenario =>
    version === undefined ? base : { ...base, mesh: { ...base.mesh, version } };
  const run = (phase: UpgradePhase, n: number, its: Scenario): PlannedRun => ({
    scenario: its,
    phase,
    repeat: n,
    dir: `${scenario.name}/${phase}${phase === 'during' ? '' : `-${n}`}`,
  });
  const around = turns(repeat).map(({ phase, repeat: n }) =>
    run(phase, n, at(phase === 'before' ? linkerd?.from : linkerd?.to)),
  );
  const during = linkerd ? [run('during', 1, stretched(at(linkerd.from), linkerd.to, options.pace))] : [];
  const before = around.filter(({ phase }) => phase === 'before');
  const after = around.filter(({ phase }) => phase === 'after');
  const stages = interleaved
    ? [around.slice(0, -1), around.slice(-1), during]
    : [before, during, after.slice(0, -1), after.slice(-1)];
  return stages.filter((stage) => stage.length > 0);
}

/**
 * Whether one can be upgraded to the other.
 * @param known versions are the profiles of the simulated mesh
 * @returns what is to be said of those that have the profile of another one
 * @throws HarnessError UNKNOWN_MESH_VERSION, EQUAL_VERSIONS; both of invalid input
 */
export function checkVersions({ from, to }: { from: string; to: string }, known: boolean): string[] {
  const name = known ? (version: string) => findProfile(version).proxyVersion : plain;
  if (name(from) !== name(to)) return known ? [from, to].map(takenAs).filter(Boolean) : [];
  const same = from === to ? `${from} both times` : `${from} and ${to} are the same version, ${name(to)}`;
  const patch = known ? [from, to].map(takenAs).filter(Boolean) : [];
  throw new HarnessError('EQUAL_VERSIONS', `there is nothing to upgrade: ${[same, ...patch].join('; ')}`, {
    hint: 'name two versions that differ, or change Prometheus with --prometheus-to',
    exitCode: EXIT.invalidInput,
  });
}

const plain = (version: string) =>
  version
    .trim()
    .toLowerCase()
    .replace(/^(?:stable-|v)(?=\d)/, '');
