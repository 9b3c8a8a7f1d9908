import type { Ask, DiagnosisInput, Finding, Rule } from '../../types.ts';
import { counted, type PodView, podViews } from './view.ts';

/** Prometheus tells its scrapers of new targets no more often than this, ms. */
const DISCOVERY_MS = 5000;
/** How far back to look for a scrape, where no run says when it began. */
const LONG_AGO = '6h';

/** Pods that were there for others and never for Prometheus, and that are gone. */
export const podShorterThanAScrape: Rule = {
  causes: ['pod-shorter-than-a-scrape'],
  needs: ['pods', 'pages', 'truth', 'stored:up'],
  diagnose(input, ask) {
    const { pods } = input.evidence.cluster;
    // Who can't see which pods stand does not know which are gone.
    if (pods === null || pods.length === 0) return [];
    const peers = peersOf(input);
    const views = podViews(input).filter(({ object }) => object === null);
    const gone = new Set([...views.filter(lived).map(({ key }) => key), ...peers.keys()]);
    for (const pod of pods) gone.delete(`${pod.metadata.namespace}/${pod.metadata.name}`);
    return [...gone].sort().flatMap((key) => {
      const view = views.find((one) => one.key === key);
      const peer = peers.get(key);
      const scrapes = scrapesOf(input, ask, key, view, peer);
      return scrapes === undefined ? [] : [finding(input, key, scrapes, view, peer)];
    });
  },
};

function finding(
  input: DiagnosisInput,
  key: string,
  scrapes: number,
  view: PodView | undefined,
  peer: Peer | undefined,
): Finding {
  const lifeMs = view && activityMs(view);
  const served = view?.journals.flatMap((j) => j.served).length ?? 0;
  return {
    causes: ['pod-shorter-than-a-scrape'],
    pods: [key],
    subject: '',
    summary: `${key} came and went within a scrape interval${lifeMs == null ? '' : ` (${Math.round(lifeMs)} ms of activity, scrapes every ${intervalMs(input)} ms)`}: Prometheus has ${scrapes === 0 ? 'nothing of it' : 'one scrape of it, from which no rate can be made'}.`,
    evidence: [
      `${key} does not stand in the Kubernetes API (pods)`,
      `Prometheus has ${scrapes === 0 ? 'no successful scrape' : 'a single scrape'} of ${key} (up)`,
      ...(peer
        ? [
            `${peer.by.join(', ')} has ${counted(peer.requests, 'request')} with dst_pod="${key.split('/')[1]}" (request_total of its page)`,
          ]
        : []),
      ...(served > 0 ? [`${key} served ${counted(served, 'request')} (truth)`] : []),
    ],
  };
}

interface Peer {
  by: string[];
  requests: number;
  ip: string;
}

/** Pods that outbound series of others name. */
function peersOf({ evidence }: DiagnosisInput): Map<string, Peer> {
  const peers = new Map<string, Peer>();
  for (const { namespace, pod, page } of evidence.pages) {
    for (const { name, labels, value } of page?.samples ?? []) {
      const remote = labels.dst_target_cluster !== undefined;
      if (name !== 'request_total' || labels.direction !== 'outbound' || !labels.dst_pod || remote || value === 0)
        continue;
      const key = `${labels.dst_namespace}/${labels.dst_pod}`;
      const peer = peers.get(key) ?? { by: [], requests: 0, ip: labels.target_ip ?? '' };
      peers.set(key, peer);
      peer.requests += value;
      if (!peer.by.includes(`${namespace}/${pod}`)) peer.by.push(`${namespace}/${pod}`);
    }
  }
  return peers;
}

function lived({ journals }: PodView): boolean {
  return journals.length > 0;
}

/**
 * From the first request that its journals show it starting to the last; an app may wait for answers longer than its pod is there.
 * null: none.
 */
function activityMs({ journals }: PodView): number | null {
  const starts = journals.flatMap((j) => [...j.served, ...j.made].map((r) => r.startMs));
  return starts.length === 0 ? null : Math.max(...starts) - Math.min(...starts);
}

function intervalMs({ evidence, run }: DiagnosisInput): number {
  const jobs = evidence.prometheus.jobs.filter(({ kubernetes }) => kubernetes.some(({ role }) => role === 'pod'));
  return run?.input.window.scrapeIntervalMs ?? Math.max(10_000, ...jobs.map((job) => job.intervalMs));
}

/**
 * How often a pod was scraped that is gone; undefined: too often for a pod that came and went, it was there for too long, or there is
 * no answer yet. A single scrape is none to rate(), and what came after it is lost.
 */
function scrapesOf(
  input: DiagnosisInput,
  ask: Ask,
  key: string,
  view: PodView | undefined,
  peer: Peer | undefined,
): number | undefined {
  const { evidence, run } = input;
  const [namespace, pod] = key.split('/') as [string, string];
  const admin = view?.admin ?? null;
  const ups = evidence.stored.filter(({ labels }) => labels.__name__ === 'up');
  const isIt = (labels: Record<string, string>): boolean =>
    (labels.pod === pod && (labels.namespace === undefined || labels.namespace === namespace)) ||
    // A label of the pod may have taken the place of its name; its address is then all that is known of it.
    (hasAddress(labels.instance, admin, peer) && !knownPod(input, labels.pod));
  const good = ups.filter(({ labels }) => isIt(labels)).map(({ samples }) => samples.filter(({ v }) => v === 1).length);
  const scrapes = Math.max(0, ...good);
  if (scrapes > 1) return undefined;
  // One that was there for long had its chances: something else kept Prometheus away.
  const lifeMs = view === undefined ? null : activityMs(view);
  const longest = intervalMs(input) + (scrapes === 0 ? DISCOVERY_MS : intervalMs(input));
  if (lifeMs !== null && lifeMs > longest) return undefined;
  if (run !== null) return scrapes;
  const others = ups.some(({ labels, samples }) => labels.pod !== undefined && samples.some(({ v }) => v === 1));
  if (!others) return undefined;
  const expr = `max(sum_over_time(up{pod=${JSON.stringify(pod)}}[${LONG_AGO}]))`;
  const answer = ask({ ask: 'query', expr, atMs: evidence.atMs });
  if (answer?.to !== 'query') return undefined;
  const ever = Math.max(scrapes, ...answer.samples.map(({ v }) => v));
  return ever > 1 ? undefined : ever;
}

function hasAddress(instance: string | undefined, admin: string | null, peer: Peer | undefined): boolean {
  if (instance === undefined) return false;
  if (admin !== null) return instance === admin;
  return peer !== undefined && peer.ip !== '' && instance.startsWith(`${peer.ip}:`);
}

function knownPod({ evidence, run }: DiagnosisInput, name: string | undefined): boolean {
  return (
    evidence.cluster.pods?.some((pod) => pod.metadata.name === name) === true ||
    run?.input.topology.pods.some((pod) => pod.name === name) === true
  );
}
