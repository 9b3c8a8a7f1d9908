import type { KubernetesObject } from '../../../core/kubernetes-object.ts';

interface Change {
  metadata?: Record<string, unknown>;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

const proxy = (change: object = {}) => ({
  name: 'linkerd-proxy',
  image: 'cr.l5d.io/linkerd/proxy:edge-26.8.3',
  ports: [
    { name: 'linkerd-proxy', containerPort: 4143, protocol: 'TCP' },
    { name: 'linkerd-admin', containerPort: 4191, protocol: 'TCP' },
  ],
  ...change,
});
const app = { name: 'app', image: 'app:1', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] };

/** A pod of namespace shop. */
export function somePod(name: string, podIP: string, { metadata, spec, status }: Change = {}): KubernetesObject {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      namespace: 'shop',
      uid: `0b6e0b0e-8c52-4f0e-9a39-${Buffer.from(name.padEnd(6).slice(-6)).toString('hex')}`,
      labels: { app: 'web', 'linkerd.io/control-plane-ns': 'linkerd', 'linkerd.io/proxy-deployment': 'web' },
      ...metadata,
    },
    spec: { nodeName: 'node-1', serviceAccountName: 'web', containers: [app, proxy()], ...spec },
    status: {
      phase: 'Running',
      podIP,
      hostIP: '10.9.0.1',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'app', containerID: 'containerd://aa', ready: true, restartCount: 0 }],
      ...status,
    },
  };
}

/** Pods with everything that discovery reads, in every way. Nobody listens at their addresses. */
export const ODD_PODS: KubernetesObject[] = [
  somePod('plain', '127.200.0.1'),
  somePod('native', '127.200.0.2', {
    spec: {
      containers: [app],
      initContainers: [{ name: 'linkerd-init', image: 'i:1' }, proxy({ restartPolicy: 'Always' })],
    },
    status: {
      initContainerStatuses: [{ name: 'linkerd-proxy', containerID: 'containerd://bb', ready: true, restartCount: 1 }],
      phase: 'Pending',
      conditions: [{ type: 'Ready', status: 'False' }],
    },
  }),
  somePod('owned', '127.200.0.3', {
    metadata: {
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Node', name: 'n', uid: 'u1' },
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u2', controller: true },
      ],
      annotations: { 'linkerd.io/proxy-version': 'v2.366.0', 'prometheus.io/scrape': 'true', empty: '' },
    },
  }),
  somePod('labels', '127.200.0.4', {
    metadata: {
      labels: {
        'linkerd.io/control-plane-ns': 'linkerd',
        'linkerd.io/proxy-job': 'nightly',
        'linkerd.io/workload-ns': 'shop',
        namespace: 'mine',
        'app.kubernetes.io/name': 'x',
        none: '',
        'a-b.c/d': '1.2',
      },
    },
  }),
  somePod('bare', '127.200.0.5', { spec: { containers: [{ name: 'app' }] }, metadata: { labels: {} } }),
  somePod('six', 'fd00::7', { status: { conditions: [] } }),
  somePod('six-bare', 'fd00::8', { spec: { containers: [{ name: 'app' }] } }),
  somePod('renamed', '127.200.0.6', { spec: { containers: [app, proxy({ name: 'proxy' })] } }),
  somePod('port', '127.200.0.7', {
    spec: {
      containers: [
        app,
        proxy({
          ports: [
            { containerPort: 4191, protocol: 'TCP' },
            { name: 'u', containerPort: 53, protocol: 'UDP' },
          ],
        }),
      ],
    },
  }),
  somePod('other-plane', '127.200.0.8', { metadata: { labels: { 'linkerd.io/control-plane-ns': 'l5d' } } }),
  somePod('done', '127.200.0.9', { status: { phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False' }] } }),
  somePod('waiting', '', { status: { phase: 'Pending', conditions: [] } }),
  somePod('plane', '127.200.0.10', {
    metadata: {
      namespace: 'linkerd',
      labels: { 'linkerd.io/control-plane-component': 'destination', 'linkerd.io/control-plane-ns': 'linkerd' },
    },
    spec: {
      containers: [
        { name: 'destination', ports: [{ name: 'dest-admin', containerPort: 9996, protocol: 'TCP' }] },
        proxy(),
      ],
    },
  }),
];
