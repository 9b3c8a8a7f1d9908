import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { podObject, waiting } from '../../kubernetes/testing/pods.ts';
import type { Cluster, Images } from '../contract.ts';
import { readInstallation } from '../linkerd/installation.ts';
import { stepContext } from '../linkerd/testing/context.ts';
import { fakeLinkerd, GOOD_CHECK } from '../linkerd/testing/fake-cli.ts';
import { FakeKube } from '../linkerd/testing/fake-kube.ts';
import { installLinkerd } from './linkerd.ts';

let page = '';
const pages = createServer((_, response) => void response.end(page));
let gatewayUrl = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  gatewayUrl = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
});
afterAll(() => void pages.close());

function setUp() {
  page =
    '# TYPE proxy_build_info gauge\nproxy_build_info{date="d",git_sha="0",version="2.366.0",profile="release"} 1\n';
  const cli = fakeLinkerd();
  const kube = new FakeKube();
  kube.gatewayUrl = gatewayUrl;
  const run = (signal?: AbortSignal) => {
    const told = stepContext({ cli: cli.tool, signal });
    const mesh = installLinkerd(kube, {} as Cluster, {} as Images, told.context);
    return { ...told, mesh };
  };
  return { cli, kube, run, [Symbol.dispose]: () => cli[Symbol.dispose]() };
}

describe('installLinkerd', () => {
  it('applies what the CLI renders, the identity service before those that need it, and proves that it works', async () => {
    using at = setUp();
    const { mesh, steps, notes } = at.run();
    expect(await mesh).toEqual({ kind: 'linkerd', version: 'edge-1.2.3', proxyVersion: 'v2.366.0' });
    expect(at.kube.log).toEqual([
      'apply CustomResourceDefinition/servers.policy.linkerd.io',
      'apply Namespace/linkerd',
      'apply MutatingWebhookConfiguration/injector',
      'apply Deployment/linkerd-identity',
      'look at pods',
      'apply Deployment/linkerd-destination',
      'apply Deployment/linkerd-proxy-injector',
      'look at pods',
      'try',
      // For the version of the proxies.
      'look at pods',
      'apply Namespace/linkerd',
    ]);
    expect(steps).toEqual(['linkerd render', 'linkerd apply', 'linkerd identity', 'linkerd ready', 'linkerd check']);
    expect(notes).toEqual(['linkerd check: kubernetes-api: clock: it is a second off']);
    expect(at.cli.calls()).toEqual([
      'install --ignore-cluster --output json --crds',
      expect.stringMatching(/^install --ignore-cluster --output json --values .*kind-config\/linkerd-values\.yaml$/),
      'check --kubeconfig /fake/kubeconfig --context fake --expected-version edge-1.2.3 --wait 60s --output json',
    ]);
  });

  it('marks what it applied, and keeps what the CLI says about the namespace', async () => {
    using at = setUp();
    await at.run().mesh;
    const namespace = (await at.kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'linkerd' }))!;
    expect(namespace.metadata.annotations).toMatchObject({ 'linkerd.io/inject': 'disabled' });
    expect(namespace.metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'meshproof',
      'meshproof.io/run': 'shared',
    });
    expect(readInstallation(namespace)).toMatchObject({ pods: 3, version: 'edge-1.2.3', proxyVersion: 'v2.366.0' });
    expect(
      readInstallation({ ...namespace, metadata: { ...namespace.metadata, deletionTimestamp: 'now' } }),
    ).toBeNull();
  });

  it('takes an installation of the same CLI and values as it is, but tries its injector', async () => {
    using at = setUp();
    await at.run().mesh;
    const before = at.cli.calls().length;
    at.kube.log.length = 0;
    expect(await at.run().mesh).toEqual({ kind: 'linkerd', version: 'edge-1.2.3', proxyVersion: 'v2.366.0' });
    expect(at.kube.log).toEqual(['look at pods', 'try']);
    expect(at.cli.calls()).toHaveLength(before);
  });

  it('replaces an installation of another CLI, webhooks included', async () => {
    using at = setUp();
    await at.run().mesh;
    at.kube.log.length = 0;
    at.cli.tool.version = 'edge-1.2.4';
    const { mesh, notes } = at.run();
    expect(await mesh).toMatchObject({ version: 'edge-1.2.4' });
    expect(notes[0]).toBe('Linkerd is edge-1.2.4 and not the pinned edge-1.2.3');
    expect(at.kube.log.slice(0, 2)).toEqual([
      'delete MutatingWebhookConfiguration/injector',
      'delete Namespace/linkerd',
    ]);
    expect(await at.kube.list({ kind: 'Pod' })).toHaveLength(3);
  });

  it('replaces an installation that was not finished', async () => {
    using at = setUp();
    at.cli.put('check.code', '1');
    await expect(at.run().mesh).rejects.toMatchObject({ code: 'LINKERD_CHECK_FAILED' });
    at.cli.put('check.code', '0');
    at.kube.log.length = 0;
    await at.run().mesh;
    expect(at.kube.log).toContain('delete Namespace/linkerd');
  });

  it('says what the CLI says when it fails', async () => {
    using at = setUp();
    at.cli.put('install.code', '1');
    await expect(at.run().mesh).rejects.toMatchObject({
      code: 'LINKERD_CLI_FAILED',
      message: expect.stringMatching(/linkerd install .*: something for the user$/),
    });
    expect(at.kube.log).toEqual([]);
  });

  it.each([
    ['no object', 'Usage: linkerd\n', /no object: Usage/],
    ['nothing', '', /something for the user/],
    ['an object without a name', '{"apiVersion":"v1","kind":"Namespace","metadata":{}}', /no object/],
  ])('applies nothing when the CLI prints %s', async (_, text, message) => {
    using at = setUp();
    at.cli.put('control-plane.json', text);
    await expect(at.run().mesh).rejects.toMatchObject({
      code: 'LINKERD_CLI_FAILED',
      message: expect.stringMatching(message),
    });
    expect(at.kube.log).toEqual([]);
  });

  it('says when there is no CLI at that path', async () => {
    using at = setUp();
    at.cli.tool.path = '/not/there/linkerd';
    await expect(at.run().mesh).rejects.toMatchObject({
      code: 'LINKERD_CLI_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('passes on why the pods do not come', async () => {
    using at = setUp();
    const image = 'Back-off pulling image "cr.l5d.io/linkerd/controller:edge-1.2.3"';
    at.kube.podOf = ({ metadata }) => {
      const pod = podObject(`${metadata.name}-1`, { state: waiting('ErrImageNeverPull', image) });
      return { ...pod, metadata: { ...pod.metadata, namespace: 'linkerd' } };
    };
    await expect(at.run().mesh).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining(image) });
    expect(at.cli.calls().filter((call) => call.startsWith('check'))).toEqual([]);
  });

  it('names every check that failed, with its hint', async () => {
    using at = setUp();
    const failing = {
      description: 'issuer cert is valid',
      result: 'error',
      error: 'expired',
      hint: 'https://hint/issuer',
    };
    const categories = [...GOOD_CHECK.categories, { categoryName: 'linkerd-identity', checks: [failing] }];
    at.cli.put('check.json', JSON.stringify({ success: false, categories }));
    at.cli.put('check.code', '1');
    await expect(at.run().mesh).rejects.toMatchObject({
      code: 'LINKERD_CHECK_FAILED',
      message: 'linkerd check: linkerd-identity: issuer cert is valid: expired',
      hint: 'https://hint/issuer',
    });
    const namespace = (await at.kube.get({ apiVersion: 'v1', kind: 'Namespace', name: 'linkerd' }))!;
    expect(readInstallation(namespace)).toBeNull();
  });

  it.each([
    ['no result', 'panic', '2', /exit code 2, and no result: something for the user/],
    ['a result without checks', '{"success":true,"categories":[]}', '0', /it checked nothing/],
    ['success, and an exit code', JSON.stringify(GOOD_CHECK), '1', /exit code 1, though no check failed/],
  ])('does not take %s of the check for success', async (_, text, code, message) => {
    using at = setUp();
    at.cli.put('check.json', text);
    at.cli.put('check.code', code);
    await expect(at.run().mesh).rejects.toMatchObject({
      code: 'LINKERD_CHECK_FAILED',
      message: expect.stringMatching(message),
    });
  });

  it('says when the proxies do not say their version', async () => {
    using at = setUp();
    page = 'process_start_time_seconds 1\n';
    await expect(at.run().mesh).rejects.toMatchObject({
      code: 'PROXY_VERSION_UNKNOWN',
      message: expect.stringContaining('linkerd/linkerd-identity-1 has no proxy_build_info'),
    });
  });

  it('ends with the reason of whoever interrupts it', async () => {
    using at = setUp();
    const reason = new Error('enough');
    const abort = new AbortController();
    at.kube.podOf = () => {
      abort.abort(reason);
      return podObject('never', { state: waiting('ContainerCreating') });
    };
    await expect(at.run(abort.signal).mesh).rejects.toBe(reason);
  });
});
