import type { UsageReading } from '../../environment/contract.ts';
import type { PartUsage } from '../../result/bench/types.ts';

/**
 * What the parts used within the window. A reading says how old it is by itself (a cluster's are some seconds old), so what was
 * used is divided by the time between the two readings of each, not by the window. A process that was there at one end alone has
 * memory, but no CPU that could be told.
 * @param first at the window's beginning
 * @param memory within it; empty: as at its end
 * @param last at its end
 */
export function usageOf(
  first: readonly UsageReading[],
  memory: readonly UsageReading[],
  last: readonly UsageReading[],
  requestsPerSecond: number,
): PartUsage[] {
  const before = new Map(first.map((reading) => [keyOf(reading), reading]));
  const parts = [...new Set(last.map(({ part }) => part))];
  return parts.map((part) => {
    const its = last.filter((reading) => reading.part === part);
    const cores = its.reduce((sum, reading) => sum + coresOf(before.get(keyOf(reading)), reading), 0);
    const held = memory.some((reading) => reading.part === part) ? memory : last;
    const residentBytes = held.reduce((sum, reading) => sum + (reading.part === part ? reading.residentBytes : 0), 0);
    return {
      part,
      cores,
      cpuSecondsPer1000Requests: requestsPerSecond > 0 ? (1000 * cores) / requestsPerSecond : 0,
      residentBytes,
    };
  });
}

const keyOf = ({ part, name }: UsageReading) => `${part} ${name}`;

function coresOf(from: UsageReading | undefined, to: UsageReading): number {
  if (!from || to.atMs <= from.atMs) return 0;
  // Less than before: it was started anew.
  return Math.max(0, to.cpuSeconds - from.cpuSeconds) / ((to.atMs - from.atMs) / 1000);
}
