import type { MeshConfig, MeshPodConfig } from '../../contract.ts';

/** A pod of a mesh, for tests: shop/web unless told otherwise. */
export function podConfig(change: Partial<MeshPodConfig> = {}): MeshPodConfig {
  const ip = change.ip ?? '127.9.8.7';
  return {
    namespace: 'shop',
    name: 'web-664f644f88-4lkzv',
    uid: '0b6e0b0e-8c52-4f0e-9a39-93b2b9b3d1aa',
    deployment: 'web',
    serviceAccount: 'web',
    podTemplateHash: '664f644f88',
    labels: { app: 'web' },
    ip,
    inbound: { host: ip, port: 4143 },
    outbound: { host: ip, port: 4140 },
    admin: { host: ip, port: 4191 },
    app: { address: { host: ip, port: 8080 }, labelPort: 8080, readyPath: '/readyz', livePath: '/healthz' },
    component: null,
    componentPorts: [],
    ...change,
  };
}

export function meshConfig(pods: MeshPodConfig[]): MeshConfig {
  return {
    version: '2.20',
    trustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    vizNamespace: 'linkerd-viz',
    probeIntervalMs: 10_000,
    pods,
    services: [{ namespace: 'shop', name: 'web', clusterIp: '10.96.0.1', port: 80, targetPort: 8080, pods: ['web'] }],
    kubernetesApi: { host: '127.0.0.1', port: 0 },
    dir: '',
  };
}

export const RELEASE = { linkerdVersion: 'edge-26.8.3', nativeSidecar: true, now: new Date('2026-08-01T10:00:00Z') };
