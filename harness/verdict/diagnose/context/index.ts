import type { Evidence, EvidencePod, PageEvidence, ScrapeJob } from '../../../evidence/types.ts';
import type { ActiveTarget } from '../../../prometheus/client.ts';
import { componentPods, jobsOfControlPlane, jobsOfProxies } from './jobs.ts';
import { type ProxyPod, proxyPods } from './proxies.ts';
import { isCurrent, podOfTarget, targetsOf, urlAddress } from './targets.ts';

/** What several rules want to know of the evidence. */
export interface Context {
  evidence: Evidence;
  proxies: ProxyPod[];
  /** There for proxies, whether or not they find any. */
  proxyJobs: ScrapeJob[];
  controlPlaneJobs: ScrapeJob[];
  /** Running pods of the control plane's components. */
  components: EvidencePod[];
  /** The page of a proxy's admin port, by `namespace/pod`. */
  pages: ReadonlyMap<string, PageEvidence>;
  /** Active targets that Prometheus discovered as this pod. */
  activeOf(id: string): readonly ActiveTarget[];
}

const contexts = new WeakMap<Evidence, Context>();

export function contextOf(evidence: Evidence): Context {
  const known = contexts.get(evidence);
  if (known) return known;
  const proxies = proxyPods(evidence);
  const proxyJobs = jobsOfProxies(evidence, proxies);
  const active = Map.groupBy(evidence.prometheus.active, (target) => podOfTarget(target.discoveredLabels) ?? '');
  const context: Context = {
    evidence,
    proxies,
    proxyJobs,
    controlPlaneJobs: jobsOfControlPlane(evidence, proxyJobs),
    components: componentPods(evidence),
    pages: new Map(evidence.pages.map((page) => [`${page.namespace}/${page.pod}`, page])),
    activeOf: (id) => active.get(id) ?? [],
  };
  contexts.set(evidence, context);
  return context;
}

/** A job's active targets at the admin port of a proxy. */
export function activeAt(context: Context, job: ScrapeJob, proxy: ProxyPod): ActiveTarget[] {
  return context
    .activeOf(proxy.id)
    .filter((target) => target.scrapePool === job.name && urlAddress(target.scrapeUrl) === proxy.adminAddress);
}

/**
 * Whether the job takes a proxy as a target: as Prometheus has it where it knows the pod as it is now, else as its rules say.
 */
export function takes(context: Context, job: ScrapeJob, proxy: ProxyPod): boolean {
  const explained = targetsOf(job, proxy.pod).filter((target) => target.discovered.__address__ === proxy.adminAddress);
  const kept = explained.some((target) => target.outcome === 'kept' && urlAddress(target.url) === proxy.adminAddress);
  if (kept) return true;
  return activeAt(context, job, proxy).some((target) => explained.some((one) => isCurrent(target, one.discovered)));
}

/** `shop/web-1, shop/cart-1 and 3 more`. */
export function listed(names: readonly string[], atMost = 3): string {
  const shown = names.slice(0, atMost).join(', ');
  const rest = names.length - atMost;
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
