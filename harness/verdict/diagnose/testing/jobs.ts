import type { RelabelRule, ScrapeJob } from '../../../evidence/types.ts';
import { rule as relabelRule } from '../../../prometheus/relabel/testing/rules.ts';

/** A job with Prometheus' defaults; interval and timeout 1 s. */
export function scrapeJob(name: string, change: Partial<ScrapeJob> = {}): ScrapeJob {
  return {
    name,
    intervalMs: 1000,
    timeoutMs: 1000,
    scheme: 'http',
    metricsPath: '/metrics',
    honorLabels: false,
    sampleLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    bodySizeLimit: 0,
    targetLimit: 0,
    relabel: [],
    metricRelabel: [],
    kubernetes: [],
    staticTargets: [],
    ...change,
  };
}

/** The same job under another name. */
export function copyOf(job: ScrapeJob, name: string): ScrapeJob {
  return { ...structuredClone(job), name };
}

export { relabelRule };

const META = '__meta_kubernetes_';

export const keep = (sourceLabels: string[], regex: string): RelabelRule =>
  relabelRule({ action: 'keep', sourceLabels: sourceLabels.map((name) => META + name), regex });

/** The keep rule of linkerd-viz' job for proxies. */
export const keepProxies = (controlPlaneNamespace: string): RelabelRule =>
  keep(
    ['pod_container_name', 'pod_container_port_name', 'pod_label_linkerd_io_control_plane_ns'],
    `^linkerd-proxy;linkerd-admin;${controlPlaneNamespace}$`,
  );

const dropProxyPort = relabelRule({
  action: 'drop',
  sourceLabels: [`${META}pod_container_port_name`],
  regex: 'linkerd-admin',
});
const component = relabelRule({ sourceLabels: [`${META}pod_container_name`], targetLabel: 'component' });
const map = (regex: string, replacement = '$1') => relabelRule({ action: 'labelmap', regex, replacement });
const dropLabels = (regex: string) => relabelRule({ action: 'labeldrop', regex });

/** The scrape configuration of linkerd-viz (telemetry facts, section 4). */
export function vizJobs(controlPlaneNamespace: string, vizNamespace: string): ScrapeJob[] {
  const pods = (namespaces: string[] | null) => [{ role: 'pod', namespaces }];
  return [
    scrapeJob('prometheus', { staticTargets: ['localhost:9090'] }),
    scrapeJob('kubernetes-nodes-cadvisor', { scheme: 'https', kubernetes: [{ role: 'node', namespaces: null }] }),
    scrapeJob('linkerd-controller', {
      kubernetes: pods([controlPlaneNamespace, vizNamespace]),
      relabel: [keep(['pod_container_port_name'], '.*admin$'), dropProxyPort, component],
    }),
    scrapeJob('linkerd-multicluster-controller', {
      kubernetes: pods(null),
      relabel: [
        keep(['pod_label_component', 'pod_container_port_name'], '(linkerd-service-mirror|controller);.*-admin$'),
        dropProxyPort,
        component,
      ],
    }),
    scrapeJob('linkerd-proxy', {
      kubernetes: pods(null),
      relabel: [
        keep(['pod_phase'], '(Pending|Running)'),
        keepProxies(controlPlaneNamespace),
        relabelRule({ sourceLabels: [`${META}namespace`], targetLabel: 'namespace' }),
        relabelRule({ sourceLabels: [`${META}pod_name`], targetLabel: 'pod' }),
        relabelRule({ sourceLabels: [`${META}pod_label_linkerd_io_proxy_job`], targetLabel: 'k8s_job' }),
        dropLabels(`${META}pod_label_linkerd_io_proxy_job`),
        map(`${META}pod_label_linkerd_io_proxy_(.+)`),
        dropLabels(`${META}pod_label_linkerd_io_proxy_(.+)`),
        map(`${META}pod_label_linkerd_io_(.+)`),
        map(`${META}pod_label_(.+)`, '__tmp_pod_label_$1'),
        map('__tmp_pod_label_linkerd_io_(.+)', '__tmp_pod_label_$1'),
        dropLabels('__tmp_pod_label_linkerd_io_(.+)'),
        map('__tmp_pod_label_(.+)'),
      ],
    }),
  ];
}
