import type { Evidence } from '../evidence/types.ts';
import { contextOf } from '../verdict/diagnose/context/index.ts';
import { proxyRuns } from '../verdict/diagnose/context/proxies.ts';
import { isScraped } from './proxies.ts';
import { isWrong } from './rules.ts';
import type { DoctorReport } from './types.ts';

/** Without these nobody can say that all is well. */
const ESSENTIAL = new Set(['pods', 'targets', 'configuration of Prometheus']);

/**
 * What a report comes to. Healthy is only what is known to be: every proxy that runs is scraped, nothing was found, and
 * nothing that matters was left unread.
 */
export function verdictOf(
  report: Pick<DoctorReport, 'findings' | 'proxies' | 'rules' | 'unread'> & { evidence: Evidence },
): Pick<DoctorReport, 'verdict' | 'undecided'> {
  const { findings, proxies, rules, unread, evidence } = report;
  const undecided = unread.filter(({ what }) => ESSENTIAL.has(what)).map(({ what, why }) => `${what}: ${why}`);
  if (evidence.cluster.pods !== null && proxies.length === 0) undecided.push('no pod has a proxy');
  const running = new Set(
    contextOf(evidence)
      .proxies.filter((proxy) => proxyRuns(proxy) !== false && proxy.adminAddress)
      .map(({ id }) => id),
  );
  const explained = new Set(findings.flatMap(({ pods }) => pods));
  const ofAll = findings.some(({ pods }) => pods.length === 0);
  for (const proxy of proxies) {
    if (isScraped(proxy) || !running.has(proxy.pod) || explained.has(proxy.pod) || ofAll) continue;
    const error = proxy.scrapes.find((scrape) => scrape.error)?.error;
    undecided.push(`${proxy.pod} is not scraped, and no rule says why${error ? `: ${error}` : ''}`);
  }
  const found = findings.length > 0 || rules.some(isWrong);
  return { verdict: found ? 'findings' : undecided.length > 0 ? 'undecided' : 'healthy', undecided };
}
