import type { Evidence } from '../../../evidence/types.ts';
import type { Draw } from './draw.ts';

/** The same evidence where parts could not be read, or are not there: whatever the types allow. */
export function partialEvidence(evidence: Evidence, draw: Draw): Evidence {
  const partial = structuredClone(evidence);
  const { prometheus, cluster } = partial;
  const sometimes = (cut: () => void) => draw.next() < 0.25 && cut();
  for (const part of ['pods', 'services', 'namespaces', 'policies', 'rbac'] as const) {
    sometimes(() => {
      cluster[part] = null;
      partial.unread.push({ what: part, why: 'forbidden' });
    });
  }
  sometimes(() => (prometheus.jobs = []));
  sometimes(() => (prometheus.active = []));
  sometimes(() => (prometheus.dropped = []));
  sometimes(() => (prometheus.log = null));
  sometimes(() => (prometheus.own = []));
  sometimes(() => (prometheus.clock = null));
  sometimes(() => (partial.stored = []));
  sometimes(() => (partial.pages = []));
  for (const page of partial.pages) sometimes(() => (page.page = null));
  for (const series of partial.stored) sometimes(() => (series.samples = []));
  for (const target of prometheus.active) {
    sometimes(() => (target.discoveredLabels = {}));
    sometimes(() => (target.labels = {}));
    sometimes(() => (target.scrapeUrl = ''));
  }
  for (const job of prometheus.jobs) {
    sometimes(() => (job.kubernetes = []));
    sometimes(() => (job.relabel = []));
    for (const rule of job.relabel) sometimes(() => (rule.regex = '(')); // none that Prometheus would take
  }
  for (const pod of cluster.pods ?? []) {
    sometimes(() => delete pod.metadata.labels);
    sometimes(() => delete pod.metadata.annotations);
    sometimes(() => delete pod.spec.initContainers);
    sometimes(() => (pod.status = {}));
    for (const container of [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]) {
      sometimes(() => delete container.ports);
      sometimes(() => delete container.env);
    }
  }
  return partial;
}
