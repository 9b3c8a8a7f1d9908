import { EXIT, HarnessError } from '../core/errors.ts';
import type { Evidence } from '../evidence/types.ts';
import { podOfTarget } from '../verdict/diagnose/context/targets.ts';
import type { DoctorReport } from './types.ts';

type Limited = Pick<DoctorReport, 'findings' | 'proxies' | 'rules'>;

/** What concerns pods of these namespaces, or no pod more than another. Empty: everything. */
export function limitTo(namespaces: readonly string[], report: Limited): Limited {
  if (namespaces.length === 0) return report;
  const isIn = (pod: string) => namespaces.includes(pod.split('/')[0]!);
  const findings = report.findings.flatMap((finding) => {
    const pods = finding.pods.filter(isIn);
    return finding.pods.length > 0 && pods.length === 0 ? [] : [{ ...finding, pods }];
  });
  return { ...report, findings, proxies: report.proxies.filter(({ pod }) => isIn(pod)) };
}

/** The evidence without pods, pages, targets and policies of other namespaces: for counting, not for rules. */
export function evidenceIn(namespaces: readonly string[], evidence: Evidence): Evidence {
  if (namespaces.length === 0) return evidence;
  const isIn = (namespace = '') => namespaces.includes(namespace);
  const { cluster, prometheus, pages } = evidence;
  const inside = <T extends { metadata: { namespace?: string } }>(objects: T[] | null) =>
    objects?.filter(({ metadata }) => isIn(metadata.namespace)) ?? null;
  return {
    ...evidence,
    cluster: { ...cluster, pods: inside(cluster.pods), policies: inside(cluster.policies) },
    prometheus: {
      ...prometheus,
      active: prometheus.active.filter(({ discoveredLabels }) => isIn(podOfTarget(discoveredLabels)?.split('/')[0])),
    },
    pages: pages.filter(({ namespace }) => isIn(namespace)),
  };
}

const SHOWN = 20;

/**
 * Makes sure that the cluster has these namespaces, as far as it tells.
 * @throws HarnessError UNKNOWN_NAMESPACE: a report on nothing would look like good news
 */
export function checkNamespaces(wanted: readonly string[], { cluster }: Pick<Evidence, 'cluster'>): void {
  if (cluster.namespaces === null) return;
  const known = cluster.namespaces.map(({ metadata }) => metadata.name).sort();
  const missing = wanted.find((name) => !known.includes(name));
  if (missing === undefined) return;
  const more = known.length > SHOWN ? `, and ${known.length - SHOWN} more` : '';
  throw new HarnessError('UNKNOWN_NAMESPACE', `the cluster has no namespace "${missing}"`, {
    hint: `it has ${known.slice(0, SHOWN).join(', ')}${more}`,
    exitCode: EXIT.invalidInput,
  });
}
