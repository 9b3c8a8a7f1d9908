import { type Child, liveChildren } from '../../core/process.ts';
import { readProcessUsage } from '../../core/process-usage.ts';
import type { ToolProcess } from '../../core/tool.ts';
import type { UsageReading } from '../contract.ts';

/** The processes of a local world. */
export interface LocalProcesses {
  mesh: Child;
  /** null: away just now. */
  services: readonly (Child | null)[];
  prometheus: ToolProcess;
  /** No pod has a proxy: the mesh's process is the control plane alone. */
  unmeshed: boolean;
}

/**
 * What they have used. All sidecars are one process, `mesh`, which is also the control plane and the Kubernetes API with which
 * Prometheus discovers: its part is `proxy`. Every k6 that runs now is `load`: two scenarios at a time can't be told apart. What
 * runs in a container instead of here is left out, and so is what has ended; a process that was started again begins at 0.
 * @throws HarnessError USAGE_UNREADABLE
 */
export async function localUsage({ mesh, services, prometheus, unmeshed }: LocalProcesses): Promise<UsageReading[]> {
  const processes = [
    { part: 'harness' as const, name: 'harness', pid: process.pid },
    ...services.flatMap((child) => (child ? { part: 'app' as const, ...named(child) } : [])),
    { part: unmeshed ? ('control-plane' as const) : ('proxy' as const), ...named(mesh) },
    { part: 'prometheus' as const, ...named(prometheus) },
    ...liveChildren()
      .filter((child) => child.name === LOAD)
      .map((child) => ({ part: 'load' as const, ...named(child) })),
  ];
  const used = await readProcessUsage(processes.flatMap(({ pid }) => pid ?? []));
  return processes.flatMap(({ part, name, pid }) => {
    const usage = pid === undefined ? undefined : used.get(pid);
    return usage ? { part, name, ...usage } : [];
  });
}

const LOAD = 'k6';

/** Without a pid where it is not a process of this machine. */
function named(tool: ToolProcess | Child): { name: string; pid: number | undefined } {
  return { name: tool.name, pid: 'pid' in tool ? tool.pid : undefined };
}
