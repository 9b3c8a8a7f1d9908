import { stringify } from 'yaml';
import { promDuration } from './duration.ts';
import { LATEST_VIZ, multiclusterKeep, takesProxyPorts, type VizRelease } from './viz-release.ts';

export interface LinkerdVizConfigOptions {
  /**
   * `https://host:port` of the Kubernetes API; with it go caFile and tokenFile. Without it Prometheus runs in a pod of the
   * cluster, and finds API, CA and token by itself.
   */
  apiServer?: string;
  /** CA that vouches for the API. */
  caFile?: string;
  /** The bearer token of Prometheus' ServiceAccount; read anew for each request. */
  tokenFile?: string;
  scrapeIntervalMs: number;
  scrapeTimeoutMs: number;
  controlPlaneNamespace: string;
  vizNamespace: string;
  /** `host:port` of this Prometheus, which scrapes itself. */
  selfAddress: string;
  /** `http://host:port` through which proxies are scraped: the outbound side of Prometheus' own sidecar, where nothing redirects. */
  proxyUrl?: string;
  /** What linkerd-viz of the mesh's release has otherwise than that of 2.20. */
  viz?: VizRelease;
  /** Files of rules to evaluate, as rule_files names them: relative paths are of the configuration's folder. */
  ruleFiles?: readonly string[];
  /** The chart's `prometheus.metricRelabelConfigs`, for job linkerd-proxy. */
  metricRelabelConfigs?: RelabelConfig[];
  /** `global.external_labels`, should there be any. */
  externalLabels?: Record<string, string>;
}

export interface RelabelConfig {
  action?: string;
  source_labels?: string[];
  regex?: string;
  target_label?: string;
  replacement?: string;
}

/** prometheus.yml before it is text. Names are Prometheus' own; of a job, those that anybody here looks at. */
export interface PrometheusConfig {
  global: Record<string, unknown>;
  rule_files?: string[];
  scrape_configs: ScrapeConfig[];
}

export interface KubernetesDiscovery {
  role: 'pod' | 'node';
  /** Absent: pods of all namespaces, by one request. */
  namespaces?: { names: string[] };
  [setting: string]: unknown;
}

export interface ScrapeConfig {
  job_name: string;
  scheme?: 'http' | 'https';
  kubernetes_sd_configs?: KubernetesDiscovery[];
  relabel_configs?: RelabelConfig[];
  metric_relabel_configs?: RelabelConfig[];
  sample_limit?: number;
  label_limit?: number;
  /** `12345B`. */
  body_size_limit?: string;
  [setting: string]: unknown;
}

/** linkerdVizSettings as text. @throws RangeError as that does */
export function linkerdVizConfig(options: LinkerdVizConfigOptions): string {
  return prometheusYaml(linkerdVizSettings(options));
}

/** The text of prometheus.yml. */
export function prometheusYaml(config: PrometheusConfig): string {
  // Discovery that is alike is shared by the jobs; YAML anchors would only hide it from the reader.
  return stringify(config, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/**
 * prometheus.yml as linkerd-viz of a release installs it: its five jobs, each rule in its order (facts, sections 4 and 9). In a
 * cluster it is the chart's form; elsewhere it differs only in where things are: the API's address, CA and token, the address of
 * Prometheus itself, and the way through its sidecar.
 * @throws RangeError when only some of apiServer, caFile and tokenFile are given
 */
export function linkerdVizSettings(options: LinkerdVizConfigOptions): PrometheusConfig {
  const access = [options.apiServer, options.caFile, options.tokenFile];
  if (new Set(access.map((one) => one === undefined)).size > 1) {
    throw new RangeError('apiServer, caFile and tokenFile go together');
  }
  return {
    global: {
      scrape_interval: promDuration(options.scrapeIntervalMs),
      scrape_timeout: promDuration(options.scrapeTimeoutMs),
      evaluation_interval: promDuration(options.scrapeIntervalMs),
      ...(options.externalLabels && { external_labels: options.externalLabels }),
    },
    ...(options.ruleFiles?.length && { rule_files: [...options.ruleFiles] }),
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: [options.selfAddress] }] },
      cadvisorJob(options),
      controllerJob(options),
      multiclusterJob(options),
      proxyJob(options),
    ],
  };
}

function discovery(
  options: LinkerdVizConfigOptions,
  role: 'pod' | 'node',
  namespaces?: string[],
): KubernetesDiscovery[] {
  return [
    {
      role,
      ...(options.apiServer && {
        api_server: options.apiServer,
        authorization: { credentials_file: options.tokenFile },
        tls_config: { ca_file: options.caFile },
      }),
      ...(namespaces && { namespaces: { names: namespaces } }),
    },
  ];
}

/** What every container of a pod finds there. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

function cadvisorJob(options: LinkerdVizConfigOptions): ScrapeConfig {
  const address = options.apiServer ? new URL(options.apiServer).host : 'kubernetes.default.svc:443';
  return {
    job_name: 'kubernetes-nodes-cadvisor',
    scheme: 'https',
    tls_config: { ca_file: options.caFile ?? `${SERVICE_ACCOUNT}/ca.crt`, insecure_skip_verify: true },
    bearer_token_file: options.tokenFile ?? `${SERVICE_ACCOUNT}/token`,
    kubernetes_sd_configs: discovery(options, 'node'),
    relabel_configs: [
      { action: 'labelmap', regex: '__meta_kubernetes_node_label_(.+)' },
      { target_label: '__address__', replacement: address },
      {
        source_labels: ['__meta_kubernetes_node_name'],
        regex: '(.+)',
        target_label: '__metrics_path__',
        replacement: '/api/v1/nodes/$1/proxy/metrics/cadvisor',
      },
    ],
    metric_relabel_configs: [
      { source_labels: ['__name__'], regex: '(container|machine)_(cpu|memory|network|fs)_(.+)', action: 'keep' },
      { source_labels: ['__name__'], regex: 'container_memory_failures_total', action: 'drop' },
    ],
  };
}

const PORT_NAME = '__meta_kubernetes_pod_container_port_name';
const CONTAINER_NAME = '__meta_kubernetes_pod_container_name';

const DROP_PROXY_PORT: RelabelConfig = { source_labels: [PORT_NAME], action: 'drop', regex: 'linkerd-admin' };
const COMPONENT: RelabelConfig = { source_labels: [CONTAINER_NAME], action: 'replace', target_label: 'component' };

/** What follows the keep rule of a job for controllers. */
function componentsOf(viz: VizRelease): RelabelConfig[] {
  return [...(takesProxyPorts(viz) ? [DROP_PROXY_PORT] : []), COMPONENT];
}

function controllerJob(options: LinkerdVizConfigOptions): ScrapeConfig {
  const { viz = LATEST_VIZ } = options;
  return {
    job_name: 'linkerd-controller',
    kubernetes_sd_configs: discovery(options, 'pod', [options.controlPlaneNamespace, options.vizNamespace]),
    relabel_configs: [{ source_labels: [PORT_NAME], action: 'keep', regex: viz.controllerKeep }, ...componentsOf(viz)],
  };
}

function multiclusterJob(options: LinkerdVizConfigOptions): ScrapeConfig {
  const { viz = LATEST_VIZ } = options;
  return {
    job_name: viz.multiclusterJob,
    kubernetes_sd_configs: discovery(options, 'pod'),
    relabel_configs: [
      {
        source_labels: ['__meta_kubernetes_pod_label_component', PORT_NAME],
        action: 'keep',
        regex: multiclusterKeep(viz),
      },
      ...componentsOf(viz),
    ],
  };
}

function proxyJob(options: LinkerdVizConfigOptions): ScrapeConfig {
  return {
    job_name: 'linkerd-proxy',
    ...(options.proxyUrl && { proxy_url: options.proxyUrl }),
    kubernetes_sd_configs: discovery(options, 'pod'),
    relabel_configs: [
      ...((options.viz ?? LATEST_VIZ).phaseFilter
        ? [{ source_labels: ['__meta_kubernetes_pod_phase'], regex: '(Pending|Running)', action: 'keep' }]
        : []),
      ...proxyRelabelling(options.controlPlaneNamespace),
    ],
    ...(options.metricRelabelConfigs && { metric_relabel_configs: options.metricRelabelConfigs }),
  };
}

function proxyRelabelling(controlPlaneNamespace: string): RelabelConfig[] {
  return [
    {
      source_labels: [CONTAINER_NAME, PORT_NAME, '__meta_kubernetes_pod_label_linkerd_io_control_plane_ns'],
      action: 'keep',
      regex: `^linkerd-proxy;linkerd-admin;${controlPlaneNamespace}$`,
    },
    { source_labels: ['__meta_kubernetes_namespace'], action: 'replace', target_label: 'namespace' },
    { source_labels: ['__meta_kubernetes_pod_name'], action: 'replace', target_label: 'pod' },
    // A Kubernetes Job must not become Prometheus' own label `job`.
    {
      source_labels: ['__meta_kubernetes_pod_label_linkerd_io_proxy_job'],
      action: 'replace',
      target_label: 'k8s_job',
    },
    { action: 'labeldrop', regex: '__meta_kubernetes_pod_label_linkerd_io_proxy_job' },
    { action: 'labelmap', regex: '__meta_kubernetes_pod_label_linkerd_io_proxy_(.+)' },
    { action: 'labeldrop', regex: '__meta_kubernetes_pod_label_linkerd_io_proxy_(.+)' },
    { action: 'labelmap', regex: '__meta_kubernetes_pod_label_linkerd_io_(.+)' },
    // Then every label of the pod, without `linkerd.io/`; these come last and so win over what was set above.
    { action: 'labelmap', regex: '__meta_kubernetes_pod_label_(.+)', replacement: '__tmp_pod_label_$1' },
    { action: 'labelmap', regex: '__tmp_pod_label_linkerd_io_(.+)', replacement: '__tmp_pod_label_$1' },
    { action: 'labeldrop', regex: '__tmp_pod_label_linkerd_io_(.+)' },
    { action: 'labelmap', regex: '__tmp_pod_label_(.+)' },
  ];
}
