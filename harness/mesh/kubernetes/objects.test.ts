import { describe, expect, it } from 'vitest';
import { injectedPod, kubernetesObjects, NODE_NAME } from './objects.ts';
import { podWithStatus } from './pod-status.ts';
import { meshConfig, podConfig, RELEASE } from './testing/mesh-config.ts';
import type { Container } from './types.ts';

const config = meshConfig([podConfig()]);
const ports = (containers: Container[] = []) =>
  containers.flatMap((c) => (c.ports ?? []).map((p) => `${c.name} ${p.name} ${p.containerPort}`));

describe('an injected pod', () => {
  const pod = injectedPod(config, podConfig(), RELEASE);

  it('has the labels and annotations of injection beside its own', () => {
    expect(pod.metadata.labels).toEqual({
      app: 'web',
      'pod-template-hash': '664f644f88',
      'linkerd.io/control-plane-ns': 'linkerd',
      'linkerd.io/proxy-deployment': 'web',
      'linkerd.io/workload-ns': 'shop',
    });
    expect(pod.metadata.annotations).toMatchObject({
      'linkerd.io/proxy-version': 'edge-26.8.3',
      'linkerd.io/inject': 'enabled',
      'viz.linkerd.io/tap-enabled': 'true',
    });
    expect(pod.metadata.ownerReferences).toMatchObject([
      { kind: 'ReplicaSet', name: 'web-664f644f88', controller: true },
    ]);
  });

  it('has the proxy as a native sidecar right after linkerd-init', () => {
    expect(pod.spec.initContainers?.map((c) => [c.name, c.restartPolicy])).toEqual([
      ['linkerd-init', undefined],
      ['linkerd-proxy', 'Always'],
    ]);
    expect(ports(pod.spec.initContainers)).toEqual([
      'linkerd-proxy linkerd-proxy 4143',
      'linkerd-proxy linkerd-admin 4191',
    ]);
    expect(pod.spec.initContainers?.[1]?.startupProbe).toMatchObject({ periodSeconds: 1, failureThreshold: 120 });
    expect(pod.spec.initContainers?.[1]).not.toHaveProperty('lifecycle');
    expect(ports(pod.spec.containers)).toEqual(['web http 8080']);
  });

  it('has the proxy first among its containers before 2.20', () => {
    const old = injectedPod(config, podConfig(), { ...RELEASE, nativeSidecar: false });
    expect(old.spec.initContainers?.map((c) => c.name)).toEqual(['linkerd-init']);
    expect(old.spec.containers.map((c) => c.name)).toEqual(['linkerd-proxy', 'web']);
    expect(old.spec.containers[0]).not.toHaveProperty('restartPolicy');
    expect(old.spec.containers[0]).toHaveProperty('lifecycle');
  });

  it('shows real ports where pods share an address', () => {
    const shared = podConfig({ ip: '127.0.0.1', admin: { host: '127.0.0.1', port: 40191 } });
    expect(ports(injectedPod(config, shared, RELEASE).spec.initContainers)).toContain(
      'linkerd-proxy linkerd-admin 40191',
    );
  });

  it('must be scrapable on its address', () => {
    const wrong = podConfig({ admin: { host: '127.0.0.1', port: 4191 } });
    expect(() => injectedPod(config, wrong, RELEASE)).toThrow(
      'pod shop/web-664f644f88-4lkzv has the address 127.9.8.7, but its port linkerd-admin listens on 127.0.0.1:4191',
    );
  });

  it('of the control plane has its component and its admin ports', () => {
    const host = '127.9.8.7';
    const destination = podConfig({
      namespace: 'linkerd',
      deployment: 'linkerd-destination',
      labels: {},
      app: null,
      component: 'destination',
      componentPorts: [
        { container: 'destination', portName: 'dest-admin', address: { host, port: 9996 } },
        { container: 'policy', portName: 'policy-admin', address: { host, port: 9990 } },
      ],
    });
    const built = injectedPod(config, destination, RELEASE);
    expect(ports(built.spec.containers)).toEqual(['destination dest-admin 9996', 'policy policy-admin 9990']);
    expect(built.metadata.labels).toMatchObject({
      'linkerd.io/control-plane-component': 'destination',
      'app.kubernetes.io/part-of': 'Linkerd',
    });
  });

  it('serves nothing but the proxy when it only makes load', () => {
    expect(ports(injectedPod(config, podConfig({ app: null }), RELEASE).spec.containers)).toEqual([]);
  });
});

describe('a change of status', () => {
  const pod = injectedPod(config, podConfig(), RELEASE);
  const later = new Date('2026-08-01T10:05:00Z');

  it('shows a restart in every container that runs, the sidecar included', () => {
    const next = podWithStatus(pod, { restartCount: 1, ready: false }, later);
    const [init, proxy] = next.status.initContainerStatuses!;
    expect(init).toMatchObject({ restartCount: 0, ready: true });
    for (const status of [proxy!, ...next.status.containerStatuses]) {
      expect(status).toMatchObject({
        restartCount: 1,
        ready: false,
        state: { running: { startedAt: '2026-08-01T10:05:00Z' } },
      });
    }
    expect(next.status.conditions.filter((c) => c.status === 'False').map((c) => c.type)).toEqual([
      'Ready',
      'ContainersReady',
    ]);
    expect(pod.status.containerStatuses[0]).toMatchObject({ restartCount: 0, ready: true });
  });

  it('changes the phase alone when nothing else is told', () => {
    const next = podWithStatus(pod, { phase: 'Succeeded' }, later);
    expect(next).toEqual({ ...pod, status: { ...pod.status, phase: 'Succeeded' } });
  });
});

it('the cluster has a node, namespaces and services beside the pods', () => {
  const objects = kubernetesObjects(config, RELEASE);
  expect(objects.map((o) => `${o.kind} ${o.metadata.name}`)).toEqual([
    `Node ${NODE_NAME}`,
    'Namespace linkerd',
    'Namespace linkerd-viz',
    'Namespace shop',
    'Service web',
    'Pod web-664f644f88-4lkzv',
  ]);
});
