import type { KubernetesObject } from '../../../core/kubernetes-object.ts';
import type { EvidenceContainer, EvidenceContainerStatus, EvidencePod } from '../../../evidence/types.ts';

export interface PodSpec {
  namespace: string;
  workload: string;
  replica: number;
  ip: string;
  adminPort: number;
  /** Port of the app; null: it serves nothing. */
  appPort: number | null;
  labels: Record<string, string>;
  controlPlaneNamespace: string;
  /** As an init container that stays. */
  nativeSidecar: boolean;
  /** Of a pod of the control plane: its containers with their admin ports. */
  component?: { name: string; containers: { name: string; portName: string; port: number }[] };
  startedAt: string;
}

/** An injected pod, running and ready, as the API shows it (telemetry facts, section 6). */
export function injectedPod(spec: PodSpec): EvidencePod {
  const { workload, namespace } = spec;
  const hash = `7d9c${workload.length}f`;
  const proxy = proxyContainer(spec);
  const init: EvidenceContainer[] = [{ name: 'linkerd-init', image: 'cr.l5d.io/linkerd/proxy:edge-26.8.3' }];
  const own = ownContainers(spec);
  if (spec.nativeSidecar) init.push(proxy);
  const containers = spec.nativeSidecar ? own : [proxy, ...own];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${workload}-${hash}-${suffix(spec.replica)}`,
      namespace,
      labels: {
        app: workload,
        ...spec.labels,
        ...(spec.component && { 'linkerd.io/control-plane-component': spec.component.name }),
        'pod-template-hash': hash,
        'linkerd.io/control-plane-ns': spec.controlPlaneNamespace,
        'linkerd.io/proxy-deployment': workload,
        'linkerd.io/workload-ns': namespace,
      },
      annotations: {
        'linkerd.io/created-by': 'linkerd/proxy-injector edge-26.8.3',
        'linkerd.io/inject': 'enabled',
        'linkerd.io/proxy-version': 'edge-26.8.3',
      },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${workload}-${hash}`, controller: true }],
    },
    spec: { nodeName: 'node-1', serviceAccountName: workload, containers, initContainers: init },
    status: {
      phase: 'Running',
      podIP: spec.ip,
      startTime: spec.startedAt,
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'PodScheduled', status: 'True' },
      ],
      containerStatuses: containers.map((one) => running(one.name, spec.startedAt)),
      initContainerStatuses: init.map((one) =>
        one.restartPolicy === 'Always' ? running(one.name, spec.startedAt) : completed(one.name),
      ),
    },
  };
}

function suffix(replica: number): string {
  return `bcdfg${'hjklmnpqrs'[replica % 10]}`.slice(1);
}

function proxyContainer(spec: PodSpec): EvidenceContainer {
  return {
    name: 'linkerd-proxy',
    image: 'cr.l5d.io/linkerd/proxy:edge-26.8.3',
    ports: [
      { name: 'linkerd-proxy', containerPort: 4143, protocol: 'TCP' },
      { name: 'linkerd-admin', containerPort: spec.adminPort, protocol: 'TCP' },
    ],
    env: [
      { name: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR', value: `0.0.0.0:${spec.adminPort}` },
      { name: 'LINKERD2_PROXY_INBOUND_DEFAULT_POLICY', value: 'all-unauthenticated' },
    ],
    ...(spec.nativeSidecar && { restartPolicy: 'Always' }),
  };
}

function ownContainers(spec: PodSpec): EvidenceContainer[] {
  if (spec.component) {
    return spec.component.containers.map(({ name, portName, port }) => ({
      name,
      image: 'cr.l5d.io/linkerd/controller:edge-26.8.3',
      ports: [
        { name: 'grpc', containerPort: 8086, protocol: 'TCP' },
        { name: portName, containerPort: port, protocol: 'TCP' },
      ],
    }));
  }
  const app: EvidenceContainer = { name: spec.workload, image: `shop/${spec.workload}` };
  return [
    spec.appPort === null ? app : { ...app, ports: [{ name: 'http', containerPort: spec.appPort, protocol: 'TCP' }] },
  ];
}

function running(name: string, startedAt: string): EvidenceContainerStatus {
  return { name, ready: true, started: true, restartCount: 0, state: { running: { startedAt } } };
}

function completed(name: string): EvidenceContainerStatus {
  return {
    name,
    ready: true,
    started: false,
    restartCount: 0,
    state: { terminated: { exitCode: 0, reason: 'Completed' } },
  };
}

/** A Service that selects a workload by its label `app`. */
export function serviceOf(namespace: string, name: string, port: number): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: name }, ports: [{ name: 'http', port, targetPort: port, protocol: 'TCP' }] },
  };
}

export function namespaceOf(name: string, annotations: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, annotations } };
}

export const CONTROL_PLANE = [
  {
    name: 'destination',
    containers: [
      { name: 'destination', portName: 'dest-admin', port: 9996 },
      { name: 'policy', portName: 'policy-admin', port: 9990 },
    ],
  },
  { name: 'identity', containers: [{ name: 'identity', portName: 'ident-admin', port: 9990 }] },
];
