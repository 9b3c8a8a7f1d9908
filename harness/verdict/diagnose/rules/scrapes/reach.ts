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
      return silent(endpoint, page, ask);
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
/** The same where the port does not answer anything else either. */
const NOT_THERE_AT_ALL = 2;

/** Nothing came, or not all of it, for as long as we waited. */
function silent(endpoint: Endpoint, first: PageEvidence, ask: Ask): Case['causes'] | null {
  const { job } = endpoint;
  if (!first.connected) return ['admin-port-dropped'];
  const isLateForPrometheus = endpoint.state === 'failing' && failureOf(endpoint.error).kind === 'timeout';
  // What comes, or answers something else, is slow; whether too slow is for Prometheus to say, or for longer waiting.
  if (isLateForPrometheus && comes(first)) return ['scrape-timeout'];
  const page = isSlow(endpoint, first) ? first : (pageAgain(endpoint, first, ask) ?? first);
  if (page.outcome !== 'timeout') {
    if (page.outcome === 'ok' && isSlow(endpoint, page)) return ['scrape-timeout'];
    return isLateForPrometheus ? ['admin-port-dropped', 'scrape-timeout'] : null;
  }
  if (!page.connected) return ['admin-port-dropped'];
  if (comes(page)) return isSlow(endpoint, page) || isLateForPrometheus ? ['scrape-timeout'] : null;
  // Something took the connection; whether it will ever say anything shows only in how long that was waited for.
  const patience = page.answers === false ? NOT_THERE_AT_ALL : NOT_THERE;
  const isLong = job !== null && page.durationMs >= patience * job.timeoutMs;
  return isLong ? ['admin-port-dropped'] : ['admin-port-dropped', 'scrape-timeout'];
}

/** Packets get there and back. */
function comes({ bytes, answers }: PageEvidence): boolean {
  return bytes > 0 || answers === true;
}

function isSlow({ job }: Endpoint, page: PageEvidence): boolean {
  return job !== null && page.durationMs >= job.timeoutMs;
}

/** Asked a second time: a machine may have been busy. */
function isSlowAgain(endpoint: Endpoint, page: PageEvidence, ask: Ask): boolean {
  const again = pageAgain(endpoint, page, ask);
  if (again === null || !isSlow(endpoint, again)) return false;
  return again.outcome === 'ok' || (again.outcome === 'timeout' && again.connected);
}

/** Of the time that a scrape may take, the part within which a page is there at once; and no longer than that, ms. */
const AT_ONCE = 0.5;
const AT_ONCE_MS = 1000;

function isQuickAgain(endpoint: Endpoint, page: PageEvidence, ask: Ask): boolean {
  const { job } = endpoint;
  const again = pageAgain(endpoint, page, ask);
  if (again?.outcome !== 'ok' || job === null) return false;
  return Math.min(page.durationMs, again.durationMs) < Math.min(AT_ONCE * job.timeoutMs, AT_ONCE_MS);
}

/** As many timeouts of a scrape as we wait for a page; ms at most. */
const PATIENCE = 2.5;
const MOST_PATIENCE_MS = 30_000;

function pageAgain({ proxy, job }: Endpoint, { namespace, pod }: PageEvidence, ask: Ask): PageEvidence | null {
  const patience = job === null ? {} : { deadlineMs: Math.min(MOST_PATIENCE_MS, PATIENCE * job.timeoutMs) };
  const answer = ask({ ask: 'page', namespace, pod, scheme: 'http', port: proxy!.adminPort, ...patience });
  return answer?.to === 'page' ? answer.page : null;
}
