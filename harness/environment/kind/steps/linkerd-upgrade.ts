import { readFile } from 'node:fs/promises';
import type { Kube, KubernetesObject, ObjectRef } from '../../kubernetes/contract.ts';
import { refOf } from '../../kubernetes/discovery.ts';
import { waitForRollout, waitUntilLeft } from '../../kubernetes/rollout.ts';
import { type Cluster, CONTROL_PLANE_NAMESPACE, type InstalledMesh, type StepContext } from '../contract.ts';
import { bringImages } from '../images/bring.ts';
import { checkLinkerd } from '../linkerd/check.ts';
import { renderLinkerd, renderPruned, renderUpgrade } from '../linkerd/cli.ts';
import { fingerprint, noted } from '../linkerd/installation.ts';
import { readProxyVersion } from '../linkerd/proxy-version.ts';
import { imagesIn, linkerdCli, withoutGatewayApi } from '../linkerd/release.ts';
import { injects, READY_DEADLINE_MS, SHARED_LABELS, VALUES } from './linkerd.ts';

/**
 * Upgrades the real Linkerd in place as its documentation says: the definitions, what `linkerd upgrade` of the new release
 * renders, and `linkerd prune`; waited for, checked by `linkerd check`, and the injector tried. Trust anchor and issuer stay.
 * Data planes stay as they are until their pods are made anew.
 * @throws HarnessError TOOL_MISSING, LINKERD_VERSION_DIFFERS, LINKERD_CLI_FAILED, IMAGE_MISSING, APPLY_REFUSED, POD_FAILED,
 * ROLLOUT_STUCK, LINKERD_CHECK_FAILED, INJECTOR_NOT_WORKING, PROXY_VERSION_UNKNOWN
 */
export async function upgradeLinkerd(
  kube: Kube,
  cluster: Cluster,
  context: StepContext,
  version: string,
): Promise<InstalledMesh> {
  const { signal } = context;
  const { kubeconfig, context: name } = kube;
  const at = { kubeconfig, context: name, signal };
  const cli = await linkerdCli(context, version);
  const definitions = withoutGatewayApi(await renderLinkerd(cli, ['--crds'], { signal }));
  const controlPlane = await renderUpgrade(cli, [], at);
  await bringImages(imagesIn(controlPlane), cluster, context);
  const apply = (objects: KubernetesObject[]) => kube.apply(objects, { labels: SHARED_LABELS, signal });
  // The namespace among them, without its notes: what is half upgraded must not be taken for finished.
  await apply([...definitions, ...controlPlane]);
  const deployments = controlPlane.filter(({ kind }) => kind === 'Deployment');
  await waitForRollout(kube, {
    ...{ what: `Linkerd's control plane of ${version}`, namespace: CONTROL_PLANE_NAMESPACE },
    ...{ names: deployments.map(({ metadata }) => metadata.name), deadlineMs: READY_DEADLINE_MS, signal },
  });
  await waitUntilLeft(kube, CONTROL_PLANE_NAMESPACE, { deadlineMs: READY_DEADLINE_MS, signal });
  await injects(kube, signal);
  await prune(kube, await renderPruned(cli, at), signal);
  const proxyVersion = await readProxyVersion(kube, CONTROL_PLANE_NAMESPACE, signal);
  const { warnings } = await checkLinkerd(cli, { ...at, version: cli.version });
  for (const warning of warnings) context.note(`linkerd check: ${warning}`);
  const pods = deployments.reduce((sum, { spec }) => sum + ((spec as { replicas?: number }).replicas ?? 1), 0);
  const inputs = fingerprint(cli.version, await readFile(VALUES, 'utf8'));
  const installation = { inputs, pods, version: cli.version, proxyVersion };
  await apply(controlPlane.filter(({ kind }) => kind === 'Namespace').map((one) => noted(one, installation)));
  return { kind: 'linkerd', version: cli.version, proxyVersion };
}

/** Leaves out what is gone with something else by then, and the Gateway API's, which are the cluster's. */
async function prune(kube: Kube, objects: readonly KubernetesObject[], signal: AbortSignal): Promise<void> {
  const refs: ObjectRef[] = withoutGatewayApi(objects).map(refOf);
  if (refs.length > 0) await kube.delete(refs, { signal });
}
