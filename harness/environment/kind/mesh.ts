import { ANNOTATIONS } from '../../mesh/cluster/contract.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import type { Scenario } from '../../scenario/model.ts';
import type { Kube } from '../kubernetes/contract.ts';
import type { Cluster, Images, InstalledMesh, StepContext } from './contract.ts';
import { bringLaterReleases } from './linkerd/later-releases.ts';
import type { Upgrade } from './rollout/index.ts';
import { installLinkerd, installRelease, VALUES } from './steps/linkerd.ts';
import { upgradeLinkerd } from './steps/linkerd-upgrade.ts';
import { installSimulatedMesh, installSimulatedVersion } from './steps/simulated-mesh.ts';
import { upgradeSimulatedMesh } from './steps/simulated-upgrade.ts';

/** The mesh of a session, which may be of another version for each scenario. */
export interface SessionMesh extends Upgrade {
  /** Has the control plane of the version that the scenario asks for. */
  of(scenario: Scenario, context: StepContext): Promise<InstalledMesh>;
}

/** The simulated mesh: installed, with whatever version, when this resolves. */
export async function simulatedMesh(
  kube: Kube,
  cluster: Cluster,
  images: Images,
  context: StepContext,
): Promise<SessionMesh> {
  const mesh = new Present(await installSimulatedMesh(kube, cluster, images, context));
  return {
    async of({ mesh: { version } }, to) {
      if (mesh.present?.version === findProfile(version).linkerdVersion) return mesh.present;
      return mesh.become(installSimulatedVersion(kube, images, to, version));
    },
    controlPlane: (toVersion, signal) => mesh.become(upgradeSimulatedMesh(kube, images, toVersion, signal)),
    podAnnotations: (toVersion) => ({ [ANNOTATIONS.proxyVersion]: toVersion }),
  };
}

/** The real one. What it is to become later is looked for first. @throws HarnessError as installing it does */
export async function linkerdMesh(
  kube: Kube,
  cluster: Cluster,
  images: Images,
  context: StepContext,
): Promise<SessionMesh> {
  await bringLaterReleases(cluster, context, VALUES);
  const first = await installLinkerd(kube, cluster, images, context);
  const mesh = new Present(first);
  return {
    async of({ mesh: { version } }, to) {
      // Whatever scenarios say of versions concerns the simulated mesh, unless these are named.
      const isAskedFor = Object.hasOwn(context.options.linkerdReleases ?? {}, version);
      const wanted = isAskedFor ? version : first.version;
      if (mesh.present?.version === wanted) return mesh.present;
      return mesh.become(installRelease(kube, cluster, to, wanted));
    },
    controlPlane: (toVersion, signal) => mesh.become(upgradeLinkerd(kube, cluster, { ...context, signal }, toVersion)),
    podAnnotations: () => ({ [RESTARTED_AT]: new Date().toISOString() }),
  };
}

/** What `kubectl rollout restart` changes. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** The mesh that is there; null while it is being changed, and when that failed: then it is looked at anew. */
class Present {
  present: InstalledMesh | null;

  constructor(present: InstalledMesh) {
    this.present = present;
  }

  async become(change: Promise<InstalledMesh>): Promise<InstalledMesh> {
    this.present = null;
    this.present = await change;
    return this.present;
  }
}
