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
