import type { CauseId } from '../../../../causes/ids.ts';
import type { AccessOutcome, DiscoveryAccess, Evidence, ScrapeJob } from '../../../../evidence/types.ts';
import { type Context, contextOf, listed, takes } from '../../context/index.ts';
import type { ProxyPod } from '../../context/proxies.ts';
import type { Ask, Finding, Rule } from '../../types.ts';
import { accountIn, remedyFor } from './access-remedies.ts';
import { complaintsOf, failuresOf } from './complaints.ts';

/**
 * Whether Prometheus gets to know the pods at all. Without that every pod lacks its target; what is wrong with a pod besides is
 * for other rules, from the pod itself.
 */
export const ACCESS_TO_THE_API: Rule = {
  causes: ['rbac-denied', 'rbac-some-namespaces', 'token-expired', 'api-ca-untrusted'],
  needs: ['question:access', 'prometheus log', 'prometheus_sd_kubernetes_failures_total', 'targets', 'pods'],
  diagnose({ evidence }, ask) {
    const context = contextOf(evidence);
    if (context.proxyJobs.length === 0 || context.proxies.length === 0) return [];
    const access = accessOf(ask);
    const complaints = complaintsOf(evidence.prometheus.log);
    const failures = failuresOf(evidence);
    const missing = missingAltogether(context);
    const corroborated = complaints.size > 0 || failures > 0 || missing.length > 0;
    // Asked as somebody else, the API may say no to what Prometheus is not asking.
    if (access !== null && access.everywhere !== 'unreachable' && (access.how === 'own credentials' || corroborated)) {
      const found = byAccess(context, access);
      if (found.length > 0 || access.how === 'own credentials') return found;
    }
    return missing.length > 0 ? byComplaints(context, missing, complaints, failures) : [];
  },
};

function accessOf(ask: Ask): DiscoveryAccess | null {
  const answer = ask({ ask: 'access' });
  return answer?.to === 'access' ? answer.access : null;
}

/** Proxies that jobs would take if they knew them, where these jobs have no proxy at all. */
function missingAltogether(context: Context): ProxyPod[] {
  const jobs = context.proxyJobs.filter((job) =>
    context.evidence.prometheus.active.every((target) => target.scrapePool !== job.name),
  );
  if (jobs.length < context.proxyJobs.length) return [];
  return context.proxies.filter((proxy) => jobs.some((job) => takes(context, job, proxy)));
}

const DENIED: Partial<Record<AccessOutcome, CauseId>> = {
  forbidden: 'rbac-denied',
  unauthorized: 'token-expired',
  untrusted: 'api-ca-untrusted',
};

function byAccess(context: Context, access: DiscoveryAccess): Finding[] {
  const cause = DENIED[access.everywhere];
  if (cause === undefined) return [];
  if (cause !== 'rbac-denied') return [finding(context, cause, context.proxies, access)];
  const denied = context.proxies.filter((proxy) => !context.proxyJobs.some((job) => mayFind(access, job, proxy)));
  const somewhere = Object.values(access.namespaces).includes('allowed');
  if (denied.length === 0) return [];
  return [finding(context, somewhere ? 'rbac-some-namespaces' : 'rbac-denied', denied, access)];
}

/** A job without namespaces asks for all pods at once: rights in some namespaces are none for that. */
function mayFind({ everywhere, namespaces }: DiscoveryAccess, job: ScrapeJob, { namespace }: ProxyPod): boolean {
  return job.kubernetes.some((sd) => {
    if (sd.role !== 'pod') return false;
    if (sd.namespaces === null) return everywhere === 'allowed';
    return sd.namespaces.includes(namespace) && (everywhere === 'allowed' || namespaces[namespace] === 'allowed');
  });
}

function finding(context: Context, cause: CauseId, concerned: readonly ProxyPod[], access: DiscoveryAccess): Finding {
  const { evidence } = context;
  const allowed = Object.keys(access.namespaces).filter((name) => access.namespaces[name] === 'allowed');
  const user = access.user || 'Prometheus';
  const what: Partial<Record<CauseId, string>> = {
    'rbac-denied': `${user} may not list pods`,
    'rbac-some-namespaces': `${user} may list pods in ${listed(allowed)} only, and not everywhere`,
    'token-expired': `The Kubernetes API does not accept the token of ${user}`,
    'api-ca-untrusted': `The Kubernetes API's certificate does not chain to the CA that Prometheus has`,
  };
  const account = accountIn(access.user);
  const remedy = account ? remedyFor(cause, account, evidence.cluster.pods, allowed) : undefined;
  return {
    causes: [cause],
    pods: concerned.map(({ id }) => id),
    subject: '',
    summary: `${what[cause]}, so it can't know of ${concerned.length} proxies.`,
    evidence: [
      `Listing pods as ${user} (${access.how}): ${access.everywhere}${access.message ? `, ${access.message}` : ''}`,
      ...(cause === 'rbac-some-namespaces' ? namespaceFacts(context, access) : []),
      ...symptoms(evidence, context),
    ],
    ...(remedy && { remedy }),
  };
}

function namespaceFacts({ proxyJobs }: Context, { namespaces }: DiscoveryAccess): string[] {
  const by = (outcome: AccessOutcome) => Object.keys(namespaces).filter((name) => namespaces[name] === outcome);
  const everywhere = proxyJobs.filter((job) =>
    job.kubernetes.some((sd) => sd.role === 'pod' && sd.namespaces === null),
  );
  return [
    `Namespaces: allowed in ${listed(by('allowed'), 10) || 'none'}, forbidden in ${listed(by('forbidden'), 10) || 'none'}`,
    ...everywhere.map(
      (job) => `Job ${job.name} discovers pods of all namespaces with one request, which is refused as a whole`,
    ),
  ];
}

function symptoms(evidence: Evidence, { proxyJobs }: Context): string[] {
  const failures = failuresOf(evidence);
  const complaint = [...complaintsOf(evidence.prometheus.log).values()].at(-1);
  const found = proxyJobs.map((job) => {
    const count = evidence.prometheus.active.filter((target) => target.scrapePool === job.name).length;
    return `Prometheus has ${count} active targets of job ${job.name}`;
  });
  return [
    ...found,
    ...(failures > 0 ? [`Prometheus: prometheus_sd_kubernetes_failures_total is ${failures}`] : []),
    ...(complaint === undefined ? [] : [`Prometheus' log: ${complaint}`]),
  ];
}

/** Where nobody can be asked: what Prometheus says of its own requests. */
function byComplaints(
  context: Context,
  missing: readonly ProxyPod[],
  complaints: ReadonlyMap<CauseId, string>,
  failures: number,
): Finding[] {
  if (complaints.size === 0 && failures === 0) return [];
  const causes = [...complaints.keys()];
  // The newest says what the matter is now.
  const [cause] = causes.slice(-1);
  const undecided = ['rbac-denied', 'token-expired', 'api-ca-untrusted'] as const;
  // Only what is forbidden is forbidden to somebody by name.
  const account = accountIn((cause !== undefined && complaints.get(cause)) || '');
  const remedy = account && cause ? remedyFor(cause, account, context.evidence.cluster.pods) : undefined;
  return [
    {
      causes: cause === undefined ? undecided : [cause],
      pods: (cause === undefined ? missing : context.proxies).map(({ id }) => id),
      subject: '',
      summary: `Prometheus can't list pods, and has no target of ${missing.length} proxies.`,
      evidence: symptoms(context.evidence, context),
      ...(remedy && { remedy }),
    },
  ];
}
