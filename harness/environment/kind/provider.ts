import { refuseBeyondRelease } from '../beyond-release.ts';
import type { EnvironmentOptions, EnvironmentProvider, EnvironmentSession, SessionContext } from '../contract.ts';
import { connectKube } from '../kubernetes/connect.ts';
import { ApiWatch } from '../kubernetes/health.ts';
import { step } from '../step.ts';
import type { StepContext } from './contract.ts';
import { connectDocker } from './docker.ts';
import { linkerdMesh, simulatedMesh } from './mesh.ts';
import { removeRun } from './remove.ts';
import { startScenario } from './scenario.ts';
import { createCluster } from './steps/cluster.ts';
import { installGatewayApi, tryGatewayApi } from './steps/gateway-api.ts';
import { loadImages, prepareImages } from './steps/images.ts';
import { readVersions } from './versions.ts';

/** A kind cluster with Linkerd, or with our own sidecars in real pods. One scenario at a time: they share namespaces. */
export const kindEnvironment: EnvironmentProvider = { name: 'kind', maxParallel: 1, open };

/** A scenario has tried already to take away what is removed at the end. */
const REMOVAL_MS = 30_000;

async function open(options: EnvironmentOptions, session: SessionContext): Promise<EnvironmentSession> {
  await using stack = new AsyncDisposableStack();
  const versions = await readVersions();
  const docker = await step(session, 'docker', 'a container engine', () => connectDocker({ signal: session.signal }));
  const context: StepContext = { ...session, options: options.kind, docker, versions };
  // Docker makes images while a cluster comes up; whatever fails, the other must have come to its end.
  const [made, prepared] = await Promise.allSettled([
    step(session, 'cluster', options.kind.reuse ? 'the one that runs share' : 'of this run alone', async () =>
      stack.use(await createCluster(context)),
    ),
    step(session, 'images', 'built or taken', () => prepareImages(context)),
  ]);
  if (made.status === 'rejected') throw made.reason;
  if (prepared.status === 'rejected') throw prepared.reason;
  const { cluster } = made.value;
  const { images } = prepared.value;
  const kube = await connectKube({ kubeconfig: cluster.kubeconfig, signal: session.signal });
  stack.defer(() => kube.close());
  const linkerd = options.kind.mesh === 'linkerd';
  const loaded = await Promise.allSettled([
    step(session, 'load images', 'into the nodes', () => loadImages(prepared.value, cluster, context)),
    step(session, 'gateway API', 'definitions', () => (linkerd ? installGatewayApi : tryGatewayApi)(kube, context)),
  ]);
  for (const outcome of loaded) if (outcome.status === 'rejected') throw outcome.reason;
  const mesh = await step(session, 'mesh', linkerd ? 'Linkerd' : 'simulated', () =>
    (linkerd ? linkerdMesh : simulatedMesh)(kube, cluster, images, context),
  );
  const watch = stack.use(new ApiWatch(kube));
  // What a scenario could not take away itself; a cluster of the run alone goes as a whole.
  if (options.kind.reuse) {
    stack.defer(async () => {
      watch.check();
      await removeRun(kube, session.runId, { deadlineMs: REMOVAL_MS });
    });
  }
  const owned = stack.move();
  return {
    async start(scenario, to) {
      const parts = { ...context, ...to };
      const present = await mesh.of(scenario, parts);
      refuseBeyondRelease(scenario, present);
      return startScenario(scenario, {
        ...{ ...parts, kube, cluster, images, mesh: present, upgrade: mesh },
        check: () => watch.check(),
      });
    },
    async [Symbol.asyncDispose]() {
      try {
        await owned.disposeAsync();
      } catch (error) {
        // `meshproof clean` tries again.
        if (options.kind.reuse) session.registration.addCluster(cluster.name);
        throw error;
      }
    },
  };
}
