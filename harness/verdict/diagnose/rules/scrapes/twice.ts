import type { EvidencePod, ScrapeJob } from '../../../../evidence/types.ts';
import { activeAt, type Context, contextOf, listed, takes } from '../../context/index.ts';
import { isCompleted, type ProxyPod, podId } from '../../context/proxies.ts';
import { keptTargets, podOfTarget, urlAddress } from '../../context/targets.ts';
import type { Finding, Rule } from '../../types.ts';

/** One proxy under two jobs: sums over jobs count everything twice. */
export const TWO_JOBS: Rule = {
  causes: ['scraped-by-two-jobs'],
  needs: ['targets', 'scrape configuration', 'pods'],
  diagnose({ evidence }): Finding[] {
    const context = contextOf(evidence);
    const twice = context.proxies.flatMap((proxy) => {
      const jobs = context.proxyJobs.filter((job) => takes(context, job, proxy)).map(({ name }) => name);
      return jobs.length > 1 ? [{ proxy, jobs: jobs.join(', ') }] : [];
    });
    return [...Map.groupBy(twice, ({ jobs }) => jobs)].map(([jobs, same]): Finding => {
      const pods = same.map(({ proxy }) => proxy.id);
      return {
        causes: ['scraped-by-two-jobs'],
        pods,
        subject: jobs,
        summary: `The proxies of ${listed(pods)} are scraped by the jobs ${jobs} alike; a sum over them counts everything twice.`,
        evidence: same.slice(0, 5).flatMap(({ proxy }) => urlsOf(context, proxy)),
        remedy: [`Take one of the jobs ${jobs} out of the scrape configuration, or select a job in every query.`],
      };
    });
  },
};

function urlsOf(context: Context, proxy: ProxyPod): string[] {
  const { id } = proxy;
  const targets = context.proxyJobs.flatMap((job) => activeAt(context, job, proxy));
  if (targets.length === 0) return [`The relabelling of each of the jobs keeps ${id}`];
  return targets.map((target) => `Prometheus' target ${target.scrapeUrl}: job ${target.scrapePool}, pod ${id}`);
}

/** A pod that has completed and still stands in the API, with an address that another pod has by now. */
export const REUSED_ADDRESSES: Rule = {
  causes: ['address-reused'],
  needs: ['pods', 'targets', 'scrape configuration'],
  diagnose({ evidence }): Finding[] {
    const context = contextOf(evidence);
    const completed = (evidence.cluster.pods ?? []).filter(isCompleted);
    return context.proxyJobs.flatMap((job) =>
      completed.flatMap((pod) => {
        const addresses = scrapedAddresses(context, job, pod);
        const now = context.proxies.find(({ adminAddress }) => adminAddress !== null && addresses.has(adminAddress));
        return now === undefined ? [] : [reused(job, pod, now)];
      }),
    );
  },
};

/** Where the job scrapes on behalf of a pod: as Prometheus has it, and as its rules say. */
function scrapedAddresses(context: Context, job: ScrapeJob, pod: EvidencePod): Set<string> {
  const id = podId(pod);
  const active = context.evidence.prometheus.active.filter(
    (target) => target.scrapePool === job.name && podOfTarget(target.discoveredLabels) === id,
  );
  const would = keptTargets(job, pod).map(({ url }) => url);
  return new Set([...active.map(({ scrapeUrl }) => scrapeUrl), ...would].map(urlAddress));
}

function reused(job: ScrapeJob, pod: EvidencePod, now: ProxyPod): Finding {
  const before = podId(pod);
  return {
    causes: ['address-reused'],
    pods: [now.id],
    subject: '',
    summary: `The address of ${now.id} is scraped under the name of ${before} as well, which has completed: its traffic is counted twice.`,
    evidence: [
      `Pod ${before}: phase ${pod.status.phase}, address ${pod.status.podIP}`,
      `Pod ${now.id}: phase ${now.pod.status.phase}, the same address`,
      `Job ${job.name} keeps completed pods: no rule of it drops phase ${pod.status.phase}`,
    ],
    remedy: [
      `In job ${job.name}: \`{ source_labels: [__meta_kubernetes_pod_phase], action: keep, regex: "Pending|Running" }\`.`,
      `Delete the completed pod: \`kubectl -n ${pod.metadata.namespace} delete pod ${pod.metadata.name}\`.`,
    ],
  };
}
