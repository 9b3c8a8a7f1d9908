import type { KubernetesObject } from '../../../../core/kubernetes-object.ts';
import type { PageEvidence } from '../../../../evidence/types.ts';
import { type Endpoint, endpointsOf } from '../../context/endpoints.ts';
import { contextOf } from '../../context/index.ts';
import { proxyRuns } from '../../context/proxies.ts';
import type { Ask, Rule } from '../../types.ts';
import { failureOf } from './errors.ts';
import { type Case, reported } from './report.ts';

/** Whether the admin port answers at all, and in time. What a page says when it comes is for other rules. */
export const REACH_OF_ADMIN_PORTS: Rule = {
  causes: ['admin-port-denied', 'admin-port-dropped', 'admin-port-refused', 'scrape-timeout'],
  needs: ['targets', 'stored:up', 'pages', 'question:page'],
  diagnose({ evidence }, ask) {
    const cases = endpointsOf(contextOf(evidence)).flatMap((endpoint): Case[] => {
      if (endpoint.proxy === null || endpoint.state === 'up' || endpoint.state === 'unsettled') return [];
      if (isForOthers(endpoint, evidence.cluster.policies)) return [];
      const causes = causesAt(endpoint, ask);
      return causes === null ? [] : [{ endpoint, causes }];
    });
    return reported(cases, {
      'admin-port-denied': (pods) => `The proxies of ${pods} answer 403 to scrapes.`,
      'admin-port-dropped': (pods) => `Nothing answers at the admin port of ${pods}: packets are dropped on the way.`,
      'admin-port-refused': (pods) => `Connections to the admin port of ${pods} are refused.`,
      'scrape-timeout': (pods, { job, page }) =>
        `The page of ${pods} takes longer than the ${job?.timeoutMs ?? '?'} ms that a scrape may take${page?.outcome === 'ok' ? `: ${Math.round(page.durationMs)} ms` : ''}.`,
    });
  },
};

/** The page says more than Prometheus' error, which is that of whatever went wrong first; so it is asked first. */
function causesAt(endpoint: Endpoint, ask: Ask): Case['causes'] | null {
  const { page, proxy } = endpoint;
  const failure = endpoint.state === 'failing' ? failureOf(endpoint.error) : null;
  switch (page?.outcome) {
    case 'status':
      return page.status === 403 ? ['admin-port-denied'] : null;
    case 'refused':
      // One that does not run refuses as well, and that is another matter.
      return proxyRuns(proxy!) === false ? null : ['admin-port-refused'];
    case 'timeout':
      return silent(endpoint, page);
    case 'ok':
      if (isSlow(endpoint, page) && isForLong(endpoint) && isSlowAgain(endpoint, page, ask)) return ['scrape-timeout'];
      break;
    default:
      break;
  }
  // The page comes, by our way; or nobody could look. Then it is between Prometheus and the pod.
  switch (failure?.kind) {
    case 'status':
      return failure.status === 403 ? ['admin-port-denied'] : null;
    case 'refused':
      return proxyRuns(proxy!) === false ? null : ['admin-port-refused'];
    case 'unreachable':
      return ['admin-port-dropped'];
    case 'timeout':
      if (!isForLong(endpoint)) return null;
      if (page?.outcome === 'ok' && isSlowAgain(endpoint, page, ask)) return ['scrape-timeout'];
      // What is there for us twice, within a moment, and for Prometheus not once, gets lost between the two.
      if (page?.outcome === 'ok' && isQuickAgain(endpoint, page, ask)) return ['admin-port-dropped'];
      return ['admin-port-dropped', 'scrape-timeout'];
    default:
      return null;
  }
}

/** Whoever is busy answers late once or twice. */
const LATE_SCRAPES = 3;

function isForLong({ failures }: Endpoint): boolean {
  return failures === null || failures >= LATE_SCRAPES;
}

/**
 * Whether it is no wonder that we get 403: a policy lets some identities in, which we have none of; and what it says to
 * Prometheus is not known.
 */
function isForOthers({ state, page, proxy }: Endpoint, policies: readonly KubernetesObject[] | null): boolean {
  if (state !== 'unknown' || page?.status !== 403) return false;
  return (policies ?? []).some(
    ({ kind, metadata }) => kind === 'AuthorizationPolicy' && metadata.namespace === proxy!.namespace,
  );
}

/** How many times the timeout of a scrape a page may take and still be slow rather than not there. */
const NOT_THERE = 5;

function silent({ job }: Endpoint, page: PageEvidence): Case['causes'] {
  if (!page.connected) return ['admin-port-dropped'];
  if (page.bytes > 0) return ['scrape-timeout'];
  // Something took the connection; whether it will ever say anything shows only in how long that was waited for.
  const isLong = job !== null && page.durationMs >= NOT_THERE * job.timeoutMs;
  return isLong ? ['admin-port-dropped'] : ['admin-port-dropped', 'scrape-timeout'];
}

function isSlow({ job }: Endpoint, page: PageEvidence): boolean {
  return job !== null && page.durationMs >= job.timeoutMs;
}

/** Asked a second time: a machine may have been busy. */
function isSlowAgain(endpoint: Endpoint, page: PageEvidence, ask: Ask): boolean {
  const again = pageAgain(endpoint, page, ask);
  if (again === null) return false;
  return again.outcome === 'timeout' ? again.connected : isSlow(endpoint, again);
}

/** Of the time that a scrape may take, the part within which a page is there at once. */
const AT_ONCE = 0.5;

function isQuickAgain(endpoint: Endpoint, page: PageEvidence, ask: Ask): boolean {
  const { job } = endpoint;
  const again = pageAgain(endpoint, page, ask);
  if (again?.outcome !== 'ok' || job === null) return false;
  return Math.min(page.durationMs, again.durationMs) < AT_ONCE * job.timeoutMs;
}

function pageAgain({ proxy }: Endpoint, { namespace, pod }: PageEvidence, ask: Ask): PageEvidence | null {
  const answer = ask({ ask: 'page', namespace, pod, scheme: 'http', port: proxy!.adminPort });
  return answer?.to === 'page' ? answer.page : null;
}
