import type { PageEvidence, ScrapeJob } from '../../../evidence/types.ts';
import type { ActiveTarget } from '../../../prometheus/client.ts';
import { activeAt, type Context, takes } from './index.ts';
import { isCompleted, isTerminating, type ProxyPod, podId } from './proxies.ts';
import { keptTargets, podOfTarget, urlAddress } from './targets.ts';

/** Where Prometheus scrapes, or would, and how that goes. */
export interface Endpoint {
  /** `namespace/pod`. */
  id: string;
  /** null where no job takes it, or Prometheus' configuration can't be read. */
  job: ScrapeJob | null;
  /** null where Prometheus has no such target. */
  target: ActiveTarget | null;
  /** `host:port`; empty where it is not known. */
  address: string;
  /** null for the control plane's own ports, and where it was not read. */
  page: PageEvidence | null;
  /** null for the control plane's own ports. */
  proxy: ProxyPod | null;
  /**
   * `up`: the last scrape went well; `failing`: the last ones did not; `unsettled`: one did not, which is too little to
   * go by, or the pod is being deleted; `unknown`: Prometheus has no target there, or has not scraped it yet.
   */
  state: 'up' | 'failing' | 'unsettled' | 'unknown';
  /** Of the last scrape; empty when it went well. */
  error: string;
  /** How many of the last scrapes failed, one after another; null where Prometheus has not stored any. */
  failures: number | null;
}

/** The admin ports of proxies, once for each job that has or would have them, and the control plane's targets. */
export function endpointsOf(context: Context): Endpoint[] {
  return [...context.proxies.flatMap((proxy) => endpointsOfProxy(context, proxy)), ...controlPlane(context)];
}

function endpointsOfProxy(context: Context, proxy: ProxyPod): Endpoint[] {
  const endpoints = endpointsOfRunning(context, proxy);
  if (!isTerminating(proxy.pod)) return endpoints;
  return endpoints.map((one) => (one.state === 'up' ? one : { ...one, state: 'unsettled' }));
}

function endpointsOfRunning(context: Context, proxy: ProxyPod): Endpoint[] {
  const page = context.pages.get(proxy.id) ?? null;
  const of = { id: proxy.id, address: proxy.adminAddress ?? '', page, proxy };
  const active = context.proxyJobs.flatMap((job) => activeAt(context, job, proxy).map((target) => ({ job, target })));
  if (active.length > 0) return active.map(({ job, target }) => ({ ...of, job, target, ...stateOf(context, target) }));
  const job = context.proxyJobs.find((one) => takes(context, one, proxy)) ?? context.proxyJobs[0] ?? null;
  return [{ ...of, job, ...NO_TARGET }];
}

const NO_TARGET = { target: null, state: 'unknown', error: '', failures: null } as const;

/** What each job has of the control plane's pods; of those of which it has nothing, what its rules would keep. */
function controlPlane(context: Context): Endpoint[] {
  const { prometheus, cluster } = context.evidence;
  const running = new Set((cluster.pods ?? []).filter((pod) => !isCompleted(pod)).map(podId));
  return context.controlPlaneJobs.flatMap((job): Endpoint[] => {
    const of = { job, page: null, proxy: null };
    const active = prometheus.active.flatMap((target): Endpoint[] => {
      const id = podOfTarget(target.discoveredLabels);
      if (target.scrapePool !== job.name || id === null || !running.has(id)) return [];
      return [{ ...of, id, target, address: urlAddress(target.scrapeUrl), ...stateOf(context, target) }];
    });
    const known = new Set(active.map(({ id }) => id));
    const would = context.components
      .filter((pod) => !known.has(podId(pod)))
      .flatMap((pod) => keptTargets(job, pod).map(({ url }) => ({ id: podId(pod), address: urlAddress(url) })));
    return [...active, ...would.map((one) => ({ ...of, ...one, ...NO_TARGET }))];
  });
}

/** Of the last scrapes one after another; a single one that failed is nothing. */
const ENOUGH = 2;

function stateOf(context: Context, target: ActiveTarget): Pick<Endpoint, 'state' | 'error' | 'failures'> {
  const error = target.lastError;
  if (target.health === 'unknown') return { state: 'unknown', error, failures: null };
  if (target.health === 'up') return { state: 'up', error: '', failures: 0 };
  const failures = failuresInARow(context, target);
  return { state: failures === null || failures >= ENOUGH ? 'failing' : 'unsettled', error, failures };
}

/** How many of the last scrapes failed, one after another; null where Prometheus has not stored any. */
function failuresInARow(context: Context, target: ActiveTarget): number | null {
  const up = context.evidence.stored.find(
    ({ labels }) =>
      labels.__name__ === 'up' && Object.entries(target.labels).every(([name, value]) => labels[name] === value),
  );
  if (up === undefined || up.samples.length === 0) return null;
  const last = up.samples.findLastIndex(({ v }) => v === 1);
  return up.samples.length - 1 - last;
}
