import type { CauseId } from '../../causes/ids.ts';
import type { Finding } from './types.ts';

/**
 * Causes whose finding explains another's symptom at the same pods: the second is left out there. Only what follows from the
 * first belongs here; faults that are independent of one another are both named.
 */
const EXPLAINS: readonly { cause: CauseId; explains: readonly CauseId[] }[] = [
  // A workload that only calls and stands outside the mesh is one fact, and its callees' plaintext is the better name for it.
  { cause: 'client-not-meshed', explains: ['pod-not-injected'] },
  // Prometheus lists nobody's pods: that it lists none of these namespaces follows.
  { cause: 'rbac-denied', explains: ['rbac-some-namespaces'] },
];

/** Leaves out what another finding explains, pod by pod; and what is undecided where one of its causes is decided. */
export function applyPrecedence(findings: readonly Finding[]): Finding[] {
  const decided = findings.filter((f) => f.causes.length === 1);
  return findings.flatMap((finding) => {
    const explaining = decided.filter((other) => other !== finding && explains(other, finding));
    if (explaining.length === 0) return [finding];
    const explained = new Set(explaining.flatMap((f) => f.pods));
    const pods = finding.pods.filter((pod) => !explained.has(pod));
    return pods.length === 0 ? [] : [{ ...finding, pods }];
  });
}

function explains(one: Finding, other: Finding): boolean {
  const [cause] = one.causes;
  if (other.causes.length > 1 && other.causes.includes(cause)) {
    return other.pods.length > 0 ? one.pods.length > 0 : one.subject === other.subject;
  }
  const follows = EXPLAINS.filter((rule) => rule.cause === cause).flatMap((rule) => rule.explains);
  return other.causes.every((id) => follows.includes(id));
}
