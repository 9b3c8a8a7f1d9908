import { parse } from 'yaml';
import type { ActiveTarget, DroppedTarget, Labels } from '../../prometheus/client.ts';
import type { TargetSchema } from '../types.ts';

const META = '__meta_kubernetes_pod_';

/** Targets by job and by what stands behind them. */
export function targetSchemas(active: readonly ActiveTarget[]): TargetSchema[] {
  const groups = new Map<string, ActiveTarget[]>();
  for (const target of active) {
    const key = JSON.stringify([jobOf(target), standsBehind(target)]);
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.values()]
    .map((targets): TargetSchema => {
      const [first] = targets as [ActiveTarget];
      return {
        job: jobOf(first),
        of: standsBehind(first),
        up: targets.filter(({ health }) => health === 'up').length,
        down: targets.filter(({ health }) => health === 'down').length,
        native: targets.filter(({ discoveredLabels }) => discoveredLabels[`${META}container_init`] === 'true').length,
        labels: [...new Set(targets.flatMap(({ labels }) => Object.keys(labels)))].sort(),
      };
    })
    .sort((a, b) => (`${a.job}/${a.of}` < `${b.job}/${b.of}` ? -1 : 1));
}

/** The job as its configuration calls it: pod labels may have overwritten the target's. */
const jobOf = ({ scrapePool, labels }: ActiveTarget) => scrapePool || (labels.job ?? '');

function standsBehind({ labels, discoveredLabels, scrapePool }: ActiveTarget): string {
  const container = discoveredLabels[`${META}container_name`];
  if (container === 'linkerd-proxy') return 'proxies';
  return container ?? labels.component ?? scrapePool;
}

/** Names of admin ports of the control plane's containers, scraped or not. */
export function adminPortsOf(
  active: readonly ActiveTarget[],
  dropped: readonly DroppedTarget[],
  controlPlaneNamespace: string,
): Record<string, string> {
  const ports = new Map<string, string>();
  for (const { discoveredLabels } of [...active, ...dropped]) {
    const { container, port } = portOf(discoveredLabels);
    const ofProxy = container === 'linkerd-proxy' || port === 'linkerd-admin';
    if (discoveredLabels.__meta_kubernetes_namespace !== controlPlaneNamespace || ofProxy) continue;
    if (/admin/.test(port)) ports.set(container, port);
  }
  return Object.fromEntries([...ports].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const portOf = (labels: Labels) => ({
  container: labels[`${META}container_name`] ?? '',
  port: labels[`${META}container_port_name`] ?? '',
});

interface Relabelling {
  action?: string;
  source_labels?: string[];
  regex?: string;
}

/** Of each job what its relabelling keeps and drops. @param config prometheus.yml as Prometheus gives it back */
export function rulesOf(config: string): Record<string, string[]> {
  const { scrape_configs: jobs = [] } = parse(config) as {
    scrape_configs?: { job_name: string; relabel_configs?: Relabelling[] }[];
  };
  return Object.fromEntries(
    jobs.map(({ job_name, relabel_configs = [] }) => [
      job_name,
      relabel_configs
        .filter(({ action }) => action === 'keep' || action === 'drop')
        .map(({ action, source_labels = [], regex = '' }) => `${action} ${source_labels.join(';')} =~ ${regex}`),
    ]),
  );
}
