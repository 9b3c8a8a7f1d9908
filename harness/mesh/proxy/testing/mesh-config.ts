import { randomInt } from 'node:crypto';
import http, { type RequestListener, type Server } from 'node:http';
import type { MeshConfig, MeshPodConfig } from '../../contract.ts';

/** A mesh of a load pod, one pod for each service, and the identity component, on loopback addresses of its own. */
export function meshConfig(dir: string, services: string[]): MeshConfig {
  const prefix = `127.${randomInt(10, 250)}.${randomInt(10, 250)}`;
  let host = 1;
  const pod = (namespace: string, deployment: string, extra: Partial<MeshPodConfig>): MeshPodConfig => {
    const ip = `${prefix}.${host++}`;
    return {
      namespace,
      name: `${deployment}-abc-0`,
      uid: deployment,
      deployment,
      serviceAccount: deployment,
      podTemplateHash: 'abc',
      labels: { app: deployment },
      ip,
      inbound: { host: ip, port: 4143 },
      outbound: { host: ip, port: 4140 },
      admin: { host: ip, port: 4191 },
      app: null,
      component: null,
      componentPorts: [],
      ...extra,
    };
  };
  const app = (ip: string) => ({
    address: { host: ip, port: 8080 },
    labelPort: 8080,
    readyPath: '/readyz',
    livePath: '/healthz',
  });
  const serving = services.map((name) => {
    const made = pod('shop', name, {});
    return { ...made, app: app(made.ip) };
  });
  const identity = pod('linkerd', 'linkerd-identity', { component: 'identity' });
  identity.componentPorts = [
    { container: 'identity', portName: 'ident-admin', address: { host: identity.ip, port: 9990 } },
  ];
  return {
    version: '2.366.0',
    trustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    vizNamespace: 'linkerd-viz',
    probeIntervalMs: 60_000,
    pods: [pod('meshproof', 'load', {}), ...serving, identity],
    services: services.map((name, index) => ({
      namespace: 'shop',
      name,
      clusterIp: `10.96.0.${index + 1}`,
      port: 80,
      targetPort: 8080,
      pods: [`${name}-abc-0`],
    })),
    kubernetesApi: { host: `${prefix}.250`, port: 0 },
    dir,
  };
}

/** An app that is ready, and serves everything else with `handler`. */
export async function startApp(pod: MeshPodConfig, handler: RequestListener): Promise<Server> {
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    if (request.url === '/readyz' || request.url === '/healthz') response.end('ok');
    else handler(request, response);
  });
  const { address } = pod.app!;
  await new Promise<void>((resolve) => server.listen(address.port, address.host, resolve));
  return server;
}
