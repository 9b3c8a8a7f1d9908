import type { Evidence, EvidencePod, ScrapeJob } from '../../../evidence/types.ts';
import { ADMIN_PORT_NAME, COMPONENT_LABEL, isCompleted, PROXY_CONTAINER, type ProxyPod } from './proxies.ts';
import { keptTargets, urlAddress } from './targets.ts';

export const PORT_NAME = '__meta_kubernetes_pod_container_port_name';
export const ANNOTATION = /^__meta_kubernetes_pod_annotation(?:present)?_/;

/** Jobs that are there for proxies, whether or not they find any: others' jobs are none of our business. */
export function jobsOfProxies(evidence: Evidence, proxies: readonly ProxyPod[]): ScrapeJob[] {
  const addresses = new Set(proxies.map((proxy) => proxy.adminAddress));
  const pods = evidence.prometheus.jobs.filter(findsPods);
  const meant = pods.filter(
    (job) =>
      keepsByNamesOfProxies(job) ||
      evidence.prometheus.active.some((t) => t.scrapePool === job.name && addresses.has(urlAddress(t.scrapeUrl))) ||
      proxies.some((proxy) => keptTargets(job, proxy.pod).some((t) => t.all.__address__ === proxy.adminAddress)),
  );
  if (meant.length > 0) return meant;
  // Nobody asks for proxies by their names: then whoever scrapes pods by annotation is supposed to.
  return pods.filter((job) =>
    job.relabel.some((r) => r.action === 'keep' && r.sourceLabels.some((l) => ANNOTATION.test(l))),
  );
}

export function findsPods(job: ScrapeJob): boolean {
  return job.kubernetes.some(({ role }) => role === 'pod');
}

function keepsByNamesOfProxies(job: ScrapeJob): boolean {
  return job.relabel.some(
    ({ action, regex }) => action === 'keep' && (regex.includes(PROXY_CONTAINER) || regex.includes(ADMIN_PORT_NAME)),
  );
}

/** The control plane's own pods, but for completed ones and those that name no port beside the proxy's. */
export function componentPods(evidence: Evidence): EvidencePod[] {
  return (evidence.cluster.pods ?? []).filter(
    (pod) =>
      !isCompleted(pod) &&
      pod.metadata.namespace === evidence.controlPlaneNamespace &&
      pod.metadata.labels?.[COMPONENT_LABEL] !== undefined,
  );
}

/** Jobs that look for ports of the control plane's pods by their names, in its namespace. */
export function jobsOfControlPlane(evidence: Evidence, ofProxies: readonly ScrapeJob[]): ScrapeJob[] {
  const namespace = evidence.controlPlaneNamespace;
  return evidence.prometheus.jobs.filter(
    (job) =>
      !ofProxies.includes(job) &&
      job.kubernetes.some((sd) => sd.role === 'pod' && sd.namespaces?.includes(namespace)) &&
      job.relabel.some(({ action, sourceLabels }) => action === 'keep' && sourceLabels.includes(PORT_NAME)),
  );
}
