import { isDeepStrictEqual } from 'node:util';
import { EXIT, HarnessError } from '../core/errors.ts';
import type { MeshPodConfig } from '../mesh/contract.ts';
import type { FaultSpec, FaultType } from '../scenario/fault.ts';
import { copyOf, type Draft } from './draft.ts';
import { localFault } from './registry.ts';

/** A job is copied before anything is done to it, and has its own name while something is. */
const FIRST: ReadonlySet<FaultType> = new Set(['second-job']);
const LAST: ReadonlySet<FaultType> = new Set(['job-name']);

/** The draft with these faults in it; what is given is not changed. @throws HarnessError FAULT_NOT_HERE and what a fault throws */
export function withFaults(draft: Draft, specs: readonly FaultSpec[]): Draft {
  const changed = copyOf(draft);
  const order = ({ type }: FaultSpec) => (FIRST.has(type) ? 0 : LAST.has(type) ? 2 : 1);
  for (const spec of specs.toSorted((a, b) => order(a) - order(b))) localFault(spec).plan?.(spec as never, changed);
  return changed;
}

/** The draft with what these faults need before anything starts; what is given is not changed. */
export function preparedFor(draft: Draft, specs: readonly FaultSpec[]): Draft {
  const changed = copyOf(draft);
  for (const spec of specs) localFault(spec).prepare?.(spec as never, changed);
  return changed;
}

/** Those that are there from before Prometheus starts. */
export function fromTheStart(specs: readonly FaultSpec[]): FaultSpec[] {
  return specs.filter((spec) => spec.atMs === null);
}

/**
 * Makes sure that every fault can be done, those with an `at` while everything runs.
 * @throws HarnessError FAULT_NOT_HERE, FAULT_NOT_TIMED, and what a fault throws
 */
export function checkFaults(draft: Draft, specs: readonly FaultSpec[]): void {
  const atStart = fromTheStart(specs);
  const before = withFaults(draft, atStart);
  for (const spec of specs) {
    // What is there from the start and ends before the run does is taken back at run time just as well.
    const timed = spec.atMs !== null || spec.untilMs !== null;
    if (!timed) continue;
    const others = spec.atMs === null ? atStart.filter((one) => one !== spec) : [...atStart, spec];
    const what = fixedDifference(before, withFaults(draft, others));
    if (what === null) continue;
    throw new HarnessError('FAULT_NOT_TIMED', `fault ${spec.type} changes ${what}, which can't be done at run time`, {
      hint: 'leave out `at` and `for`: it is there from the start then, and to the end',
      exitCode: EXIT.invalidInput,
    });
  }
}

/** What of a running environment would have to change that can't; null: nothing. */
function fixedDifference(a: Draft, b: Draft): string | null {
  if (!isDeepStrictEqual(a.processes, b.processes)) return 'a service';
  if (!isDeepStrictEqual(a.loadHosts, b.loadHosts)) return 'where the load generator connects';
  if (!isDeepStrictEqual(a.prometheusArgs, b.prometheusArgs)) return "Prometheus' arguments";
  if (a.prometheusAheadMs !== b.prometheusAheadMs) return "the clock of Prometheus' host";
  return isDeepStrictEqual(fixedMesh(a), fixedMesh(b)) ? null : 'the mesh';
}

function fixedMesh({ mesh }: Draft): unknown {
  const { clusterFaults: _cluster, pods, ...rest } = mesh;
  return { ...rest, pods: pods.map(({ faults: _faults, ...pod }: MeshPodConfig) => pod) };
}
