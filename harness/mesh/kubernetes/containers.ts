import type { MeshConfig, MeshPodConfig } from '../contract.ts';
import type { Container, Probe } from './types.ts';

/** Containers of an injected pod (telemetry facts, section 6). */
export interface ProxyRelease {
  linkerdVersion: string;
  nativeSidecar: boolean;
  config: MeshConfig;
}

const PROXY_UID = 2102;

/** Sets the redirection of the pod's traffic; since 2.20 (edge-25.11.3) it is the proxy's own image. */
export function linkerdInit(release: ProxyRelease): Container {
  const common = { name: 'linkerd-init', securityContext: { runAsUser: 65534 } };
  return release.nativeSidecar
    ? { ...common, image: proxyImage(release), command: ['/usr/lib/linkerd/linkerd2-proxy-init'] }
    : { ...common, image: 'cr.l5d.io/linkerd/proxy-init:v2.4.3' };
}

/** The proxy: a native sidecar with a startup probe and no hooks, or the first container with a postStart hook. */
export function linkerdProxy(pod: MeshPodConfig, release: ProxyRelease): Container {
  const admin = pod.admin.port;
  const probe = (path: string): Probe => ({ httpGet: { path, port: admin } });
  return {
    name: 'linkerd-proxy',
    image: proxyImage(release),
    ...(release.nativeSidecar
      ? {
          restartPolicy: 'Always' as const,
          startupProbe: { ...probe('/ready'), periodSeconds: 1, failureThreshold: 120 },
        }
      : { lifecycle: { postStart: { exec: { command: ['/usr/lib/linkerd/linkerd-await', '--timeout=2m'] } } } }),
    livenessProbe: { ...probe('/live'), initialDelaySeconds: 10, periodSeconds: 10 },
    readinessProbe: { ...probe('/ready'), initialDelaySeconds: 2, periodSeconds: 10 },
    ports: [
      { name: 'linkerd-proxy', containerPort: pod.inbound.port, protocol: 'TCP' },
      { name: 'linkerd-admin', containerPort: admin, protocol: 'TCP' },
    ],
    env: proxyEnv(pod, release),
    securityContext: { runAsUser: PROXY_UID },
  };
}

function proxyEnv(pod: MeshPodConfig, { config }: ProxyRelease): Container['env'] {
  const workload = JSON.stringify({ ns: pod.namespace, pod: pod.name });
  const identity = `${pod.serviceAccount}.${pod.namespace}.serviceaccount.identity.${config.controlPlaneNamespace}.${config.trustDomain}`;
  const inboundPorts = pod.app ? String(pod.app.labelPort) : '';
  return Object.entries({
    LINKERD2_PROXY_ADMIN_LISTEN_ADDR: `${pod.admin.host}:${pod.admin.port}`,
    LINKERD2_PROXY_INBOUND_PORTS: inboundPorts,
    LINKERD2_PROXY_INBOUND_DEFAULT_POLICY: 'all-unauthenticated',
    LINKERD2_PROXY_POLICY_WORKLOAD: workload,
    LINKERD2_PROXY_DESTINATION_CONTEXT: workload,
    LINKERD2_PROXY_IDENTITY_LOCAL_NAME: identity,
    LINKERD2_PROXY_SHUTDOWN_ENDPOINT_ENABLED: 'false',
  }).map(([name, value]) => ({ name, value }));
}

/** The workload's own container; the load generator's has no port. */
export function appContainer(pod: MeshPodConfig): Container {
  const container: Container = { name: pod.deployment, image: `meshproof/${pod.deployment}` };
  if (!pod.app) return container;
  const { address, livePath, readyPath, probe } = pod.app;
  const { port } = probe ?? address;
  return {
    ...container,
    ports: [{ name: 'http', containerPort: address.port, protocol: 'TCP' }],
    livenessProbe: { httpGet: { path: livePath, port } },
    readinessProbe: { httpGet: { path: readyPath, port } },
  };
}

/** Containers of a control-plane pod with their named admin ports, in the order in which they are configured. */
export function componentContainers(pod: MeshPodConfig, release: ProxyRelease): Container[] {
  const byName = new Map<string, Container>();
  for (const { container: name, portName, address } of pod.componentPorts) {
    const container = byName.get(name) ?? {
      name,
      image: `cr.l5d.io/linkerd/controller:${release.linkerdVersion}`,
      ports: [],
    };
    container.ports?.push({ name: portName, containerPort: address.port, protocol: 'TCP' });
    byName.set(name, container);
  }
  if (byName.size === 0) return [appContainer(pod)];
  return [...byName.values()];
}

function proxyImage(release: ProxyRelease): string {
  return `cr.l5d.io/linkerd/proxy:${release.linkerdVersion}`;
}
