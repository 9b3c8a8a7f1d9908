import { describe, expect, it } from 'vitest';
import type { PodObject } from './contract.ts';
import { podsWithoutSidecar } from './sidecars.ts';
import { podObject } from './testing/pods.ts';

describe('podsWithoutSidecar', () => {
  const proxy = (portName: string, more: object = {}) => ({
    ...{ name: 'linkerd-proxy', ports: [{ name: portName, containerPort: 4191 }] },
    ...more,
  });
  const withContainers = (name: string, containers: object[], initContainers: object[] = []) =>
    ({ ...podObject(name), spec: { containers, initContainers } }) as PodObject;

  it('knows proxies as containers and as native sidecars', () => {
    const admin = proxy('linkerd-admin');
    expect(
      podsWithoutSidecar([
        withContainers('meshed', [{ name: 'app' }, admin]),
        withContainers('native', [{ name: 'app' }], [{ name: 'linkerd-init' }, { ...admin, restartPolicy: 'Always' }]),
        withContainers('plain', [{ name: 'app' }]),
        withContainers('init-only', [{ name: 'app' }], [admin]),
        withContainers('renamed-port', [{ name: 'app' }, proxy('admin-http')]),
        withContainers('other', [{ ...admin, name: 'envoy' }]),
      ]),
    ).toEqual(['shop/plain', 'shop/init-only', 'shop/renamed-port', 'shop/other']);
  });
});
