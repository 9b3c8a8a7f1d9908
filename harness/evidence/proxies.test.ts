import { describe, expect, it } from 'vitest';
import { adminOf } from './proxies.ts';
import type { EvidencePod } from './types.ts';

const ENV = (port: number) => [{ name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value: `0.0.0.0:${port}` }];
const PORTS = [
  { name: 'linkerd-proxy', containerPort: 4143 },
  { name: 'linkerd-admin', containerPort: 4191 },
];

function pod(
  change: { containers?: object[]; init?: object[]; annotations?: object; status?: object } = {},
): EvidencePod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', namespace: 'shop', annotations: change.annotations },
    spec: {
      containers: [{ name: 'app', ports: [{ containerPort: 8080 }] }, ...(change.containers ?? [])],
      initContainers: change.init,
    },
    status: { phase: 'Running', podIP: '10.1.2.3', ...change.status },
  } as unknown as EvidencePod;
}
const at = (port: number) => ({ ip: '10.1.2.3', port });

describe('adminOf', () => {
  it('finds the proxy whatever it is called', () => {
    expect(adminOf(pod({ containers: [{ name: 'linkerd-proxy', ports: PORTS, env: ENV(4191) }] }))).toEqual(at(4191));
    expect(adminOf(pod({ init: [{ name: 'sidecar', ports: PORTS, restartPolicy: 'Always' }] }))).toEqual(at(4191));
    expect(adminOf(pod({ containers: [{ name: 'p', ports: [{ containerPort: 4143 }] }] }))).toEqual(at(4191));
    expect(adminOf(pod({ containers: [{ name: 'p', env: ENV(9191) }] }))).toEqual(at(9191));
    expect(adminOf(pod({ containers: [{ name: 'linkerd-proxy' }] }))).toEqual(at(4191));
    expect(adminOf(pod({ annotations: { 'linkerd.io/proxy-version': 'edge-26.8.3' } }))).toEqual(at(4191));
  });

  it('takes the port from where it is set before where it is named', () => {
    const probe = (port: number | string, path = '/live') => ({ livenessProbe: { httpGet: { path, port } } });
    const named = [{ name: 'linkerd-admin', containerPort: 7 }];
    const of = (container: object) => adminOf(pod({ containers: [{ name: 'linkerd-proxy', ...container }] }))?.port;
    expect(
      of({ env: [{ name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value: '[::]:5' }], ...probe(6), ports: named }),
    ).toBe(5);
    expect(of({ ...probe(6), ports: named })).toBe(6);
    expect(of({ ...probe('adm'), ports: [{ name: 'adm', containerPort: 8 }] })).toBe(8);
    // A probe of something else says nothing about the admin server.
    expect(of({ ...probe(6, '/healthz'), ports: named })).toBe(7);
  });

  it('has nothing of pods that have no proxy, or none any more', () => {
    expect(adminOf(pod())).toBeNull();
    expect(adminOf(pod({ init: [{ name: 'linkerd-init' }] }))).toBeNull();
    const proxy = { containers: [{ name: 'linkerd-proxy', ports: PORTS }] };
    expect(adminOf(pod({ ...proxy, status: { podIP: undefined } }))).toBeNull();
    for (const phase of ['Succeeded', 'Failed']) expect(adminOf(pod({ ...proxy, status: { phase } }))).toBeNull();
    expect(adminOf(pod({ ...proxy, status: { phase: 'Pending' } }))).toEqual(at(4191));
  });
});
