import type { LocalFaults } from './local-fault.ts';
import { clusterFaults, jobOf, PROXY_JOB, podsOf } from './targets.ts';

/** Prometheus finds the target, but does not read what the proxy says, or not once: by its configuration or its host. */
export const SCRAPE_FAULTS: LocalFaults = {
  /**
   * A proxy ends TLS for its own identity alone; who names another or none, as Prometheus does, is not HTTP to it, and it closes:
   * `Get "https://...": EOF`. The control plane's Go servers say it in plain HTTP: `server gave HTTP response to HTTPS client`.
   */
  'https-job': {
    plan: ({ params }, draft) => {
      jobOf(draft, params.job).scheme = 'https';
    },
  },
  /**
   * `sample limit exceeded`, `label_limit exceeded (metric: ..., number of labels: 22, limit: 8)`, `body size limit exceeded`: the
   * target is down, and nothing of the page is stored. Labels are counted with those of the target; bytes before compression.
   */
  'scrape-limits': {
    plan: ({ params: { samples, labels, bodyBytes } }, draft) => {
      const job = jobOf(draft, PROXY_JOB);
      if (samples !== undefined) job.sample_limit = samples;
      if (labels !== undefined) job.label_limit = labels;
      if (bodyBytes !== undefined) job.body_size_limit = `${bodyBytes}B`;
    },
  },
  'second-job': {
    plan: ({ params }, draft) => {
      const copy = { ...structuredClone(jobOf(draft, PROXY_JOB)), job_name: params.name };
      draft.prometheus.scrape_configs.push(copy);
    },
  },
  /** Two targets that are up, of one URL; only the label pod tells them apart. */
  'address-reused': {
    plan: (spec, draft) => {
      const job = jobOf(draft, PROXY_JOB);
      job.relabel_configs = job.relabel_configs?.filter(
        (rule) => rule.source_labels?.join() !== '__meta_kubernetes_pod_phase',
      );
      const faults = clusterFaults(draft);
      faults.completedCopies ??= [];
      for (const { namespace, name } of podsOf(spec, draft)) {
        // As the Job's or ReplicaSet's pod that had the address before: the same template, another suffix.
        const before = `${name.slice(0, -5)}${[...name.slice(-5)].reverse().join('')}`;
        faults.completedCopies.push({ namespace, of: name, name: before === name ? `${name}-0` : before });
      }
    },
  },
  'prometheus-clock': {
    plan: ({ params }, draft) => {
      draft.prometheusAheadMs += params.aheadMs;
    },
  },
  'job-name': {
    plan: ({ params }, draft) => {
      jobOf(draft, PROXY_JOB).job_name = params.name;
    },
  },
};
