import type { Evidence, EvidenceContainer, EvidenceContainerStatus, EvidencePod } from '../../../evidence/types.ts';

/** A pod that has a proxy, as the cluster shows it. */
export interface ProxyPod {
  /** `namespace/name`. */
  id: string;
  namespace: string;
  pod: EvidencePod;
  /** The proxy's container, whatever it is called. */
  container: EvidenceContainer;
  /** It is an init container. */
  isInit: boolean;
  /** Where its admin server listens. */
  adminPort: number;
  /** `host:port` of its admin server; null without an address. */
  adminAddress: string | null;
  /** Its own pod is one of the control plane. */
  ofControlPlane: boolean;
}

export const PROXY_CONTAINER = 'linkerd-proxy';
export const ADMIN_PORT_NAME = 'linkerd-admin';
export const CONTROL_PLANE_LABEL = 'linkerd.io/control-plane-ns';
export const COMPONENT_LABEL = 'linkerd.io/control-plane-component';

/** The proxies reads its settings from these (telemetry facts, section 6); nothing else has them. */
const PROXY_ENV = /^LINKERD2_PROXY_/;
const ADMIN_LISTENER = 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR';
const DEFAULT_ADMIN_PORT = 4191;
const COMPLETED = new Set(['Succeeded', 'Failed']);

/** Those that run or are about to; completed pods have no proxy any more. Empty where pods can't be read. */
export function proxyPods(evidence: Evidence): ProxyPod[] {
  return (evidence.cluster.pods ?? []).flatMap((pod) => {
    if (isCompleted(pod)) return [];
    const found = proxyContainer(pod);
    if (found === null) return [];
    const adminPort = adminPortOf(found.container);
    const ip = pod.status?.podIP;
    return [
      {
        ...found,
        id: podId(pod),
        namespace: pod.metadata.namespace ?? '',
        pod,
        adminPort,
        adminAddress: ip ? hostPort(ip, adminPort) : null,
        ofControlPlane: pod.metadata.labels?.[COMPONENT_LABEL] !== undefined,
      },
    ];
  });
}

export function podId({ metadata }: EvidencePod): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

export function isCompleted(pod: EvidencePod): boolean {
  return COMPLETED.has(pod.status?.phase ?? '');
}

/** It is on its way out: its proxy may be gone at any moment, and that is as it should be. */
export function isTerminating({ metadata }: EvidencePod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

/** The container that the injector added: by its name, else by its settings. */
export function proxyContainer(pod: EvidencePod): { container: EvidenceContainer; isInit: boolean } | null {
  const all = [
    ...(pod.spec?.containers ?? []).map((container) => ({ container, isInit: false })),
    ...(pod.spec?.initContainers ?? []).map((container) => ({ container, isInit: true })),
  ];
  return (
    all.find(({ container }) => container.name === PROXY_CONTAINER) ??
    all.find(({ container }) => container.env?.some(({ name }) => PROXY_ENV.test(name))) ??
    null
  );
}

function adminPortOf({ env, ports }: EvidenceContainer): number {
  const listener = env?.find(({ name }) => name === ADMIN_LISTENER)?.value;
  const port = Number(listener?.split(':').at(-1));
  if (Number.isInteger(port) && port > 0) return port;
  return ports?.find(({ name }) => name === ADMIN_PORT_NAME)?.containerPort ?? DEFAULT_ADMIN_PORT;
}

/** Of the proxy's container; undefined where the kubelet has not said yet. */
export function proxyStatus({ pod, container, isInit }: ProxyPod): EvidenceContainerStatus | undefined {
  const statuses = isInit ? pod.status?.initContainerStatuses : pod.status?.containerStatuses;
  return statuses?.find(({ name }) => name === container.name);
}

/** Whether the kubelet says that the proxy runs; null where it says nothing. */
export function proxyRuns(proxy: ProxyPod): boolean | null {
  const state = proxyStatus(proxy)?.state;
  return state === undefined ? null : 'running' in state;
}

/** With brackets around an IPv6 address. */
export function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
