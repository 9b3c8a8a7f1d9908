import type { CauseId } from '../../../../causes/ids.ts';
import type { Evidence } from '../../../../evidence/types.ts';

/** What Prometheus logs when a list or watch of pods fails: `Failed to watch ... err="failed to list *v1.Pod: ..."`. */
const COMPLAINTS: readonly { pattern: RegExp; cause: CauseId }[] = [
  { pattern: /pods is forbidden|cannot (?:list|watch) resource \\?"pods\\?"/, cause: 'rbac-denied' },
  {
    pattern: /\*v1\.Pod: (?:the server has asked for the client to provide credentials|Unauthorized)|\bUnauthorized\b/,
    cause: 'token-expired',
  },
  {
    pattern: /x509: (?:certificate signed by unknown authority|.*not trusted)|unknown authority/,
    cause: 'api-ca-untrusted',
  },
];
const OF_DISCOVERY = /\bv1\.Pod\b|\bpods\b/;

/** The last line of each kind, the newest kind last. Empty where the log can't be read. */
export function complaintsOf(log: readonly string[] | null): Map<CauseId, string> {
  const found = new Map<CauseId, string>();
  for (const line of log ?? []) {
    if (!OF_DISCOVERY.test(line)) continue;
    const complaint = COMPLAINTS.find(({ pattern }) => pattern.test(line));
    if (complaint === undefined) continue;
    found.delete(complaint.cause);
    found.set(complaint.cause, line.trim().slice(0, 400));
  }
  return found;
}

/** How many requests of discovery have failed since Prometheus started. */
export function failuresOf({ prometheus }: Evidence): number {
  return prometheus.own
    .filter(({ name }) => name === 'prometheus_sd_kubernetes_failures_total')
    .reduce((sum, { value }) => sum + value, 0);
}
