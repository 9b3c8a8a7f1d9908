import { HarnessError } from '../../../core/errors.ts';
import {
  type ControlPlaneMaterial,
  controlPlaneManifests,
  type Manifest,
  materialOf,
  namespaceManifest,
} from '../../../mesh/cluster/manifests/index.ts';
import { findProfile } from '../../../mesh/profiles/index.ts';
import { type Kube, type KubernetesObject, LABELS } from '../../kubernetes/contract.ts';
import { waitForRollout, waitUntilLeft } from '../../kubernetes/rollout.ts';
import { CONTROL_PLANE_NAMESPACE, type Images, type InstalledMesh } from '../contract.ts';
import { namespaceRef, noted } from '../linkerd/installation.ts';
import { CERTIFICATES_UNTIL, injects, inputsOf, READY_DEADLINE_MS, ready, specOf } from './simulated-parts.ts';

/**
 * Replaces the simulated control plane by one of another version, in place: trust anchor, keys and certificates stay, so that
 * proxies of both versions know one another, and each component's successor serves before it goes.
 * @param version a name of a profile
 * @throws HarnessError UNKNOWN_MESH_VERSION, MESH_GONE, APPLY_REFUSED, POD_FAILED, ROLLOUT_STUCK, INJECTOR_NOT_WORKING
 */
export async function upgradeSimulatedMesh(
  kube: Kube,
  images: Pick<Images, 'proxy'>,
  version: string,
  signal: AbortSignal,
): Promise<InstalledMesh> {
  const { linkerdVersion, proxyVersion } = findProfile(version);
  const spec = specOf(linkerdVersion, images);
  const namespace = await kube.get(namespaceRef);
  if (!namespace) throw meshGone();
  const { annotations = {}, labels = {} } = namespace.metadata;
  const until = annotations[CERTIFICATES_UNTIL];
  const kept: Record<string, string> = until ? { [CERTIFICATES_UNTIL]: until } : {};
  const ours = { [LABELS.managedBy]: 'meshproof', [LABELS.run]: labels[LABELS.run] ?? 'shared' };
  const apply = (objects: KubernetesObject[]) => kube.apply(objects, { labels: ours, signal });
  const manifests = controlPlaneManifests(spec, await presentMaterial(kube)).map(rolling);
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment').map(({ metadata }) => metadata.name);
  // First without its notes: what is half upgraded must not be taken for finished.
  await apply([namespaceManifest(spec, kept), ...manifests.filter(({ kind }) => kind !== 'Namespace')]);
  await waitForRollout(kube, {
    ...{ what: `the control plane of version ${linkerdVersion}`, namespace: CONTROL_PLANE_NAMESPACE },
    ...{ names: deployments, deadlineMs: READY_DEADLINE_MS, signal },
  });
  await ready(kube, deployments.length, signal);
  await waitUntilLeft(kube, CONTROL_PLANE_NAMESPACE, { deadlineMs: READY_DEADLINE_MS, signal });
  await injects(kube, signal);
  const pods = deployments.length;
  const installation = { inputs: inputsOf(spec), pods, version: linkerdVersion, proxyVersion };
  await apply([noted(namespaceManifest(spec, kept), installation)]);
  return { kind: 'simulated', version: linkerdVersion, proxyVersion };
}

/** Both have the same keys, so they may be there at the same time. */
function rolling(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Deployment') return manifest;
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } };
  return { ...manifest, spec: { ...(manifest.spec as object), strategy } };
}

/** Keys and certificates of the mesh that is there. @throws HarnessError MESH_GONE */
async function presentMaterial(kube: Kube): Promise<ControlPlaneMaterial> {
  const read = async (kind: string, name: string): Promise<Record<string, string>> => {
    const found = await kube.get({ apiVersion: 'v1', kind, namespace: CONTROL_PLANE_NAMESPACE, name });
    if (!found) throw meshGone(`${kind} ${name}`);
    return (found.data ?? {}) as Record<string, string>;
  };
  return materialOf(read);
}

function meshGone(what = 'its namespace'): HarnessError {
  return new HarnessError('MESH_GONE', `the simulated mesh can't be upgraded: ${what} is not there`, {
    hint: 'something else took it out of the cluster; run again to have it installed anew',
  });
}
