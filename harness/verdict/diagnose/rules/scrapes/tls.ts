import type { PageEvidence, ScrapeJob } from '../../../../evidence/types.ts';
import { type Endpoint, endpointsOf } from '../../context/endpoints.ts';
import { contextOf, listed } from '../../context/index.ts';
import type { Ask, Finding, Rule } from '../../types.ts';
import { failureOf } from './errors.ts';
import { type Case, factsOf, reported } from './report.ts';

/** TLS on one side of a scrape and not on the other. */
export const TLS_OF_SCRAPES: Rule = {
  causes: ['tls-to-plaintext-port', 'plaintext-to-tls-port'],
  needs: ['targets', 'scrape configuration', 'pages', 'question:page'],
  diagnose({ evidence }, ask) {
    const endpoints = endpointsOf(contextOf(evidence)).filter(({ state }) => state !== 'up' && state !== 'unsettled');
    return [
      ...httpsJobs(endpoints, ask),
      ...reported(
        endpoints.flatMap((one) => tlsOnly(one, ask)),
        WORDS,
      ),
    ];
  },
};

const WORDS = {
  'plaintext-to-tls-port': (pods: string) => `The admin port of ${pods} speaks TLS alone, and is scraped without.`,
};

/** A job that scrapes with https what speaks plain HTTP: it concerns all of the job's targets alike. */
function httpsJobs(endpoints: readonly Endpoint[], ask: Ask): Finding[] {
  const byJob = Map.groupBy(endpoints.filter(isHttps), ({ job }) => job as ScrapeJob);
  return [...byJob].flatMap(([job, all]): Finding[] => {
    const plain = all.filter((one) => speaksPlain(one, ask));
    const [first] = plain;
    if (first === undefined) return [];
    const pods = [...new Set(all.map(({ id }) => id))].sort();
    return [
      {
        causes: ['tls-to-plaintext-port'],
        pods,
        subject: job.name,
        summary: `Job ${job.name} scrapes with https, and the ports of ${listed(pods)} speak plain HTTP.`,
        evidence: [`Prometheus' job ${job.name}: scheme ${job.scheme}`, ...plain.slice(0, 3).flatMap(factsOf)],
      },
    ];
  });
}

function isHttps({ job, target }: Endpoint): boolean {
  if (job === null) return false;
  return target === null ? job.scheme === 'https' : target.scrapeUrl.startsWith('https:');
}

function speaksPlain(endpoint: Endpoint, ask: Ask): boolean {
  const { error, page } = endpoint;
  if (failureOf(error).kind === 'plaintext') return true;
  const plain = page ?? (endpoint.target === null ? pageWithoutTls(endpoint, ask) : null);
  return plain?.url.startsWith('http:') === true && (plain.outcome === 'ok' || plain.outcome === 'status');
}

/** Where Prometheus has nothing to say, the port itself is asked. */
function pageWithoutTls({ id, address }: Endpoint, ask: Ask): PageEvidence | null {
  const [namespace, pod] = id.split('/') as [string, string];
  const port = Number(address.split(':').at(-1));
  if (!(port > 0)) return null;
  const answer = ask({ ask: 'page', namespace, pod, scheme: 'http', port });
  return answer?.to === 'page' ? answer.page : null;
}

function tlsOnly(endpoint: Endpoint, ask: Ask): Case[] {
  const { page, proxy, error } = endpoint;
  if (isHttps(endpoint) && endpoint.target !== null) return [];
  const says = failureOf(error).kind;
  const facts: string[] = [];
  if (proxy === null) return says === 'tls' ? [{ endpoint, causes: ['plaintext-to-tls-port'] }] : [];
  const suspect =
    page === null
      ? says === 'tls' || says === 'broken'
      : page.outcome === 'not-http' || page.outcome === 'failed' || page.outcome === 'cut-off' || page.status === 400;
  if (!suspect) return [];
  const { namespace, pod } = proxy;
  const answer = ask({ ask: 'page', namespace, pod: pod.metadata.name, scheme: 'https', port: proxy.adminPort });
  if (answer === undefined) return [];
  if (answer.to === 'page') {
    if (answer.page.status !== null) facts.push(`${answer.page.url}, fetched with TLS: status ${answer.page.status}`);
    else if (says !== 'tls' && page?.outcome !== 'not-http') return [];
  } else if (says !== 'tls') {
    return [];
  }
  return [{ endpoint, causes: ['plaintext-to-tls-port'], facts }];
}
