import type { ScrapeJob } from '../../../../evidence/types.ts';
import type { Labels } from '../../../../prometheus/client.ts';
import { sanitizeLabelName } from '../../../../prometheus/relabel/pod-discovery.ts';
import { type ExplainedTarget, explainTarget, withJobLabels } from '../../../../prometheus/relabel/target.ts';
import { activeAt, type Context, contextOf, takes } from '../../context/index.ts';
import type { ProxyPod } from '../../context/proxies.ts';
import { isUnreadable } from '../../context/targets.ts';
import type { Finding, Rule } from '../../types.ts';
import { keptAdmin } from './traits.ts';

/**
 * Labels of a pod that end up in the place of a target label, or of one of the proxy's own labels that queries select by
 * (telemetry facts, section 4: every pod label is mapped, last of all).
 */
export const LABELS_OF_PODS: Rule = {
  causes: ['pod-label-overwrites-target-label'],
  needs: ['pods', 'scrape configuration', 'targets', 'pages'],
  diagnose({ evidence }) {
    const context = contextOf(evidence);
    return context.proxies.flatMap((proxy) => {
      // What keeps it from being scraped at all is another matter, and may be mended first.
      const taking = context.proxyJobs.filter((job) => takes(context, job, proxy));
      const jobs = taking.length > 0 ? taking : context.proxyJobs;
      return jobs.flatMap((job) => overwrites(context, job, proxy));
    });
  },
};

function overwrites(context: Context, job: ScrapeJob, proxy: ProxyPod): Finding[] {
  const discovered = keptAdmin(context, job, proxy);
  const now = discovered && kept(job, discovered);
  if (!now) return [];
  const labels = Object.entries(proxy.pod.metadata.labels ?? {});
  const taken = namesTaken(context, job, proxy, discovered) ?? Object.keys(now);
  return labels
    .filter(([label]) => isNear(label, taken))
    .flatMap(([label, value]) => {
      const without = kept(job, withoutLabel(discovered, label));
      if (!without) return [];
      const replaced = Object.keys(now).filter((name) => without[name] !== undefined && without[name] !== now[name]);
      const mapped = Object.keys(now).filter((name) => without[name] === undefined && now[name] === value);
      return [
        ...replaced.map((name) => replacedLabel(context, job, proxy, { label, value, name, instead: without[name]! })),
        ...mapped
          .filter((name) => isShadowed(context, job, proxy, name))
          .map((name) => shadowed(job, proxy, { label, value, name })),
      ];
    });
}

/** Names that are there without the labels that the workload's owner gave; null where the target needs these. */
function namesTaken(context: Context, job: ScrapeJob, proxy: ProxyPod, discovered: Labels): string[] | null {
  const others = Object.keys(proxy.pod.metadata.labels ?? {}).filter((label) => !label.startsWith('linkerd.io/'));
  const base = kept(job, others.reduce(withoutLabel, discovered));
  return base && [...Object.keys(base), ...ownLabels(context, proxy)];
}

/** Whether a label may have taken the place of one of these: the others need no trial. */
function isNear(label: string, names: readonly string[]): boolean {
  const mapped = sanitizeLabelName(label);
  return names.some((name) => name.endsWith(mapped) || mapped.endsWith(name));
}

function kept(job: ScrapeJob, discovered: Labels): Labels | null {
  try {
    const target: ExplainedTarget = explainTarget(job, withJobLabels(job, discovered));
    return target.outcome === 'kept' ? target.labels : null;
  } catch (error) {
    if (isUnreadable(error)) return null;
    throw error;
  }
}

function withoutLabel(discovered: Labels, label: string): Labels {
  const name = sanitizeLabelName(label);
  const gone = [`__meta_kubernetes_pod_label_${name}`, `__meta_kubernetes_pod_labelpresent_${name}`];
  return Object.fromEntries(Object.entries(discovered).filter(([key]) => !gone.includes(key)));
}

interface Mapped {
  label: string;
  value: string;
  name: string;
}

function replacedLabel(
  context: Context,
  job: ScrapeJob,
  proxy: ProxyPod,
  { label, value, name, instead }: Mapped & { instead: string },
): Finding {
  const active = activeAt(context, job, proxy)[0];
  return {
    causes: ['pod-label-overwrites-target-label'],
    pods: [proxy.id],
    subject: name,
    summary: `The label ${label}=${value} of ${proxy.id} overwrites its target label ${name}, which would be ${instead}.`,
    evidence: [
      `Pod ${proxy.id}: label ${label}=${value}`,
      `Job ${job.name}, relabelling without that label: ${name}="${instead}"`,
      ...(active ? [`Prometheus' target ${active.scrapeUrl}: ${name}="${active.labels[name] ?? ''}"`] : []),
    ],
    remedy: [
      `Rename the label ${label} in the workload's pod template: \`${label}\` is taken by Prometheus.`,
      `Or keep it out in job ${job.name}, before the last labelmap: \`{ action: labeldrop, regex: __tmp_pod_label_${sanitizeLabelName(label)} }\`.`,
    ],
  };
}

/** Families that people query, and whose labels they select by. */
const QUERIED =
  /^(?:request_total|response_total|response_latency_ms_(?:bucket|count|sum)|tcp_open_total|tcp_open_connections)$/;

/**
 * Whether the proxy's own page has the label where people look for it: Prometheus renames it to exported_... then, unless the
 * job honors the labels of pages.
 */
function isShadowed(context: Context, job: ScrapeJob, proxy: ProxyPod, name: string): boolean {
  return !job.honorLabels && ownLabels(context, proxy).has(name);
}

function ownLabels(context: Context, proxy: ProxyPod): Set<string> {
  const samples = context.pages.get(proxy.id)?.page?.samples ?? [];
  return new Set(samples.filter(({ name }) => QUERIED.test(name)).flatMap(({ labels }) => Object.keys(labels)));
}

function shadowed(job: ScrapeJob, proxy: ProxyPod, { label, value, name }: Mapped): Finding {
  return {
    causes: ['pod-label-overwrites-target-label'],
    pods: [proxy.id],
    subject: name,
    summary: `The label ${label}=${value} of ${proxy.id} takes the place of the proxy's own label ${name}, which becomes exported_${name}.`,
    evidence: [
      `Pod ${proxy.id}: label ${label}=${value}`,
      `Job ${job.name} maps it to ${name}, and honor_labels is false`,
      `The proxy's page has series with a label ${name} of their own`,
    ],
  };
}
