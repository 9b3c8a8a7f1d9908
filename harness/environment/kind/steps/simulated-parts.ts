import type { ControlPlaneSpec } from '../../../mesh/cluster/contract.ts';
import { controlPlaneManifests } from '../../../mesh/cluster/manifests/index.ts';
import type { Kube } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import { CONTROL_PLANE_NAMESPACE, type Images, TRUST_DOMAIN, VIZ_NAMESPACE } from '../contract.ts';
import { waitForInjection } from '../injection-check.ts';
import { fingerprint } from '../linkerd/installation.ts';

/** What installing the simulated control plane and upgrading it have in common. */

export const READY_DEADLINE_MS = 120_000;
const INJECTION_DEADLINE_MS = 30_000;
/** Any namespace in which injection is not forbidden, and that every cluster has. */
const INJECTED_NAMESPACE = 'default';
/** Annotation of the namespace: when the first of the installation's certificates ends. */
export const CERTIFICATES_UNTIL = 'meshproof.io/certificates-until';

/** @param version a profile's own name */
export function specOf(version: string, images: Pick<Images, 'proxy'>): ControlPlaneSpec {
  return {
    namespace: CONTROL_PLANE_NAMESPACE,
    vizNamespace: VIZ_NAMESPACE,
    trustDomain: TRUST_DOMAIN,
    version,
    image: images.proxy,
  };
}

/** Whatever is applied counts, save the keys and certificates, which are others each time. */
export function inputsOf(spec: ControlPlaneSpec): string {
  const tls = { certPem: '', keyPem: '' };
  const authority = { anchorPem: '', issuerPem: '', issuerKeyPem: '' };
  const manifests = controlPlaneManifests(spec, { authority, destinationTls: tls, injectorTls: tls });
  return fingerprint('simulated', JSON.stringify(manifests));
}

export async function ready(kube: Kube, expected: number, signal: AbortSignal): Promise<void> {
  const what = "the simulated mesh's control plane";
  const select = { namespace: CONTROL_PLANE_NAMESPACE };
  await waitForPods(kube, { what, select, expected, deadlineMs: READY_DEADLINE_MS, signal });
}

export function injects(kube: Kube, signal: AbortSignal): Promise<void> {
  return waitForInjection(kube, INJECTED_NAMESPACE, { deadlineMs: INJECTION_DEADLINE_MS, signal });
}
