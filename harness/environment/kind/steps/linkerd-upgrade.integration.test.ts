import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ResolvedTool, ToolRelease } from '../../../core/tool.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { podObject, waiting } from '../../kubernetes/testing/pods.ts';
import type { Cluster, Images } from '../contract.ts';
import { namespaceRef, readInstallation } from '../linkerd/installation.ts';
import { stepContext } from '../linkerd/testing/context.ts';
import { fakeLinkerd } from '../linkerd/testing/fake-cli.ts';
import { FakeKube } from '../linkerd/testing/fake-kube.ts';
import { linkerdMesh } from '../mesh.ts';

let version = '';
const pages = createServer((_, response) => void response.end(`proxy_build_info{version="${version}"} 1\n`));
let gatewayUrl = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  gatewayUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
});
afterAll(() => void pages.close());

const NODE = { nodes: ['node'] } as unknown as Cluster;
const signal = new AbortController().signal;

/** A session with the real mesh of `from`, and the CLIs of two releases. @param options.prepare before it opens */
async function setUp(
  options: { images?: string[]; onNode?: string[]; prepare?: (later: ReturnType<typeof fakeLinkerd>) => void } = {},
) {
  using stack = new DisposableStack();
  const clis = { 'edge-1.2.3': stack.use(fakeLinkerd()), 'edge-1.2.4': stack.use(fakeLinkerd()) };
  clis['edge-1.2.4'].tool.version = 'edge-1.2.4';
  version = '2.1.0';
  const kube = new FakeKube();
  kube.gatewayUrl = gatewayUrl;
  const asked: string[] = [];
  const told = stepContext({
    options: { linkerdReleases: { 'edge-1.2.3': null, 'edge-1.2.4': '/the/new/linkerd' } },
    docker: fakeDocker(options.images ?? [], options.onNode ?? []),
  });
  told.context.tool = async (_name, release?: ToolRelease): Promise<ResolvedTool> => {
    asked.push(release ? `${release.version} ${release.path}` : 'any');
    return clis[(release?.version ?? 'edge-1.2.3') as keyof typeof clis].tool;
  };
  options.prepare?.(clis['edge-1.2.4']);
  const mesh = await linkerdMesh(kube, NODE, {} as Images, told.context).catch((error) => {
    throw Object.assign(error, { did: [...kube.log] });
  });
  const opened = { asked: [...asked], later: clis['edge-1.2.4'].calls() };
  clis['edge-1.2.4'].put('args', '');
  kube.log.length = 0;
  asked.length = 0;
  const scenario = (of: string) => ({ mesh: { version: of } }) as Parameters<typeof mesh.of>[0];
  const owned = stack.move();
  return { ...told, clis, kube, mesh, opened, asked, scenario, [Symbol.dispose]: () => owned.dispose() };
}

/** A store with some images, a node with some, and no registry. */
function fakeDocker(stored: string[], onNode: string[]) {
  return {
    exec: async () => onNode.join('\n'),
    localName: async (name: string) => (stored.includes(name) ? name : null),
    text: async () => '{"Id":"sha256:1","Architecture":"amd64"}',
    pull: async (name: string) => Promise.reject(new Error(`Get "https://${name.split('/')[0]}/v2/": no such host`)),
    run: async (args: string[]) => ({ code: 1, stdout: '', stderr: `pull ${args.at(-1)}: no such host` }),
  } as never;
}

/** What a CLI prints of a control plane that is one image. */
function ofImage(image: string): string {
  return JSON.stringify({
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'linkerd-identity', namespace: 'linkerd' } },
    spec: { template: { spec: { containers: [{ name: 'x', image }] } } },
  });
}

describe('an upgrade of the real mesh', () => {
  it('applies what the CLI of the new release renders, in place, and proves that it works', async () => {
    using at = await setUp();
    version = '2.2.0';
    const mesh = await at.mesh.controlPlane('edge-1.2.4', signal);
    expect(mesh).toEqual({ kind: 'linkerd', version: 'edge-1.2.4', proxyVersion: 'v2.2.0' });
    expect(at.asked).toEqual(['edge-1.2.4 /the/new/linkerd']);
    expect(at.clis['edge-1.2.4'].calls().filter(Boolean)).toEqual([
      'install --ignore-cluster --output json --crds',
      'upgrade --kubeconfig /fake/kubeconfig --context fake --output json',
      'prune --kubeconfig /fake/kubeconfig --context fake --output json',
      'check --kubeconfig /fake/kubeconfig --context fake --expected-version edge-1.2.4 --wait 60s --output json',
    ]);
    expect(at.kube.log.join()).not.toContain('delete');
    expect(at.kube.log.at(-1)).toBe('apply Namespace/linkerd');
    const namespace = (await at.kube.get<KubernetesObject>(namespaceRef))!;
    expect(readInstallation(namespace)).toMatchObject({ version: 'edge-1.2.4', proxyVersion: 'v2.2.0', pods: 3 });
  });

  it('looks for the CLI and the images of the new release before it installs the old one', async () => {
    const proxy = 'cr.l5d.io/linkerd/proxy:edge-1.2.4';
    using at = await setUp({ onNode: [proxy], prepare: (later) => later.put('control-plane.json', ofImage(proxy)) });
    expect(at.opened.asked).toEqual(['edge-1.2.3 null', 'edge-1.2.4 /the/new/linkerd', 'any']);
    expect(at.opened.later).toEqual([expect.stringMatching(/^install --ignore-cluster --output json --values /)]);
    const wrong = setUp({ prepare: ({ tool }) => (tool.version = 'edge-1.2.5') });
    await expect(wrong).rejects.toMatchObject({ code: 'LINKERD_VERSION_DIFFERS', did: [] });
    const missing = setUp({ prepare: (later) => later.put('control-plane.json', ofImage(proxy)) });
    await expect(missing).rejects.toMatchObject({ code: 'IMAGE_MISSING', did: [] });
    await expect(missing).rejects.toThrow(proxy);
  });

  it('takes away what the new release has no use for', async () => {
    using at = await setUp();
    const pruned = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'linkerd-old', namespace: 'linkerd' } };
    at.clis['edge-1.2.4'].put('pruned.json', JSON.stringify(pruned));
    await at.mesh.controlPlane('edge-1.2.4', signal);
    expect(at.kube.log).toContain('delete Service/linkerd-old');
  });

  it('gives the next scenario the release that it asks for, by another installation', async () => {
    using at = await setUp();
    expect(await at.mesh.of(at.scenario('edge-1.2.3'), at.context)).toMatchObject({ version: 'edge-1.2.3' });
    expect(at.kube.log).toEqual([]);
    await at.mesh.controlPlane('edge-1.2.4', signal);
    at.kube.log.length = 0;
    expect(await at.mesh.of(at.scenario('edge-1.2.4'), at.context)).toMatchObject({ version: 'edge-1.2.4' });
    expect(at.kube.log).toEqual([]);
    // Whatever is said of versions that are not among the releases is of the simulated mesh.
    expect(await at.mesh.of(at.scenario('2.20'), at.context)).toMatchObject({ version: 'edge-1.2.3' });
    expect(at.kube.log).toContain('delete Namespace/linkerd');
  });

  it('does not take for finished what failed half-way', async () => {
    using at = await setUp();
    at.clis['edge-1.2.4'].put('check.code', '1');
    await expect(at.mesh.controlPlane('edge-1.2.4', signal)).rejects.toMatchObject({ code: 'LINKERD_CHECK_FAILED' });
    expect(readInstallation((await at.kube.get<KubernetesObject>(namespaceRef))!)).toBeNull();
    at.kube.log.length = 0;
    expect(await at.mesh.of(at.scenario('edge-1.2.3'), at.context)).toMatchObject({ version: 'edge-1.2.3' });
    expect(at.kube.log).toContain('delete Namespace/linkerd');
  });

  it('passes on why the new pods do not come', async () => {
    using at = await setUp();
    at.kube.podOf = ({ metadata }) => {
      const pod = podObject(`${metadata.name}-2`, { state: waiting('ErrImageNeverPull', 'no such image') });
      return { ...pod, metadata: { ...pod.metadata, namespace: 'linkerd' } };
    };
    await expect(at.mesh.controlPlane('edge-1.2.4', signal)).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringMatching(/^Linkerd's control plane of edge-1\.2\.4: .*\n?[\s\S]*linkerd-identity-2/),
    });
  });

  it('names the image that can’t be had, what was tried and how to bring it, before it changes anything', async () => {
    using at = await setUp({ images: [] });
    const image = 'cr.l5d.io/linkerd/proxy:edge-1.2.4';
    at.clis['edge-1.2.4'].put('control-plane.json', ofImage(image));
    await expect(at.mesh.controlPlane('edge-1.2.4', signal)).rejects.toMatchObject({
      code: 'IMAGE_MISSING',
      message: expect.stringMatching(
        /there is no image cr\.l5d\.io\/linkerd\/proxy:edge-1\.2\.4; looked:\n {2}Docker's local store: not there\n {2}pulling it: .*no such host\n {2}pulling it on the node node: pull cr\.l5d\.io.*no such host/,
      ),
      hint: expect.stringContaining(`docker pull ${image}`),
    });
    expect(at.kube.log).toEqual([]);
  });

  it('refuses a CLI that is not of the release', async () => {
    using at = await setUp();
    at.clis['edge-1.2.4'].tool.version = 'edge-1.2.5';
    await expect(at.mesh.controlPlane('edge-1.2.4', signal)).rejects.toMatchObject({
      code: 'LINKERD_VERSION_DIFFERS',
      message: expect.stringMatching(/linkerd is linkerd edge-1\.2\.5, and edge-1\.2\.4 is wanted$/),
    });
  });

  it('reads the YAML of releases that print nothing else', async () => {
    using at = await setUp();
    const cli = at.clis['edge-1.2.4'];
    cli.put('old', '');
    const objects = [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'linkerd' } },
      {
        ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'linkerd-identity', namespace: 'linkerd' } },
        spec: { replicas: 1 },
      },
    ];
    const yaml = objects.map((object) => `---\n# Source: a template\n${stringify(object)}`).join('');
    cli.put('control-plane.json', `${yaml}---\n# nothing\n`);
    cli.put(
      'definitions.json',
      '---\napiVersion: v1\nkind: CustomResourceDefinition\nmetadata: { name: x.linkerd.io }\n',
    );
    expect(await at.mesh.controlPlane('edge-1.2.4', signal)).toMatchObject({ version: 'edge-1.2.4' });
    expect(cli.calls().filter(Boolean).slice(0, 4)).toEqual([
      'install --ignore-cluster --output json --crds',
      'install --ignore-cluster --crds',
      'upgrade --kubeconfig /fake/kubeconfig --context fake --output json',
      'upgrade --kubeconfig /fake/kubeconfig --context fake',
    ]);
    cli.put('control-plane.json', 'apiVersion: v1\nkind: [\n');
    await expect(at.mesh.controlPlane('edge-1.2.4', signal)).rejects.toMatchObject({
      code: 'LINKERD_CLI_FAILED',
      message: expect.stringContaining('it printed what is no object'),
    });
  });
});
