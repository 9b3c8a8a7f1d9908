import type { ControlPlaneSpec } from '../../../mesh/cluster/contract.ts';
import { controlPlaneManifests, namespaceManifest, newMaterial } from '../../../mesh/cluster/manifests/index.ts';
import { findProfile } from '../../../mesh/profiles/index.ts';
import { type Kube, type KubernetesObject, LABELS } from '../../kubernetes/contract.ts';
import { step } from '../../step.ts';
import type { Images, InstalledMesh, InstallMesh, StepContext } from '../contract.ts';
import { type Installation, namespaceRef, noted, readInstallation, removeMesh } from '../linkerd/installation.ts';
import { CERTIFICATES_UNTIL, injects, inputsOf, ready, specOf } from './simulated-parts.ts';
import { upgradeSimulatedMesh } from './simulated-upgrade.ts';

/** An installation that is reused must outlive the run. */
const MUST_LAST_MS = 24 * 3600 * 1000;

/**
 * The simulated mesh's control plane: applied with a new trust anchor, waited for, and the injector tried. An installation
 * that an earlier run finished of the same parts is taken as it is, trust anchor included, when it still works; one that
 * only is of another version is upgraded; any other mesh in Linkerd's namespace is replaced.
 * @throws HarnessError UNKNOWN_MESH_VERSION, APPLY_REFUSED, POD_FAILED, PODS_NOT_READY, ROLLOUT_STUCK, INJECTOR_NOT_WORKING,
 * NAMESPACE_STUCK, CLUSTER_UNREACHABLE
 */
export const installSimulatedMesh: InstallMesh = (kube, _cluster, images, context) =>
  installSimulatedVersion(kube, images, context, context.options.linkerdVersion ?? context.versions.linkerd.version);

/** The same, of a version that is asked for. */
export async function installSimulatedVersion(
  kube: Kube,
  images: Pick<Images, 'proxy'>,
  context: StepContext,
  version: string,
): Promise<InstalledMesh> {
  const { linkerdVersion, proxyVersion } = findProfile(version);
  const spec = specOf(linkerdVersion, images);
  const inputs = inputsOf(spec);
  const namespace = await kube.get(namespaceRef);
  const present = namespace && currentInstallation(namespace);
  if (present?.inputs === inputs) await reuse(kube, present, context);
  else if (present && isOfTheseParts(present, images)) {
    await step(context, 'control plane', `from ${present.version} to ${linkerdVersion}`, () =>
      upgradeSimulatedMesh(kube, images, linkerdVersion, context.signal),
    );
  } else await install(kube, spec, { inputs, proxyVersion, replace: namespace !== null }, context);
  return { kind: 'simulated', version: linkerdVersion, proxyVersion };
}

function currentInstallation(namespace: KubernetesObject): Installation | null {
  const untilEpochMs = Date.parse(namespace.metadata.annotations?.[CERTIFICATES_UNTIL] ?? '');
  const lasts = untilEpochMs > Date.now() + MUST_LAST_MS;
  return lasts ? readInstallation(namespace) : null;
}

/** Nothing but its version differs from what would be installed. */
function isOfTheseParts({ inputs, version }: Installation, images: Pick<Images, 'proxy'>): boolean {
  try {
    return inputs === inputsOf(specOf(findProfile(version).linkerdVersion, images));
  } catch {
    // Of a version that another release of meshproof knew.
    return false;
  }
}

async function reuse(kube: Kube, present: Installation, context: StepContext): Promise<void> {
  await step(context, 'control plane', `${present.version} of an earlier run`, async () => {
    await ready(kube, present.pods, context.signal);
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
    await ready(kube, pods, signal);
  });
  await step(context, 'injector', 'its webhook, and a trial', async () => {
    await apply(manifests.filter(isWebhook));
    await injects(kube, signal);
  });
  // Last: it says that all of this was done.
  const until = { [CERTIFICATES_UNTIL]: new Date(material.notAfterEpochMs).toISOString() };
  await apply([noted(namespaceManifest(spec, until), { inputs, pods, version: spec.version, proxyVersion })]);
}
