import type { EvidencePod, ScrapeJob } from '../../../evidence/types.ts';
import type { ActiveTarget, DroppedTarget } from '../../client.ts';
import { type ExplainedTarget, explainPod, explainTarget } from '../target.ts';

/** What a Prometheus said, beside the pods that were there. */
export interface Recorded {
  jobs: ScrapeJob[];
  pods: EvidencePod[];
  active: Pick<ActiveTarget, 'scrapePool' | 'labels' | 'discoveredLabels' | 'scrapeUrl'>[];
  dropped: DroppedTarget[];
}

/** Labels that Prometheus adds to what it shows and that no rule of ours sees: they are about histograms. */
const OF_HISTOGRAMS = /^__(?:convert_classic|always_scrape_classic|scrape_native)_histograms/;

/** What was recorded, and the same from the pods alone; as lists of texts, sorted. */
export function compare({ jobs, pods, active, dropped }: Recorded): { said: string[]; explained: string[] } {
  const ofPods = jobs.filter((job) => job.kubernetes.some(({ role }) => role === 'pod'));
  const about = (job: string) => ofPods.some(({ name }) => name === job);
  const said = [
    ...active
      .filter(({ scrapePool }) => about(scrapePool))
      .map((t) => text(t.scrapePool, t.discoveredLabels, { labels: t.labels, url: t.scrapeUrl })),
    ...dropped.filter(({ scrapePool }) => about(scrapePool)).map((t) => text(t.scrapePool, t.discoveredLabels, null)),
  ];
  const explained = ofPods.flatMap((job) =>
    pods.flatMap((pod) =>
      (explainPod(job, pod) ?? []).map((target) => text(job.name, target.discovered, kept(target))),
    ),
  );
  return { said: said.sort(), explained: explained.sort() };
}

/** The same from the labels that Prometheus says it discovered. */
export function compareRelabelling({ jobs, active, dropped }: Recorded): { said: unknown[]; explained: unknown[] } {
  const targets = [
    ...active.map((t) => ({ ...t, kept: { labels: t.labels, url: t.scrapeUrl } })),
    ...dropped.map((t) => ({ ...t, kept: null })),
  ];
  return {
    said: targets.map((t) => t.kept),
    explained: targets.map((t) =>
      kept(explainTarget(jobs.find(({ name }) => name === t.scrapePool)!, t.discoveredLabels)),
    ),
  };
}

function kept(target: ExplainedTarget): { labels: object; url: string } | null {
  return target.outcome === 'kept' ? { labels: target.labels, url: target.url } : null;
}

function text(job: string, discovered: object, what: { labels: object; url: string } | null): string {
  const sorted = (labels: object) =>
    Object.entries(labels)
      .filter(([name]) => !OF_HISTOGRAMS.test(name))
      .sort(byName);
  return JSON.stringify([job, sorted(discovered), what && { labels: sorted(what.labels), url: what.url }]);
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);
