import { HarnessError } from '../../core/errors.ts';
import type { MeshConfig, MeshPodConfig } from '../contract.ts';
import { appContainer, componentContainers, linkerdInit, linkerdProxy, type ProxyRelease } from './containers.ts';
import { rfc3339 } from './pod-status.ts';
import type { Container, ContainerStatus, KubernetesObject, ObjectMeta, Pod } from './types.ts';
import { uidOf } from './uid.ts';

export interface ObjectOptions {
  /** Image tag and control-plane version, e.g. `edge-26.8.3`. */
  linkerdVersion: string;
  /** The proxy as an init container with restartPolicy Always: the default since 2.20. */
  nativeSidecar: boolean;
  /** When everything was created. */
  now: Date;
  /** Of the trust anchors that a pod was given, hex. Absent: the annotation is left out. */
  trustRootSha256?(pod: MeshPodConfig): string;
}

export const NODE_NAME = 'meshproof-node';

/** Everything that stands in the simulated cluster at first: the node, namespaces, services and injected pods. */
export function kubernetesObjects(config: MeshConfig, options: ObjectOptions): KubernetesObject[] {
  const namespaces = new Set([config.controlPlaneNamespace, config.vizNamespace]);
  for (const { namespace } of [...config.pods, ...config.services]) namespaces.add(namespace);
  return [
    node(options),
    ...[...namespaces].sort().map((name) => namespaceObject(name, options)),
    ...config.services.map(
      (service): KubernetesObject => ({
        kind: 'Service',
        apiVersion: 'v1',
        metadata: {
          ...meta(service.name, options),
          namespace: service.namespace,
          ...(service.policy?.opaque && { annotations: { 'config.linkerd.io/opaque-ports': String(service.port) } }),
        },
        spec: {
          type: 'ClusterIP',
          clusterIP: service.clusterIp,
          ports: [{ name: 'http', port: service.port, targetPort: service.targetPort, protocol: 'TCP' }],
        },
        status: { loadBalancer: {} },
      }),
    ),
    ...config.pods.filter((pod) => !pod.startsLater).map((pod) => injectedPod(config, pod, options)),
  ];
}

/**
 * A pod as Linkerd's injector leaves it (telemetry facts, section 6), running and ready. Where all pods share one address,
 * the containers' ports are the real ones rather than 4143 and 4191.
 * @throws HarnessError POD_NOT_SCRAPABLE when an admin port is not on the pod's address: Prometheus would look for it in vain
 */
export function injectedPod(config: MeshConfig, pod: MeshPodConfig, options: ObjectOptions): Pod {
  checkAddresses(pod);
  const release: ProxyRelease = { ...options, config };
  const init: Container[] = [linkerdInit(release)];
  const own = pod.component === null ? [appContainer(pod)] : componentContainers(pod, release);
  const proxy = linkerdProxy(pod, release);
  const containers = options.nativeSidecar ? own : [proxy, ...own];
  if (options.nativeSidecar) init.push(proxy);
  const startedAt = rfc3339(options.now);
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: podMeta(config, pod, options),
    spec: {
      nodeName: NODE_NAME,
      serviceAccountName: pod.serviceAccount,
      restartPolicy: 'Always',
      initContainers: init,
      containers,
    },
    status: {
      phase: 'Running',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map(
        (type) => ({
          type,
          status: 'True',
          lastTransitionTime: startedAt,
        }),
      ),
      hostIP: '127.0.0.1',
      podIP: pod.ip,
      podIPs: [{ ip: pod.ip }],
      startTime: startedAt,
      qosClass: 'BestEffort',
      initContainerStatuses: init.map((c) => containerStatus(pod, c, startedAt, c.restartPolicy === 'Always')),
      containerStatuses: containers.map((c) => containerStatus(pod, c, startedAt, true)),
    },
  };
}

function podMeta(config: MeshConfig, pod: MeshPodConfig, options: ObjectOptions): Pod['metadata'] {
  const replicaSet = `${pod.deployment}-${pod.podTemplateHash}`;
  return {
    name: pod.name,
    generateName: `${replicaSet}-`,
    namespace: pod.namespace,
    uid: pod.uid,
    creationTimestamp: rfc3339(options.now),
    labels: {
      ...pod.labels,
      ...(pod.component !== null && controlPlaneLabels(pod, pod.component, options)),
      'pod-template-hash': pod.podTemplateHash,
      'linkerd.io/control-plane-ns': config.controlPlaneNamespace,
      'linkerd.io/proxy-deployment': pod.deployment,
      'linkerd.io/workload-ns': pod.namespace,
    },
    annotations: {
      'linkerd.io/created-by': `linkerd/proxy-injector ${options.linkerdVersion}`,
      'linkerd.io/inject': 'enabled',
      'linkerd.io/proxy-version': options.linkerdVersion,
      ...(options.trustRootSha256 && { 'linkerd.io/trust-root-sha256': options.trustRootSha256(pod) }),
      'viz.linkerd.io/tap-enabled': 'true',
    },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: replicaSet,
        uid: uidOf(`${pod.namespace}/${replicaSet}`),
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

function controlPlaneLabels(pod: MeshPodConfig, component: string, options: ObjectOptions): Record<string, string> {
  return {
    'app.kubernetes.io/name': component,
    'app.kubernetes.io/part-of': 'Linkerd',
    'app.kubernetes.io/version': options.linkerdVersion,
    'linkerd.io/control-plane-component': component,
    ...pod.labels,
  };
}

function checkAddresses(pod: MeshPodConfig): void {
  const scraped = [{ portName: 'linkerd-admin', address: pod.admin }, ...pod.componentPorts];
  for (const { portName, address } of scraped) {
    if (address.host === pod.ip || address.host === '0.0.0.0' || address.host === '::') continue;
    throw new HarnessError(
      'POD_NOT_SCRAPABLE',
      `pod ${pod.namespace}/${pod.name} has the address ${pod.ip}, but its port ${portName} listens on ${address.host}:${address.port}`,
      { hint: 'Prometheus scrapes podIP:containerPort, so the port must listen on the address of the pod' },
    );
  }
}

function containerStatus(pod: MeshPodConfig, container: Container, at: string, runs: boolean): ContainerStatus {
  return {
    name: container.name,
    image: container.image,
    imageID: container.image,
    containerID: `containerd://${uidOf(`${pod.uid}/${container.name}`).replaceAll('-', '')}`,
    ready: true,
    started: runs,
    restartCount: 0,
    state: runs ? { running: { startedAt: at } } : { terminated: { exitCode: 0, reason: 'Completed' } },
  };
}

function node(options: ObjectOptions): KubernetesObject {
  const labels = {
    'kubernetes.io/hostname': NODE_NAME,
    'kubernetes.io/os': 'linux',
    'node-role.kubernetes.io/control-plane': '',
  };
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: { ...meta(NODE_NAME, options), labels },
    spec: {},
    status: {
      addresses: [
        { type: 'InternalIP', address: '127.0.0.1' },
        { type: 'Hostname', address: NODE_NAME },
      ],
      conditions: [{ type: 'Ready', status: 'True' }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    },
  };
}

function namespaceObject(name: string, options: ObjectOptions): KubernetesObject {
  return {
    kind: 'Namespace',
    apiVersion: 'v1',
    metadata: { ...meta(name, options), labels: { 'kubernetes.io/metadata.name': name } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

function meta(name: string, options: ObjectOptions): ObjectMeta {
  return { name, uid: uidOf(name), creationTimestamp: rfc3339(options.now) };
}
