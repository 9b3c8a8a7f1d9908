import { createHash } from 'node:crypto';
import type { Kube, KubernetesObject } from '../../kubernetes/contract.ts';
import { CONTROL_PLANE_NAMESPACE } from '../contract.ts';

/** Annotations of Linkerd's namespace that say what was installed; written last, when all of it works. */
const NOTES = {
  inputs: 'meshproof.io/inputs',
  pods: 'meshproof.io/control-plane-pods',
  version: 'meshproof.io/linkerd-version',
  proxyVersion: 'meshproof.io/proxy-version',
} as const;

/** What is known of a finished installation. */
export interface Installation {
  /** Fingerprint of what determines it. */
  inputs: string;
  /** Pods of its control plane. */
  pods: number;
  version: string;
  proxyVersion: string;
}

/**
 * What determines an installation: the CLI's version and the values. Not what is rendered from them, which has other keys
 * and certificates each time.
 */
export function fingerprint(cliVersion: string, values: string): string {
  return createHash('sha256').update(`${cliVersion}\n${values}`).digest('hex').slice(0, 16);
}

export const namespaceRef = { apiVersion: 'v1', kind: 'Namespace', name: CONTROL_PLANE_NAMESPACE } as const;

/** What the namespace says about the installation in it; null when none was finished, or it is being deleted. */
export function readInstallation(namespace: KubernetesObject): Installation | null {
  if (namespace.metadata.deletionTimestamp !== undefined) return null;
  const annotations = namespace.metadata.annotations ?? {};
  const [inputs, version, proxyVersion] = [NOTES.inputs, NOTES.version, NOTES.proxyVersion].map((n) => annotations[n]);
  const pods = Number(annotations[NOTES.pods]);
  return inputs && version && proxyVersion && pods > 0 ? { inputs, pods, version, proxyVersion } : null;
}

/** The namespace as it was rendered, with the notes. Whole: server-side apply takes away what is left out. */
export function noted(namespace: KubernetesObject, installation: Installation): KubernetesObject {
  const { metadata } = namespace;
  const annotations = {
    ...metadata.annotations,
    [NOTES.inputs]: installation.inputs,
    [NOTES.pods]: String(installation.pods),
    [NOTES.version]: installation.version,
    [NOTES.proxyVersion]: installation.proxyVersion,
  };
  return { ...namespace, metadata: { ...metadata, annotations } };
}

interface WebhookConfiguration extends KubernetesObject {
  webhooks?: { clientConfig?: { service?: { namespace?: string } } }[];
}

/**
 * Takes a mesh out of the cluster: its namespace, and the webhooks that lead into it, of which the API server would go on
 * asking a service that is gone. Works for any mesh that lives in Linkerd's namespace, a half installed one too.
 */
export async function removeMesh(kube: Kube, signal: AbortSignal): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const kinds = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'];
  const found = await Promise.all(kinds.map((kind) => kube.list<WebhookConfiguration>({ apiVersion, kind })));
  const webhooks = found.flatMap((configurations, i) =>
    configurations
      .filter(({ webhooks }) => webhooks?.some((w) => w.clientConfig?.service?.namespace === CONTROL_PLANE_NAMESPACE))
      .map(({ metadata }) => ({ apiVersion, kind: kinds[i]!, name: metadata.name })),
  );
  await kube.delete([...webhooks, namespaceRef], { graceSeconds: 0, signal });
}
