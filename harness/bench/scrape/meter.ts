import { epochMs } from '../../core/clock.ts';
import { readProcessUsage } from '../../core/process-usage.ts';
import type { PrometheusServer } from '../../prometheus/server.ts';
import { readOwnPage } from './own-page.ts';

export interface UsageAt {
  atMs: number;
  /** Since its start. */
  cpuSeconds: number;
  residentBytes: number;
}

/**
 * What Prometheus uses. Of a process of this machine the kernel tells, at no cost to it; of one elsewhere (a container) its own
 * page does, which has the same numbers, and which it renders for us.
 */
export async function usageOf(prometheus: PrometheusServer): Promise<UsageAt> {
  const pid = pidOf(prometheus);
  const own = pid === undefined ? undefined : (await readProcessUsage([pid])).get(pid);
  if (own) return own;
  const atMs = epochMs();
  const page = readOwnPage(await prometheus.client.ownPage());
  return { atMs: (atMs + epochMs()) / 2, cpuSeconds: page.cpuSeconds, residentBytes: page.residentBytes };
}

function pidOf({ child }: PrometheusServer): number | undefined {
  return 'pid' in child ? (child.pid as number | undefined) : undefined;
}

/** CPU seconds of a window, of two readings that were taken about its ends. */
export function cpuWithin(from: UsageAt, until: UsageAt, windowMs: number): number {
  const took = until.atMs - from.atMs;
  return took > 0 ? ((until.cpuSeconds - from.cpuSeconds) * windowMs) / took : 0;
}
