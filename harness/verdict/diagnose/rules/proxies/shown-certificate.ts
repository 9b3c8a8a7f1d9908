import type { PeerCertificate } from '../../../../evidence/types.ts';
import type { Ask, DiagnosisInput } from '../../types.ts';
import { type PodView, proxyOf } from './view.ts';

/** So many handshakes are nothing; more of them would be felt in a cluster that exists. */
const AT_MOST = 200;

/** The certificate that a pod's proxy shows; undefined: not asked yet, not to be had, or there is none. */
export function shownCertificate(input: DiagnosisInput, ask: Ask, pod: PodView): PeerCertificate | undefined {
  const { pods } = input.evidence.cluster;
  const few = (pods?.filter((one) => proxyOf(one) !== undefined).length ?? 0) <= AT_MOST;
  if (!few || pod.object === null || proxyOf(pod.object) === undefined) return undefined;
  // One that has ended shows nothing; its address may be another's by now.
  if (pod.object.status.phase !== 'Running' && pod.object.status.phase !== 'Pending') return undefined;
  const answer = ask({ ask: 'certificate', namespace: pod.namespace, pod: pod.name });
  return answer?.to === 'certificate' ? answer.certificate : undefined;
}
