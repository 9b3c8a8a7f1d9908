import { readFile } from 'node:fs/promises';
import { projectFile } from '../../../core/project.ts';
import type { ResolvedTool } from '../../../core/tool.ts';
import { type Kube, type KubernetesObject, LABELS } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import { step } from '../../step.ts';
import {
  type Cluster,
  CONTROL_PLANE_NAMESPACE,
  type InstalledMesh,
  type InstallMesh,
  type StepContext,
} from '../contract.ts';
import { bringImages } from '../images/bring.ts';
import { waitForInjection } from '../injection-check.ts';
import { checkLinkerd } from '../linkerd/check.ts';
import { renderLinkerd } from '../linkerd/cli.ts';
import {
  fingerprint,
  type Installation,
  namespaceRef,
  noted,
  readInstallation,
  removeMesh,
} from '../linkerd/installation.ts';
import { readProxyVersion } from '../linkerd/proxy-version.ts';
import { imagesIn, linkerdCli, withoutGatewayApi } from '../linkerd/release.ts';

export const VALUES = projectFile('kind-config/linkerd-values.yaml');
/** Nodes may have to pull the images first. */
export const READY_DEADLINE_MS = 240_000;
const INJECTION_DEADLINE_MS = 60_000;
/** Any namespace in which injection is not forbidden, and that every cluster has. */
const INJECTED_NAMESPACE = 'default';
export const SHARED_LABELS = { [LABELS.managedBy]: 'meshproof', [LABELS.run]: 'shared' };

/**
 * Linkerd by its own CLI, of the release that the session is to begin with: `installRelease`.
 */
export const installLinkerd: InstallMesh = (kube, cluster, _images, context) =>
  installRelease(kube, cluster, context, context.options.linkerdVersion);

/**
 * Linkerd by its own CLI: rendered, applied, waited for, checked by `linkerd check`, and the injector tried. An installation
 * that an earlier run finished from the same CLI and values is taken as it is when it still works; any other mesh in
 * Linkerd's namespace is replaced.
 * @param version undefined: that of the CLI that is there
 * @throws HarnessError TOOL_MISSING, LINKERD_VERSION_DIFFERS, LINKERD_CLI_FAILED, IMAGE_MISSING, APPLY_REFUSED,
 * PODS_NOT_READY, LINKERD_CHECK_FAILED, INJECTOR_NOT_WORKING, PROXY_VERSION_UNKNOWN, CLUSTER_UNREACHABLE
 */
export async function installRelease(
  kube: Kube,
  cluster: Cluster,
  context: StepContext,
  version: string | undefined,
): Promise<InstalledMesh> {
  const [cli, values, namespace] = await Promise.all([
    linkerdCli(context, version),
    readFile(VALUES, 'utf8'),
    kube.get(namespaceRef),
  ]);
  const inputs = fingerprint(cli.version, values);
  const present = namespace && readInstallation(namespace);
  const installation =
    present?.inputs === inputs
      ? await reuse(kube, present, context)
      : await install(kube, cluster, cli, { inputs, replace: namespace !== null }, context);
  return { kind: 'linkerd', version: installation.version, proxyVersion: installation.proxyVersion };
}

async function reuse(kube: Kube, present: Installation, context: StepContext): Promise<Installation> {
  await step(context, 'linkerd', `${present.version} of an earlier run`, async () => {
    await ready(kube, present.pods, context.signal);
    await injects(kube, context.signal);
  });
  return present;
}

async function install(
  kube: Kube,
  cluster: Cluster,
  cli: ResolvedTool,
  { inputs, replace }: { inputs: string; replace: boolean },
  context: StepContext,
): Promise<Installation> {
  const { signal } = context;
  const apply = (objects: KubernetesObject[]) => kube.apply(objects, { labels: SHARED_LABELS, signal });
  const pinned = context.versions.linkerd.version;
  if (cli.version !== pinned) context.note(`Linkerd is ${cli.version} and not the pinned ${pinned}`);
  const [definitions, controlPlane] = await step(context, 'linkerd render', `${cli.path} ${cli.version}`, async () => [
    withoutGatewayApi(await renderLinkerd(cli, ['--crds'], { signal })),
    await renderLinkerd(cli, ['--values', VALUES], { signal }),
  ]);
  // Before anything is changed: what can't be had leaves the cluster as it was.
  await bringImages(imagesIn(controlPlane), cluster, context);
  if (replace) await step(context, 'linkerd removal', 'another mesh, or unfinished', () => removeMesh(kube, signal));
  const all = [...definitions, ...controlPlane];
  const [first, rest] = identityFirst(all);
  await step(context, 'linkerd apply', `${first.length} objects`, () => apply(first));
  await step(context, 'linkerd identity', 'ready', () => ready(kube, podsOf(first), signal));
  const pods = podsOf(all);
  await step(context, 'linkerd ready', `${rest.length} objects more, ${pods} pods`, async () => {
    await apply(rest);
    await ready(kube, pods, signal);
  });
  const proxyVersion = await step(context, 'linkerd check', 'a trial of the injector, linkerd check', async () => {
    await injects(kube, signal);
    const version = await readProxyVersion(kube, CONTROL_PLANE_NAMESPACE, signal);
    const { kubeconfig, context: name } = kube;
    const { warnings } = await checkLinkerd(cli, { kubeconfig, context: name, version: cli.version, signal });
    for (const warning of warnings) context.note(`linkerd check: ${warning}`);
    return version;
  });
  const installation = { inputs, pods, version: cli.version, proxyVersion };
  await apply(controlPlane.filter(({ kind }) => kind === 'Namespace').map((n) => noted(n, installation)));
  return installation;
}

/**
 * Everything but the deployments that need an identity, and those: a proxy that looks for the identity service before it is
 * ready finds no address, remembers that for the 30 s that DNS says, and keeps its pod waiting as long.
 */
function identityFirst(objects: KubernetesObject[]): [KubernetesObject[], KubernetesObject[]] {
  const later = ({ kind, metadata }: KubernetesObject) => kind === 'Deployment' && metadata.name !== 'linkerd-identity';
  return [objects.filter((object) => !later(object)), objects.filter(later)];
}

function podsOf(objects: KubernetesObject[]): number {
  return objects
    .filter(({ kind }) => kind === 'Deployment')
    .reduce((sum, { spec }) => sum + ((spec as { replicas?: number }).replicas ?? 1), 0);
}

async function ready(kube: Kube, expected: number, signal: AbortSignal): Promise<void> {
  const what = "Linkerd's control plane";
  const namespace = CONTROL_PLANE_NAMESPACE;
  await waitForPods(kube, { what, select: { namespace }, expected, deadlineMs: READY_DEADLINE_MS, signal });
}

export function injects(kube: Kube, signal: AbortSignal): Promise<void> {
  return waitForInjection(kube, INJECTED_NAMESPACE, { deadlineMs: INJECTION_DEADLINE_MS, signal });
}
