import { cpus } from 'node:os';
import type { CapacityPoint, PartUsage } from '../../result/bench/types.ts';
import { median } from './price.ts';

/** What the whole machine had been busy for, at a moment. */
export interface MachineReading {
  atMs: number;
  busySeconds: number;
}

/** Of this machine, whoever uses it. */
export function readMachine(): MachineReading {
  const busyMs = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
  return { atMs: performance.now(), busySeconds: busyMs / 1000 };
}

/** Named so among the parts: programs that have nothing to do with the benchmark. */
export const OTHERS = 'other';

/**
 * What programs of this machine took that are none of the benchmark's. What they take the mesh can't have, so that a capacity is
 * that of what they left.
 * @param ours what the parts used meanwhile; none: nothing can be told
 */
export function othersOf(
  first: MachineReading | null,
  last: MachineReading | null,
  ours: readonly PartUsage[],
): PartUsage[] {
  if (!first || !last || last.atMs <= first.atMs || ours.length === 0) return [];
  const busy = (last.busySeconds - first.busySeconds) / ((last.atMs - first.atMs) / 1000);
  const cores = Math.max(0, busy - ours.reduce((sum, part) => sum + part.cores, 0));
  return [{ part: OTHERS, cores, cpuSecondsPer1000Requests: 0, residentBytes: 0 }];
}

/** Share of the machine that others may take before it is said. */
const NOTICED = 0.15;

/** One sentence where other programs took a good deal of the machine while these points were measured; else empty. */
export function othersRemark(points: readonly CapacityPoint[], machineCores: number): string {
  const taken = points.flatMap(({ usage }) => usage.filter(({ part }) => part === OTHERS).map(({ cores }) => cores));
  if (taken.length === 0) return '';
  const typical = median(taken);
  if (typical <= NOTICED * machineCores) return '';
  return `other programs of this machine took ${typical.toFixed(2)} of its ${machineCores} cores: it is the capacity of what they left`;
}
