import type { ControlPlaneSpec } from '../../../mesh/cluster/contract.ts';
import { controlPlaneManifests, namespaceManifest, newMaterial } from '../../../mesh/cluster/manifests/index.ts';
import { findProfile } from '../../../mesh/profiles/index.ts';
import { type Kube, type KubernetesObject, LABELS } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import { step } from '../../step.ts';
import {
  CONTROL_PLANE_NAMESPACE,
  type InstallMesh,
  type StepContext,
  TRUST_DOMAIN,
  VIZ_NAMESPACE,
} from '../contract.ts';
import { waitForInjection } from '../injection-check.ts';
import {
  fingerprint,
  type Installation,
  namespaceRef,
  noted,
  readInstallation,
  removeMesh,
} from '../linkerd/installation.ts';

const READY_DEADLINE_MS = 120_000;
const INJECTION_DEADLINE_MS = 30_000;
/** Any namespace in which injection is not forbidden, and that every cluster has. */
const INJECTED_NAMESPACE = 'default';
/** Annotation of the namespace: when the first of the installation's certificates ends. */
const CERTIFICATES_UNTIL = 'meshproof.io/certificates-until';
/** An installation that is reused must outlive the run. */
const MUST_LAST_MS = 24 * 3600 * 1000;

/**
 * The simulated mesh's control plane: applied with a new trust anchor, waited for, and the injector tried. An installation
 * that an earlier run finished of the same parts is taken as it is, trust anchor included, when it still works; any other
 * mesh in Linkerd's namespace is replaced.
 * @throws HarnessError APPLY_REFUSED, POD_FAILED, PODS_NOT_READY, INJECTOR_NOT_WORKING, NAMESPACE_STUCK, CLUSTER_UNREACHABLE
 */
export const installSimulatedMesh: InstallMesh = async (kube, _cluster, images, context) => {
  const { linkerdVersion, proxyVersion } = findProfile(context.versions.linkerd.version);
  const spec: ControlPlaneSpec = {
    namespace: CONTROL_PLANE_NAMESPACE,
    vizNamespace: VIZ_NAMESPACE,
    trustDomain: TRUST_DOMAIN,
    version: linkerdVersion,
    image: images.proxy,
  };
  const inputs = inputsOf(spec);
  const namespace = await kube.get(namespaceRef);
  const present = namespace && currentInstallation(namespace, inputs);
  if (present) await reuse(kube, spec, present, context);
  else await install(kube, spec, { inputs, proxyVersion, replace: namespace !== null }, context);
  return { kind: 'simulated', version: linkerdVersion, proxyVersion };
};

/** Whatever is applied counts, save the keys and certificates, which are others each time. */
export function inputsOf(spec: ControlPlaneSpec): string {
  const tls = { certPem: '', keyPem: '' };
  const authority = { anchorPem: '', issuerPem: '', issuerKeyPem: '' };
  const manifests = controlPlaneManifests(spec, { authority, destinationTls: tls, injectorTls: tls });
  return fingerprint('simulated', JSON.stringify(manifests));
}

function currentInstallation(namespace: KubernetesObject, inputs: string): Installation | null {
  const untilEpochMs = Date.parse(namespace.metadata.annotations?.[CERTIFICATES_UNTIL] ?? '');
  const installation = readInstallation(namespace);
  const lasts = untilEpochMs > Date.now() + MUST_LAST_MS;
  return lasts && installation?.inputs === inputs ? installation : null;
}

async function reuse(kube: Kube, spec: ControlPlaneSpec, present: Installation, context: StepContext): Promise<void> {
  await step(context, 'control plane', `${present.version} of an earlier run`, async () => {
    await ready(kube, spec, present.pods, context.signal);
    await injects(kube, context.signal);
  });
}

async function install(
  kube: Kube,
  spec: ControlPlaneSpec,
  { inputs, proxyVersion, replace }: { inputs: string; proxyVersion: string; replace: boolean },
  context: StepContext,
): Promise<void> {
  const { signal, options, runId } = context;
  const labels = { [LABELS.managedBy]: 'meshproof', [LABELS.run]: options.reuse ? 'shared' : runId };
  const apply = (objects: KubernetesObject[]) => kube.apply(objects, { labels, signal });
  if (replace) {
    await step(context, 'mesh removal', 'another mesh, or unfinished', () => removeMesh(kube, signal));
  }
  const material = newMaterial(spec);
  const manifests = controlPlaneManifests(spec, material);
  const isWebhook = ({ kind }: KubernetesObject) => kind === 'MutatingWebhookConfiguration';
  const pods = manifests.filter(({ kind }) => kind === 'Deployment').length;
  await step(context, 'control plane', `${manifests.length} objects, ${pods} pods`, async () => {
    await apply(manifests.filter((manifest) => !isWebhook(manifest)));
    await ready(kube, spec, pods, signal);
  });
  await step(context, 'injector', 'its webhook, and a trial', async () => {
    await apply(manifests.filter(isWebhook));
    await injects(kube, signal);
  });
  // Last: it says that all of this was done.
  const until = { [CERTIFICATES_UNTIL]: new Date(material.notAfterEpochMs).toISOString() };
  await apply([noted(namespaceManifest(spec, until), { inputs, pods, version: spec.version, proxyVersion })]);
}

async function ready(kube: Kube, { namespace }: ControlPlaneSpec, expected: number, signal: AbortSignal) {
  const what = "the simulated mesh's control plane";
  await waitForPods(kube, { what, select: { namespace }, expected, deadlineMs: READY_DEADLINE_MS, signal });
}

function injects(kube: Kube, signal: AbortSignal): Promise<void> {
  return waitForInjection(kube, INJECTED_NAMESPACE, { deadlineMs: INJECTION_DEADLINE_MS, signal });
}
