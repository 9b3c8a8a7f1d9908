import { ANNOTATIONS } from '../../../mesh/cluster/contract.ts';
import { linkerdVizConfig } from '../../../prometheus/scrape-config.ts';
import { prometheusArgs } from '../../../prometheus/server.ts';
import type { Scenario } from '../../../scenario/model.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { CONTROL_PLANE_NAMESPACE, type Images, VIZ_NAMESPACE } from '../contract.ts';
import { PAGE_READER, PAGE_READER_ENV } from '../page-reader/contract.ts';
import {
  containerBasics,
  DEPLOYMENT_BASICS,
  type MeshKind,
  meshAnnotations,
  POD_BASICS,
  unprivileged,
} from './pods.ts';

export const PROMETHEUS_PORT = 9090;
const NAME = 'prometheus';
/** As the chart names it. */
const ROLE = `linkerd-${VIZ_NAMESPACE}-prometheus`;
/** User of the image prom/prometheus. */
const UID = 65534;
const CONFIG_DIR = '/etc/prometheus';
const DATA_DIR = '/data';
/** linkerd-viz's labels of the pod. */
export const PROMETHEUS_LABELS = { component: NAME, 'linkerd.io/extension': 'viz' };
/**
 * The API server's ports, and the admin ports of proxies and control plane. The simulated sidecar finds the way of a request
 * by the Service that its Host names, which it can't see in TLS, and which an address is not: these pass it by.
 */
const PAST_THE_SIDECAR = '443,6443,4191,9990,9995,9996';

export interface PrometheusSpec {
  scenario: Scenario;
  images: Pick<Images, 'prometheus' | 'load'>;
  mesh: MeshKind;
  /** It gets a sidecar. */
  meshed: boolean;
}

/** The outbound side of the pod's own sidecar. */
const SIDECAR = '127.0.0.1:4140';

/**
 * Whether Prometheus asks its sidecar by name: where the identity of its scrapes matters, and the sidecar is a simulated one,
 * which can't see where a redirected connection was going.
 */
function asksItsSidecar(scenario: Scenario, mesh: MeshKind): boolean {
  return mesh === 'simulated' && scenario.mesh.prometheus === 'meshed';
}

/** prometheus.yml of a scenario: linkerd-viz's own, at the scenario's interval. */
export function prometheusConfig(scenario: Scenario, mesh: MeshKind): string {
  return linkerdVizConfig({
    ...(asksItsSidecar(scenario, mesh) && { proxyUrl: `http://${SIDECAR}` }),
    scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
    scrapeTimeoutMs: scenario.mesh.scrapeIntervalMs,
    controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
    vizNamespace: VIZ_NAMESPACE,
    selfAddress: `localhost:${PROMETHEUS_PORT}`,
  });
}

/** Prometheus as linkerd-viz installs it (facts, section 4), with the access it needs and no more. */
export function prometheusObjects(spec: PrometheusSpec): KubernetesObject[] {
  const metadata = { name: NAME, namespace: VIZ_NAMESPACE };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    ...access(),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: `${NAME}-config` },
      data: { 'prometheus.yml': prometheusConfig(spec.scenario, spec.mesh) },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: PROMETHEUS_LABELS,
        ports: [{ name: 'admin', port: PROMETHEUS_PORT, targetPort: PROMETHEUS_PORT, protocol: 'TCP' }],
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        ...DEPLOYMENT_BASICS,
        replicas: 1,
        selector: { matchLabels: PROMETHEUS_LABELS },
        template: { metadata: { labels: PROMETHEUS_LABELS, annotations: annotations(spec) }, spec: podSpec(spec) },
      },
    },
  ];
}

/** What it may do: the chart's ClusterRole, word for word. */
function access(): KubernetesObject[] {
  const group = 'rbac.authorization.k8s.io';
  return [
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRole',
      metadata: { name: ROLE },
      rules: [{ apiGroups: [''], resources: ['nodes', 'nodes/proxy', 'pods'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: ROLE },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: ROLE },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: VIZ_NAMESPACE }],
    },
  ];
}

function annotations({ scenario, mesh, meshed }: PrometheusSpec): Record<string, string> {
  if (!meshed) return { [ANNOTATIONS.inject]: 'disabled' };
  const inbound = `${PROMETHEUS_PORT},${PAGE_READER.port}`;
  const skip = { inbound, ...(mesh === 'simulated' && { outbound: PAST_THE_SIDECAR }) };
  return {
    ...meshAnnotations({ kind: mesh, version: scenario.mesh.version }, skip),
    'config.alpha.linkerd.io/proxy-wait-before-exit-seconds': '0',
  };
}

/** Reads pages with the identity that Prometheus has. */
function readerContainer({ images, scenario, mesh }: PrometheusSpec): object {
  const { port, ready } = PAGE_READER;
  return {
    name: 'page-reader',
    ...containerBasics(images.load),
    command: ['node', '/meshproof/page-reader.mjs'],
    ...(asksItsSidecar(scenario, mesh) && { env: [{ name: PAGE_READER_ENV.via, value: SIDECAR }] }),
    securityContext: unprivileged(),
    ports: [{ name: 'pages', containerPort: port, protocol: 'TCP' }],
    readinessProbe: { httpGet: { path: ready, port }, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 3 },
  };
}

function podSpec(spec: PrometheusSpec): object {
  const { images } = spec;
  return {
    ...POD_BASICS,
    serviceAccountName: NAME,
    // So that it can write where it stores.
    securityContext: { fsGroup: UID },
    containers: [
      {
        name: NAME,
        ...containerBasics(images.prometheus),
        securityContext: unprivileged(UID),
        args: prometheusArgs(`${CONFIG_DIR}/prometheus.yml`, DATA_DIR, `0.0.0.0:${PROMETHEUS_PORT}`),
        ports: [{ name: 'admin', containerPort: PROMETHEUS_PORT, protocol: 'TCP' }],
        readinessProbe: {
          httpGet: { path: '/-/ready', port: PROMETHEUS_PORT },
          periodSeconds: 1,
          timeoutSeconds: 5,
          failureThreshold: 3,
        },
        volumeMounts: [
          { name: 'config', mountPath: CONFIG_DIR, readOnly: true },
          { name: 'data', mountPath: DATA_DIR },
        ],
      },
      ...(spec.meshed ? [readerContainer(spec)] : []),
    ],
    volumes: [
      { name: 'config', configMap: { name: `${NAME}-config` } },
      { name: 'data', emptyDir: {} },
    ],
  };
}
