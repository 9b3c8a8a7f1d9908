import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../core/wait.ts';
import { connectKube } from '../../kubernetes/connect.ts';
import type { Kube, KubernetesObject, PodObject } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import type { Cluster, Images, StepContext } from '../contract.ts';
import { stepContext } from '../linkerd/testing/context.ts';
import { testKubeconfig } from '../testing/kubeconfig.ts';
import { installSimulatedMesh } from './simulated-mesh.ts';

const kubeconfig = testKubeconfig();
/** The real mesh would be replaced, and the other tests need it. */
const real = process.env.MESHPROOF_TEST_MESH === 'linkerd';
const namespace = `simmesh-${process.pid}`;
const labels = { 'meshproof.io/run': namespace };

/** Says which pod it is; at /call it asks the service `web` and passes the answer on. */
const APP = `require('node:http').createServer(async (request, response) => {
  if (request.url !== '/call') return response.end(process.env.HOSTNAME);
  try { response.end(await (await fetch('http://web.${namespace}.svc.cluster.local/')).text()) }
  catch (error) { response.writeHead(500).end(String(error.cause ?? error)) }
}).listen(8080)`;

describe.skipIf(real)(
  `the simulated mesh in a real cluster${real ? ' (not run: the cluster has the real one)' : ''}`,
  () => {
    let kube: Kube;
    let image: string;
    const pods = (app: string) =>
      kube.list<PodObject>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labelSelector: `app=${app}` });
    const anchor = async () =>
      (
        await kube.get<KubernetesObject & { data: Record<string, string> }>({
          ...{ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'linkerd', name: 'linkerd-identity-trust-roots' },
        })
      )?.data['ca-bundle.crt'];
    const install = () => {
      const { context, steps } = stepContext({});
      const versions = { linkerd: { version: 'edge-26.8.3' } };
      const all = { ...context, runId: namespace, options: { reuse: true }, versions } as StepContext;
      return { steps, mesh: installSimulatedMesh(kube, {} as Cluster, { proxy: image } as Images, all) };
    };
    const ask = async (app: string, path: string) => {
      const [pod] = await pods(app);
      const response = await fetch(`${await kube.gateway(namespace, pod!.metadata.name, 8080)}${path}`);
      return response.text();
    };

    beforeAll(async () => {
      kube = await connectKube({ kubeconfig });
      image = await proxyImage(kube);
      await install().mesh;
      await kube.apply(workloads(image), { labels });
      const what = 'the pods of the test';
      await waitForPods(kube, { what, select: { namespace }, expected: 2, deadlineMs: 90_000 });
    }, 300_000);
    afterAll(async () => {
      await kube?.delete(await kube.labelled(labels), { graceSeconds: 0 });
      await kube?.close();
    }, 60_000);

    it('is installed once, and its trust anchor stays', async () => {
      const before = await anchor();
      const { steps, mesh } = install();
      expect(await mesh).toEqual({ kind: 'simulated', version: 'edge-26.8.3', proxyVersion: 'v2.366.0' });
      expect(steps).toEqual(['control plane']);
      expect(await anchor()).toBe(before);
    });

    it('gives pods of an annotated namespace a certified sidecar', async () => {
      const [pod] = await pods('web');
      expect(pod!.metadata.labels).toMatchObject({
        'linkerd.io/control-plane-ns': 'linkerd',
        'linkerd.io/proxy-deployment': 'web',
        'linkerd.io/workload-ns': namespace,
      });
      expect(pod!.spec.initContainers!.map(({ name }) => name)).toEqual(['linkerd-init', 'linkerd-proxy']);
      const url = await kube.gateway(namespace, pod!.metadata.name, 4191);
      const page = await (await fetch(`${url}/metrics`)).text();
      expect(page).toContain('control_identity_cert_refreshes_total{result="ok"} 1\n');
    });

    it('leads calls of a Service to the pod that is behind it now, with the identities of both', async () => {
      const [web] = await pods('web');
      expect(await ask('client', '/call')).toBe(web!.metadata.name);
      const url = await kube.gateway(namespace, web!.metadata.name, 4191);
      const page = await (await fetch(`${url}/metrics`)).text();
      const client = `default.${namespace}.serviceaccount.identity.linkerd.cluster.local`;
      const meshed = page
        .split('\n')
        .filter((line) => line.startsWith('response_total') && line.includes('client_id='));
      expect(meshed).toEqual([expect.stringMatching(`direction="inbound",.*client_id="${client}".* 1$`)]);

      const podRef = { apiVersion: 'v1', kind: 'Pod', namespace, name: web!.metadata.name };
      await kube.delete([podRef], { graceSeconds: 0 });
      const what = 'another pod behind web';
      const [next] = await waitForPods(kube, {
        ...{ what, expected: 1, deadlineMs: 60_000 },
        select: { namespace, labelSelector: 'app=web' },
      });
      expect(next!.metadata.name).not.toBe(web!.metadata.name);
      await waitFor(async () => ((await ask('client', '/call')) === next!.metadata.name ? true : undefined), {
        ...{ what: 'the call leads to it', deadlineMs: 10_000, hint: 'see the log of linkerd-destination' },
      });
    });

    it('leaves a pod alone that does not want it, and refuses one that asks for what there is not', async () => {
      const path = `/api/v1/namespaces/${namespace}/pods?dryRun=All`;
      const pod = (annotations: Record<string, string>) => ({
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'trial', annotations } },
        spec: { containers: [{ name: 'app', image: 'none' }] },
      });
      const alone = (await kube.request('POST', path, pod({ 'linkerd.io/inject': 'disabled' }))) as PodObject;
      expect(alone.spec.initContainers).toBeUndefined();
      await expect(kube.request('POST', path, pod({ 'config.linkerd.io/proxy-version': '0.1' }))).rejects.toThrow(
        /no profile of mesh version "0.1"/,
      );
    });
  },
);

/** That of the mesh that runs, else the one that the node has. */
async function proxyImage(kube: Kube): Promise<string> {
  type WithContainers = KubernetesObject & { spec: { template: { spec: { containers: { image: string }[] } } } };
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'linkerd', name: 'linkerd-identity' };
  const installed = await kube.get<WithContainers>(ref);
  if (installed) return installed.spec.template.spec.containers[0]!.image;
  type Node = KubernetesObject & { status: { images?: { names?: string[] }[] } };
  const nodes = await kube.list<Node>({ apiVersion: 'v1', kind: 'Node' });
  const names = nodes.flatMap(({ status }) => (status.images ?? []).flatMap((entry) => entry.names ?? []));
  const found = names.find((name) => /\bmeshproof\/proxy:/.test(name));
  if (!found) throw new Error('no node has an image meshproof/proxy; a run with --mesh simulated loads it');
  return found.replace('docker.io/', '');
}

function workloads(image: string): KubernetesObject[] {
  const deployment = (name: string): KubernetesObject => ({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              ...{ name: 'app', image, imagePullPolicy: 'Never', command: ['node', '-e', APP] },
              // Not the image's own: that is the proxy's, whose traffic is not redirected.
              securityContext: { runAsUser: 65_532 },
              ports: [{ name: 'http', containerPort: 8080 }],
              readinessProbe: { httpGet: { path: '/readyz', port: 'http' }, periodSeconds: 1 },
            },
          ],
        },
      },
    },
  });
  return [
    {
      ...{ apiVersion: 'v1', kind: 'Namespace' },
      metadata: { name: namespace, annotations: { 'linkerd.io/inject': 'enabled' } },
    },
    {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace } },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    },
    deployment('web'),
    deployment('client'),
  ];
}
