import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKube } from '../../kubernetes/connect.ts';
import { type Kube, type KubernetesObject, LABELS, type ObjectRef } from '../../kubernetes/contract.ts';
import { testKubeconfig } from '../testing/kubeconfig.ts';
import { aScenario } from '../testing/scenario.ts';
import { deploy } from './deploy.ts';
import { deployPrometheus, firstScrapes } from './prometheus.ts';

/** A cluster to work in, whose nodes have meshproof's images. */
const kubeconfig = testKubeconfig();

describe('Prometheus in a real cluster', () => {
  const made: ObjectRef[] = [];
  const context = {
    runId: `viz-${process.pid}`,
    signal: new AbortController().signal,
    mesh: { kind: 'simulated', version: '2.20' } as const,
    options: { meshedPrometheus: false },
    made: (refs: ObjectRef[]) => made.push(...refs),
  };
  let kube: Kube;
  beforeAll(async () => {
    kube = await connectKube({ kubeconfig });
  });
  afterAll(async () => {
    await kube.delete(made, { graceSeconds: 0 });
    await kube.close();
  }, 60_000);

  it('without the right to look for pods is told apart from one that has not found them yet', async () => {
    const images = { prometheus: await imageOf(kube, 'prometheus'), load: await imageOf(kube, 'load') };
    const bare: Kube = {
      ...bound(kube),
      apply: (objects, options) =>
        kube.apply(
          objects.filter(({ kind }) => kind !== 'ClusterRoleBinding'),
          options,
        ),
    };
    const pod = await deployPrometheus(bare, aScenario(), images, context);
    const url = await kube.gateway('linkerd-viz', pod.metadata.name, 9090);
    const waiting = firstScrapes(kube, { url, pod }, { instances: ['10.0.0.1:4191'], scrapeIntervalMs: 1000 });
    await expect(waiting).rejects.toMatchObject({
      code: 'PROMETHEUS_FORBIDDEN',
      message: expect.stringContaining('system:serviceaccount:linkerd-viz:prometheus'),
    });
  }, 120_000);

  it('goes into no namespace of somebody else, who loses nothing', async () => {
    const name = `theirs-${process.pid}`;
    const theirs = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await kube.apply([theirs], { labels: { [LABELS.run]: context.runId } });
    try {
      const going = deploy(kube, [name], [], context);
      await expect(going).rejects.toMatchObject({ code: 'NAMESPACE_NOT_OURS' });
      expect(made.filter((ref) => ref.name === name)).toEqual([]);
    } finally {
      await kube.delete([{ apiVersion: 'v1', kind: 'Namespace', name }]);
    }
  }, 60_000);

  it('comes back into a namespace that is still going', async () => {
    const name = `going-${process.pid}`;
    const ref = { apiVersion: 'v1', kind: 'Namespace', name };
    const settings: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: name },
    };
    await deploy(kube, [name], [settings], context);
    await kube.delete([ref], { wait: false });
    await deploy(kube, [name], [settings], { ...context, runId: `${context.runId}-2` });
    const namespace = await kube.get(ref);
    expect(namespace?.metadata.labels?.[LABELS.run]).toBe(`${context.runId}-2`);
    expect(await kube.get({ ...ref, kind: 'ConfigMap', name: 'settings', namespace: name })).not.toBeNull();
  }, 90_000);
});

/** Its methods, for an object that replaces some of them. */
function bound(kube: Kube): Kube {
  return {
    server: kube.server,
    kubeconfig: kube.kubeconfig,
    context: kube.context,
    apply: kube.apply.bind(kube),
    get: kube.get.bind(kube),
    list: kube.list.bind(kube),
    request: kube.request.bind(kube),
    delete: kube.delete.bind(kube),
    labelled: kube.labelled.bind(kube),
    gateway: kube.gateway.bind(kube),
    close: kube.close.bind(kube),
  };
}

/** One of the images that meshproof loaded into the nodes. */
async function imageOf(kube: Kube, which: string): Promise<string> {
  const nodes = await kube.list<KubernetesObject & { status: { images?: { names?: string[] }[] } }>({
    ...{ apiVersion: 'v1', kind: 'Node' },
  });
  const names = nodes.flatMap(({ status }) => (status.images ?? []).flatMap((image) => image.names ?? []));
  const found = names.find((name) => name.includes(`/${which}:`));
  expect(found, `an image ${which} on the nodes of the test cluster`).toBeDefined();
  return found!;
}
