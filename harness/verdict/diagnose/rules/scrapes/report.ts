import type { CauseId } from '../../../../causes/ids.ts';
import type { PageEvidence } from '../../../../evidence/types.ts';
import type { Endpoint } from '../../context/endpoints.ts';
import { listed } from '../../context/index.ts';
import type { Finding } from '../../types.ts';

/** What was found at one endpoint. */
export interface Case {
  endpoint: Endpoint;
  causes: readonly [CauseId, ...CauseId[]];
  /** Facts beside the state of the target and of the page. */
  facts?: string[];
}

/**
 * Findings of cases: one for each set of causes.
 * @param say what is wrong, of the pods: `Scrapes of ${pods} are refused`
 */
export function reported(
  cases: readonly Case[],
  say: Partial<Record<CauseId, (pods: string, first: Endpoint) => string>>,
  subject = '',
): Finding[] {
  const groups = Map.groupBy(cases, ({ causes }) => causes.join());
  return [...groups.values()].map((group): Finding => {
    const { causes, endpoint } = group[0]!;
    const pods = [...new Set(group.map((one) => one.endpoint.id))].sort();
    const sentences = causes.map((cause) => say[cause]!(listed(pods), endpoint));
    return {
      causes,
      pods,
      subject,
      summary: sentences.length === 1 ? sentences[0]! : `One of these: ${sentences.join(' Or: ')}`,
      evidence: [...new Set(group.slice(0, MOST).flatMap((one) => [...(one.facts ?? []), ...factsOf(one.endpoint)]))],
    };
  });
}

const MOST = 5;

/** What Prometheus says of the target, and what a direct request saw. */
export function factsOf({ target, page, error, id, state }: Endpoint): string[] {
  return [
    target === null
      ? `Prometheus has no target of ${id}`
      : `Prometheus' target ${target.scrapeUrl} (job ${target.scrapePool}): ${state === 'up' ? 'up' : `down, ${error || 'no error'}`}`,
    ...(page === null ? [] : [describePage(page)]),
  ];
}

export function describePage(page: PageEvidence): string {
  const { url, outcome, durationMs, bytes, status, error, connected, answers } = page;
  const after = `after ${Math.round(durationMs)} ms`;
  const seen: Record<PageEvidence['outcome'], string> = {
    ok: `a page of ${bytes} bytes, ${after}`,
    status: `status ${status}, ${after}`,
    unparsable: `a page of ${bytes} bytes that is none: ${error}`,
    'cut-off': `the connection ended after ${bytes} bytes: ${error}`,
    refused: `refused: ${error}`,
    timeout: `${connected ? 'connected, but' : 'no connection, and'} ${bytes} bytes ${after}: ${error}${answers ? '; /ready is answered meanwhile' : ''}`,
    'not-http': `an answer that is no HTTP: ${error}`,
    'tls-failed': `no TLS handshake: ${error}`,
    failed: error,
  };
  return `${url}, fetched directly: ${seen[outcome]}`;
}
