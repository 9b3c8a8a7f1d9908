import {
  isOfAnotherNamespace,
  type ProcessIdentity,
  processIdentity,
  processIsAlive,
} from '../../core/process-identity.ts';

/** Labels by which containers of a run that was killed are found. */
export const CONTAINER_LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  /** `<pid> <start>` of the process that started it. */
  owner: 'meshproof.io/owner',
  tool: 'meshproof.io/tool',
} as const;

export function ownLabels(tool: string): Record<string, string> {
  const { pid, pidStart } = processIdentity(process.pid) ?? { pid: process.pid, pidStart: '' };
  return {
    [CONTAINER_LABELS.managedBy]: 'meshproof',
    [CONTAINER_LABELS.owner]: `${pid} ${pidStart}`,
    [CONTAINER_LABELS.tool]: tool,
  };
}

/** Whether the process that started a container has gone for certain. */
export function isOrphan(labels: Record<string, string>): boolean {
  const [, pid, pidStart] = labels[CONTAINER_LABELS.owner]?.match(/^(\d+) (.+)$/) ?? [];
  if (!pid || !pidStart) return false;
  const owner: ProcessIdentity = { pid: Number(pid), pidStart };
  return !isOfAnotherNamespace(owner) && !processIsAlive(owner);
}
