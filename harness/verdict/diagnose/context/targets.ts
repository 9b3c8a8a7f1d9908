import type { EvidencePod, ScrapeJob } from '../../../evidence/types.ts';
import type { ActiveTarget, Labels } from '../../../prometheus/client.ts';
import { type ExplainedTarget, explainPod } from '../../../prometheus/relabel/target.ts';

export type KeptTarget = Extract<ExplainedTarget, { outcome: 'kept' }>;

const explained = new WeakMap<ScrapeJob, WeakMap<EvidencePod, ExplainedTarget[]>>();

/** What the job makes of a pod's ports; empty where it does not look, and where its rules can't be read. Worked out once. */
export function targetsOf(job: ScrapeJob, pod: EvidencePod): readonly ExplainedTarget[] {
  const ofJob = explained.get(job) ?? new WeakMap<EvidencePod, ExplainedTarget[]>();
  explained.set(job, ofJob);
  const targets = ofJob.get(pod) ?? explain(job, pod);
  ofJob.set(pod, targets);
  return targets;
}

function explain(job: ScrapeJob, pod: EvidencePod): ExplainedTarget[] {
  try {
    return explainPod(job, pod) ?? [];
  } catch (error) {
    if (isUnreadable(error)) return [];
    throw error;
  }
}

/** Rules that this version of Prometheus' language does not have: nothing can be said of what they do. */
export function isUnreadable(error: unknown): boolean {
  return error instanceof SyntaxError || error instanceof RangeError;
}

export function keptTargets(job: ScrapeJob, pod: EvidencePod): KeptTarget[] {
  return targetsOf(job, pod).filter((target) => target.outcome === 'kept');
}

/** `host:port` of a scrape URL; empty when it is none. */
export function urlAddress(url: string): string {
  try {
    const { protocol, hostname, port } = new URL(url);
    return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
  } catch {
    return '';
  }
}

/** `namespace/pod` that a target was discovered as; null for one of another kind of discovery. */
export function podOfTarget(labels: Labels): string | null {
  const namespace = labels.__meta_kubernetes_namespace;
  const pod = labels.__meta_kubernetes_pod_name;
  return namespace !== undefined && pod !== undefined ? `${namespace}/${pod}` : null;
}

const DESCRIBES =
  /^__meta_kubernetes_pod_(?:label_|annotation_|container_name$|container_port_name$|phase$|container_init$)/;

/** Whether Prometheus knows the pod as it is now: what it discovered is what the API says. */
export function isCurrent(target: ActiveTarget, discovered: Labels): boolean {
  const describing = (labels: Labels) =>
    Object.entries(labels)
      .filter(([name, value]) => DESCRIBES.test(name) && value !== '')
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .join('\n');
  return describing(target.discoveredLabels) === describing(discovered);
}
