import type { ScrapeJob } from '../../../../evidence/types.ts';
import { type Endpoint, endpointsOf } from '../../context/endpoints.ts';
import { contextOf, listed } from '../../context/index.ts';
import type { Finding, Rule } from '../../types.ts';
import { failureOf } from './errors.ts';
import { factsOf } from './report.ts';

/** Limits of the job, of which one that is exceeded loses the whole page. */
export const LIMITS_OF_JOBS: Rule = {
  causes: ['scrape-limit-exceeded'],
  needs: ['targets', 'scrape configuration', 'pages'],
  diagnose({ evidence }) {
    const endpoints = endpointsOf(contextOf(evidence));
    const byJob = Map.groupBy(endpoints, ({ job }) => job);
    return [...byJob].flatMap(([job, all]): Finding[] => {
      if (job === null) return [];
      const over = all.flatMap((endpoint) => {
        const limit = exceeded(job, endpoint);
        return limit === null ? [] : [{ endpoint, limit }];
      });
      const [first] = over;
      if (first === undefined) return [];
      const pods = [...new Set(over.map(({ endpoint }) => endpoint.id))].sort();
      const limits = [...new Set(over.map(({ limit }) => limit))];
      return [
        {
          causes: ['scrape-limit-exceeded'],
          pods,
          subject: job.name,
          summary: `The pages of ${listed(pods)} exceed a limit of job ${job.name}: ${limits.join('; ')}. Nothing of them is stored.`,
          evidence: [
            `Prometheus' job ${job.name}: ${settings(job)}`,
            ...over.slice(0, 5).flatMap(({ endpoint }) => factsOf(endpoint)),
          ],
        },
      ];
    });
  },
};

/** Which limit, as Prometheus says; or, where it has no such target, as the page has it. */
function exceeded(job: ScrapeJob, endpoint: Endpoint): string | null {
  const { state, error, page } = endpoint;
  if (state === 'up' || state === 'unsettled') return null;
  const failure = failureOf(error);
  if (failure.kind === 'limit') return error;
  // Whatever failed first hides what would have failed next; but then the page says what it comes to.
  if (page === null) return null;
  if (job.bodySizeLimit > 0 && page.bytes >= job.bodySizeLimit && page.outcome === 'ok') {
    return `${page.bytes} bytes, and body_size_limit is ${job.bodySizeLimit}`;
  }
  const samples = page.page?.samples ?? [];
  if (job.metricRelabel.length > 0) return null;
  if (job.sampleLimit > 0 && samples.length > job.sampleLimit) {
    return `${samples.length} samples, and sample_limit is ${job.sampleLimit}`;
  }
  return labelsExceeded(job, endpoint, samples);
}

/** The metric's name is a label, too; and those of the target come on top. */
function labelsExceeded(job: ScrapeJob, { target }: Endpoint, samples: { labels: Record<string, string> }[]) {
  if (job.labelLimit === 0 || target === null) return null;
  const ofTarget = Object.keys(target.labels);
  const most = Math.max(0, ...samples.map(({ labels }) => new Set([...Object.keys(labels), ...ofTarget]).size + 1));
  return most > job.labelLimit ? `${most} labels, and label_limit is ${job.labelLimit}` : null;
}

function settings(job: ScrapeJob): string {
  const limits = {
    sample_limit: job.sampleLimit,
    label_limit: job.labelLimit,
    label_name_length_limit: job.labelNameLengthLimit,
    label_value_length_limit: job.labelValueLengthLimit,
    body_size_limit: job.bodySizeLimit,
    target_limit: job.targetLimit,
  };
  const set = Object.entries(limits).filter(([, value]) => value > 0);
  return set.map(([name, value]) => `${name} ${value}`).join(', ') || 'no limit of its own';
}
