import type { PageEvidence } from '../../../../evidence/types.ts';
import { type Endpoint, endpointsOf } from '../../context/endpoints.ts';
import { contextOf } from '../../context/index.ts';
import type { Finding, Rule } from '../../types.ts';
import { failureOf } from './errors.ts';
import { type Case, reported } from './report.ts';

/** Pages that come, but are none: broken in the middle of a line, or at the end. */
export const PAGES: Rule = {
  causes: ['page-malformed', 'page-cut-off'],
  needs: ['targets', 'pages'],
  diagnose({ evidence }) {
    const cases = endpointsOf(contextOf(evidence)).flatMap((endpoint): Case[] => {
      const cause = brokenPage(endpoint);
      return cause === null ? [] : [{ endpoint, causes: [cause] }];
    });
    return reported(cases, {
      'page-malformed': (pods, { page, error }) =>
        `Prometheus can't parse the page of ${pods}, and stores nothing of it: ${page?.error || error}.`,
      'page-cut-off': (pods, { page, error }) =>
        `The page of ${pods} ends in the middle${page ? `, after ${page.bytes} bytes` : `: ${error}`}; Prometheus stores nothing of it.`,
    });
  },
};

/** How a page's own parser says that its last line has no end. */
const NO_END = /cut off/;

function brokenPage({ state, page, error, proxy, target }: Endpoint): 'page-malformed' | 'page-cut-off' | null {
  if (proxy === null || state === 'up' || state === 'unsettled') return null;
  if (page?.outcome === 'cut-off') return 'page-cut-off';
  if (page?.outcome === 'unparsable') return NO_END.test(page.error) ? 'page-cut-off' : 'page-malformed';
  // Otherwise Prometheus got what we did not: only its error tells.
  if ((page !== null && page.outcome !== 'ok') || target?.scrapeUrl.startsWith('https:')) return null;
  const { kind } = failureOf(error);
  if (kind === 'page') return 'page-malformed';
  return kind === 'broken' ? 'page-cut-off' : null;
}

/** Series that stand on a page twice: proxies before v2.306 (telemetry facts, section 9). */
export const DUPLICATES: Rule = {
  causes: ['duplicate-series'],
  needs: ['pages', 'prometheus_target_scrapes_sample_duplicate_timestamp_total'],
  diagnose({ evidence }): Finding[] {
    const { proxies } = contextOf(evidence);
    const known = new Set(proxies.map(({ id }) => id));
    const dropped = evidence.prometheus.own
      .filter(({ name }) => name === 'prometheus_target_scrapes_sample_duplicate_timestamp_total')
      .reduce((sum, { value }) => sum + value, 0);
    return evidence.pages.flatMap((page): Finding[] => {
      const id = `${page.namespace}/${page.pod}`;
      const count = page.duplicates.length;
      if (count === 0 || (evidence.cluster.pods !== null && !known.has(id))) return [];
      const version = page.page?.samples.find(({ name }) => name === 'proxy_build_info')?.labels.version;
      return [
        {
          causes: ['duplicate-series'],
          pods: [id],
          subject: '',
          summary: `The page of ${id} shows ${count} series twice; Prometheus takes the first of each and drops the other.`,
          evidence: [
            `${page.url}: twice ${page.duplicates.slice(0, 2).join(', ')}${count > 2 ? ` and ${count - 2} more` : ''}`,
            ...(version ? [`Its proxy is v${version.replace(/^v/, '')}`] : []),
            ...(dropped > 0
              ? [`Prometheus: prometheus_target_scrapes_sample_duplicate_timestamp_total is ${dropped}`]
              : []),
          ],
          ...(version && !isAffected(version) && { remedy: unknownDefect(page, version) }),
        },
      ];
    });
  },
};

/** Before v2.306; of a version that is none, nobody knows. */
function isAffected(version: string): boolean {
  const minor = Number(/^v?2\.(\d+)\./.exec(version)?.[1] ?? Number.NaN);
  return !(minor > 305);
}

function unknownDefect({ namespace, pod }: PageEvidence, version: string): string[] {
  return [
    `Known of proxies before v2.306 alone, not of v${version.replace(/^v/, '')}: keep the page (\`linkerd diagnostics proxy-metrics -n ${namespace} po/${pod} > page\`), see what its doubled series have in common, and report it to Linkerd.`,
    "Until then take inbound rates from the clients' outbound series.",
  ];
}
