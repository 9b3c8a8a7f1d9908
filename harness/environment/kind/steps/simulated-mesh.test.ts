import { afterEach, describe, expect, it, vi } from 'vitest';
import { type KubernetesObject, LABELS } from '../../kubernetes/contract.ts';
import { podObject, waiting } from '../../kubernetes/testing/pods.ts';
import type { Cluster, Images, StepContext } from '../contract.ts';
import { namespaceRef, readInstallation } from '../linkerd/installation.ts';
import { stepContext } from '../linkerd/testing/context.ts';
import { FakeKube } from '../linkerd/testing/fake-kube.ts';
import { installSimulatedMesh } from './simulated-mesh.ts';

const HOUR_MS = 3600 * 1000;
const INSTALLED = { kind: 'simulated', version: 'edge-26.8.3', proxyVersion: 'v2.366.0' };
const TRUST_ROOTS = { apiVersion: 'v1', kind: 'ConfigMap', name: 'linkerd-identity-trust-roots' };

afterEach(() => vi.useRealTimers());

function setUp() {
  const kube = new FakeKube();
  const install = (given: { image?: string; reuse?: boolean; signal?: AbortSignal; version?: string } = {}) => {
    kube.log.length = 0;
    const { context, steps } = stepContext({ signal: given.signal });
    const versions = { linkerd: { version: 'edge-26.8.3' } };
    const options = { reuse: given.reuse ?? true, ...(given.version && { linkerdVersion: given.version }) };
    const all = { ...context, runId: 'run-1', options, versions } as StepContext;
    const images = { proxy: given.image ?? 'meshproof/proxy:1' } as Images;
    return { steps, mesh: installSimulatedMesh(kube, {} as Cluster, images, all) };
  };
  const namespace = async () => (await kube.get(namespaceRef)) as KubernetesObject;
  const anchor = async () => (await kube.get<{ data: Record<string, string> }>(TRUST_ROOTS))?.data['ca-bundle.crt'];
  return { kube, install, namespace, anchor };
}

describe('installSimulatedMesh', () => {
  it('applies the webhook when the control plane is ready, and says so when injection works', async () => {
    const at = setUp();
    const { mesh, steps } = at.install();
    expect(await mesh).toEqual(INSTALLED);
    const { log } = at.kube;
    expect(log[0]).toBe('apply Namespace/linkerd');
    expect(log.slice(log.indexOf('apply Deployment/linkerd-identity'))).toEqual([
      'apply Deployment/linkerd-identity',
      'apply Deployment/linkerd-destination',
      'apply Deployment/linkerd-proxy-injector',
      'look at pods',
      'apply MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config',
      'try',
      'apply Namespace/linkerd',
    ]);
    expect(steps).toEqual(['control plane', 'injector']);
    expect(readInstallation(await at.namespace())).toMatchObject({ pods: 3, version: 'edge-26.8.3' });
    expect((await at.namespace()).metadata.annotations).toMatchObject({ 'linkerd.io/inject': 'disabled' });
  });

  it.each([
    [true, 'shared'],
    [false, 'run-1'],
  ])('labels what it applies, reuse %s', async (reuse, label) => {
    const at = setUp();
    await at.install({ reuse }).mesh;
    expect((await at.namespace()).metadata.labels).toMatchObject({
      [LABELS.managedBy]: 'meshproof',
      [LABELS.run]: label,
      'linkerd.io/is-control-plane': 'true',
    });
  });

  it('takes a finished installation of the same parts as it is, anchor included, but tries its injector', async () => {
    const at = setUp();
    await at.install().mesh;
    const before = await at.anchor();
    expect(before).toContain('BEGIN CERTIFICATE');
    expect(await at.install().mesh).toEqual(INSTALLED);
    expect(at.kube.log).toEqual(['look at pods', 'try']);
    expect(await at.anchor()).toBe(before);
  });

  it('replaces one of another image', async () => {
    const at = setUp();
    await at.install().mesh;
    const before = await at.anchor();
    await at.install({ image: 'meshproof/proxy:2' }).mesh;
    expect(at.kube.log.slice(0, 2)).toEqual([
      'delete MutatingWebhookConfiguration/linkerd-proxy-injector-webhook-config',
      'delete Namespace/linkerd',
    ]);
    expect(await at.anchor()).not.toBe(before);
    expect(await at.kube.list({ kind: 'Pod' })).toHaveLength(3);
  });

  it('upgrades one that only is of another version, in place, and takes it as it is from then on', async () => {
    const at = setUp();
    await at.install().mesh;
    const before = await at.anchor();
    const { mesh, steps } = at.install({ version: 'stable-2.19' });
    expect(await mesh).toEqual({ kind: 'simulated', version: '2.19', proxyVersion: 'v2.326.0' });
    expect(steps).toEqual(['control plane']);
    expect(at.kube.log.join()).not.toContain('delete');
    expect(await at.anchor()).toBe(before);
    type Deployment = KubernetesObject & { spec: { strategy: object; template: object } };
    const ref = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'linkerd-identity' };
    const deployment = (await at.kube.get<Deployment>(ref))!;
    expect(deployment.spec.strategy).toMatchObject({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } });
    expect(JSON.stringify(deployment.spec.template)).toContain('2.19');
    expect(readInstallation(await at.namespace())).toMatchObject({ pods: 3, version: '2.19' });
    await at.install({ version: '2.19' }).mesh;
    expect(at.kube.log).toEqual(['look at pods', 'try']);
    expect(await at.install().mesh).toEqual(INSTALLED);
    expect(at.kube.log.join()).not.toContain('delete');
    expect(await at.anchor()).toBe(before);
  });

  it('replaces one whose upgrade was not finished', async () => {
    const at = setUp();
    await at.install().mesh;
    const { podOf } = at.kube;
    at.kube.podOf = ({ metadata }) => {
      const pod = podObject(`${metadata.name}-2`, { state: waiting('ErrImageNeverPull') });
      return { ...pod, metadata: { ...pod.metadata, namespace: 'linkerd' } };
    };
    await expect(at.install({ version: '2.19' }).mesh).rejects.toMatchObject({ code: 'POD_FAILED' });
    expect(readInstallation(await at.namespace())).toBeNull();
    at.kube.podOf = podOf;
    expect(await at.install().mesh).toEqual(INSTALLED);
    expect(at.kube.log).toContain('delete Namespace/linkerd');
  });

  it('does not know a version that there is no profile of', async () => {
    const at = setUp();
    const mesh = async () => at.install({ version: '0.1' }).mesh;
    await expect(mesh()).rejects.toMatchObject({ code: 'UNKNOWN_MESH_VERSION' });
    expect(at.kube.log).toEqual([]);
  });

  it('replaces one whose certificates end soon', async () => {
    const at = setUp();
    await at.install().mesh;
    // Serving certificates live half a year.
    vi.useFakeTimers({ now: Date.now() + 182 * 24 * HOUR_MS, toFake: ['Date'] });
    await at.install().mesh;
    expect(at.kube.log).toContain('delete Namespace/linkerd');
  });

  it('replaces one that was not finished, because its injector does not work', async () => {
    const at = setUp();
    const { admit } = at.kube;
    at.kube.admit = (pod) => pod;
    vi.useFakeTimers();
    const { mesh } = at.install();
    const refusal = expect(mesh).rejects.toMatchObject({ code: 'INJECTOR_NOT_WORKING' });
    await vi.advanceTimersByTimeAsync(31_000);
    await refusal;
    vi.useRealTimers();
    expect(readInstallation(await at.namespace())).toBeNull();
    at.kube.admit = admit;
    await at.install().mesh;
    expect(at.kube.log).toContain('delete Namespace/linkerd');
  });

  it('does not take a finished installation whose injector has stopped working', async () => {
    const at = setUp();
    await at.install().mesh;
    at.kube.admit = (pod) => pod;
    vi.useFakeTimers();
    const refusal = expect(at.install().mesh).rejects.toMatchObject({ code: 'INJECTOR_NOT_WORKING' });
    await vi.advanceTimersByTimeAsync(31_000);
    await refusal;
  });

  it('says which pods fail, and leaves the webhook away', async () => {
    const at = setUp();
    at.kube.podOf = ({ metadata }) => {
      const pod = podObject(`${metadata.name}-1`, { state: waiting('ErrImageNeverPull') });
      return { ...pod, metadata: { ...pod.metadata, namespace: 'linkerd' } };
    };
    await expect(at.install().mesh).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringContaining('linkerd-identity-1'),
    });
    expect(at.kube.log.join()).not.toContain('Webhook');
  });
});
