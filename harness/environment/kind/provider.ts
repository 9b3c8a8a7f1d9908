import { join } from 'node:path';
import type { EnvironmentOptions, EnvironmentProvider, EnvironmentSession, SessionContext } from '../contract.ts';
import { connectKube } from '../kubernetes/connect.ts';
import { ApiWatch } from '../kubernetes/health.ts';
import { step } from '../step.ts';
import type { StepContext } from './contract.ts';
import { connectDocker } from './docker.ts';
import { removeRun } from './remove.ts';
import { startScenario } from './scenario.ts';
import { createCluster } from './steps/cluster.ts';
import { installGatewayApi } from './steps/gateway-api.ts';
import { provideImages } from './steps/images.ts';
import { installLinkerd } from './steps/linkerd.ts';
import { installSimulatedMesh } from './steps/simulated-mesh.ts';
import { readVersions } from './versions.ts';

/** A kind cluster with Linkerd, or with our own sidecars in real pods. One scenario at a time: they share namespaces. */
export const kindEnvironment: EnvironmentProvider = { name: 'kind', maxParallel: 1, open };

async function open(options: EnvironmentOptions, session: SessionContext): Promise<EnvironmentSession> {
  await using stack = new AsyncDisposableStack();
  const versions = await readVersions();
  const docker = await step(session, 'docker', 'a container engine', () => connectDocker({ signal: session.signal }));
  const context: StepContext = { ...session, options: options.kind, docker, versions };
  const { cluster } = await step(
    session,
    'cluster',
    options.kind.reuse ? 'reused where there is one' : 'new',
    async () => stack.use(await createCluster(context)),
  );
  const kube = await connectKube({ kubeconfig: cluster.kubeconfig, signal: session.signal });
  stack.defer(() => kube.close());
  const linkerd = options.kind.mesh === 'linkerd';
  const [images] = await Promise.all([
    step(session, 'images', 'built, pulled, loaded into the nodes', () => provideImages(cluster, context)),
    linkerd ? step(session, 'gateway API', 'definitions', () => installGatewayApi(kube, context)) : null,
  ]);
  const mesh = await step(session, 'mesh', linkerd ? 'Linkerd' : 'simulated', () =>
    (linkerd ? installLinkerd : installSimulatedMesh)(kube, cluster, images, context),
  );
  const watch = stack.use(new ApiWatch(kube));
  // Of a cluster that goes anyway nothing needs to be taken away object by object.
  if (cluster.reused || options.kind.reuse) stack.defer(() => removeRun(kube, session.runId));
  const owned = stack.move();
  return {
    start: (scenario, to) =>
      startScenario(scenario, {
        ...context,
        ...to,
        configDir: join(to.dir, 'config'),
        kube,
        cluster,
        images,
        mesh,
        check: () => watch.check(),
        ephemeral: !options.kind.reuse && !options.keep,
      }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
