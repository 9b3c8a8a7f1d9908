import { ANNOTATIONS } from '../../../mesh/cluster/contract.ts';
import { RULES_FILE } from '../../../prometheus/rule-file.ts';
import { linkerdVizConfig } from '../../../prometheus/scrape-config.ts';
import { prometheusArgs } from '../../../prometheus/server.ts';
import type { Scenario } from '../../../scenario/model.ts';
import type { KubernetesObject } from '../../kubernetes/contract.ts';
import { CONTROL_PLANE_NAMESPACE, type Images, type InstalledMesh, VIZ_NAMESPACE } from '../contract.ts';
import { PAGE_READER, PAGE_READER_ENV } from '../page-reader/contract.ts';
import { chartOf } from './chart.ts';
import { containerBasics, DEPLOYMENT_BASICS, meshAnnotations, POD_BASICS, unprivileged } from './pods.ts';

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

/** linkerd-viz is of the release that the control plane is of. */
type Mesh = Pick<InstalledMesh, 'kind' | 'version'>;

export interface PrometheusSpec {
  scenario: Scenario;
  images: Pick<Images, 'prometheus' | 'load'>;
  mesh: Mesh;
  /** It gets a sidecar. */
  meshed: boolean;
  /** Default: true. */
  mayListPods?: boolean;
}

/** The outbound side of the pod's own sidecar. */
const SIDECAR = '127.0.0.1:4140';

/**
 * Whether Prometheus asks its sidecar by name: where the identity of its scrapes matters, and the sidecar is a simulated one,
 * which can't see where a redirected connection was going.
 */
function asksItsSidecar(scenario: Scenario, { kind }: Mesh): boolean {
  return kind === 'simulated' && scenario.mesh.prometheus === 'meshed';
}

/** What Prometheus reads of a scenario, by the names of the files: linkerd-viz's prometheus.yml at the scenario's interval, and its rules. */
export function prometheusFiles(scenario: Scenario, mesh: Mesh): Record<string, string> {
  const { scrapeIntervalMs } = scenario.mesh;
  const { rules } = scenario;
  const config = linkerdVizConfig({
    ...(asksItsSidecar(scenario, mesh) && { proxyUrl: `http://${SIDECAR}` }),
    ...{ scrapeIntervalMs, scrapeTimeoutMs: scrapeIntervalMs },
    controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
    vizNamespace: VIZ_NAMESPACE,
    viz: chartOf(mesh.version).viz,
    ...(rules !== undefined && { ruleFiles: [RULES_FILE] }),
    selfAddress: `localhost:${PROMETHEUS_PORT}`,
  });
  return { 'prometheus.yml': config, ...(rules !== undefined && { [RULES_FILE]: rules }) };
}

/** Prometheus as linkerd-viz installs it (facts, section 4), with the access it needs and no more. */
export function prometheusObjects(spec: PrometheusSpec): KubernetesObject[] {
  const metadata = { name: NAME, namespace: VIZ_NAMESPACE };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    ...access(spec.mayListPods ?? true),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: `${NAME}-config` },
      data: prometheusFiles(spec.scenario, spec.mesh),
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        selector: PROMETHEUS_LABELS,
        ports: [{ name: adminPort(spec.mesh), port: PROMETHEUS_PORT, targetPort: PROMETHEUS_PORT, protocol: 'TCP' }],
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

/** linkerd-viz's ports follow the control plane's, which have names of their own since 2.19; all of these are called this. */
function adminPort({ version }: Mesh): string {
  return chartOf(version).adminPorts.identity === 'admin-http' ? 'admin-http' : 'admin';
}

const RBAC = 'rbac.authorization.k8s.io';

/** What it may do: the chart's ClusterRole, word for word; without pods where it may not list them. */
export function prometheusRole(mayListPods: boolean): KubernetesObject {
  const resources = ['nodes', 'nodes/proxy', ...(mayListPods ? ['pods'] : [])];
  return {
    apiVersion: `${RBAC}/v1`,
    kind: 'ClusterRole',
    metadata: { name: ROLE },
    rules: [{ apiGroups: [''], resources, verbs: ['get', 'list', 'watch'] }],
  };
}

function access(mayListPods: boolean): KubernetesObject[] {
  return [
    prometheusRole(mayListPods),
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: ROLE },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: ROLE },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: VIZ_NAMESPACE }],
    },
  ];
}

function annotations({ scenario, mesh, meshed }: PrometheusSpec): Record<string, string> {
  if (!meshed) return { [ANNOTATIONS.inject]: 'disabled' };
  const inbound = `${PROMETHEUS_PORT},${PAGE_READER.port}`;
  const skip = { inbound, ...(mesh.kind === 'simulated' && { outbound: PAST_THE_SIDECAR }) };
  return {
    ...meshAnnotations(scenario, mesh.kind, skip),
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
        ports: [{ name: adminPort(spec.mesh), containerPort: PROMETHEUS_PORT, protocol: 'TCP' }],
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
