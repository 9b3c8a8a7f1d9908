import type { Kube, ObjectRef } from '../kubernetes/contract.ts';
import { LABELS } from '../kubernetes/contract.ts';

/** Deletes what a run put into a cluster that stays: exactly what carries its label. @throws HarnessError NAMESPACE_STUCK */
export async function removeRun(
  kube: Kube,
  runId: string,
  options: { deadlineMs?: number } = {},
): Promise<ObjectRef[]> {
  const refs = await kube.labelled({ [LABELS.managedBy]: 'meshproof', [LABELS.run]: runId });
  if (refs.length > 0) await kube.delete(refs, { graceSeconds: 0, ...options });
  return refs;
}
