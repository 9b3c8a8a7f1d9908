import { describe } from '../core/errors.ts';
import type { PodObject } from '../environment/kubernetes/contract.ts';
import { KubeEvidence } from '../environment/kubernetes/evidence-source/index.ts';
import { listAll, openReadOnly } from '../environment/kubernetes/evidence-source/read-only.ts';
import { answering } from '../evidence/answer.ts';
import { collectEvidence } from '../evidence/collect.ts';
import type { Answer, DiscoveryAccess, Evidence, Question } from '../evidence/types.ts';
import type { PrometheusAccess } from '../prometheus/access.ts';
import type { PrometheusClient } from '../prometheus/client.ts';
import { diagnosesOf } from '../run/diagnosis.ts';
import { diagnoseAsking } from '../verdict/diagnose/engine.ts';
import { checksOf } from './checks.ts';
import { type ConnectedPrometheus, prometheusAt, prometheusIn } from './connect.ts';
import { costOf } from './cost.ts';
import { proxyReports } from './proxies.ts';
import { remembering } from './remembering.ts';
import { ruleReports } from './rules.ts';
import { checkNamespaces, evidenceIn, limitTo } from './scope.ts';
import type { DoctorReport, RuleReport } from './types.ts';
import { verdictOf } from './verdict.ts';
import { versionsOf } from './versions.ts';

export interface DoctorOptions {
  kubeconfig: string;
  /** null: the current one of the kubeconfig. */
  context: string | null;
  /** null: linkerd-viz's, in the cluster. */
  prometheus: { url: string; access: PrometheusAccess } | null;
  /** Pods of these alone are reported on. Empty: all. */
  namespaces: readonly string[];
  signal?: AbortSignal;
  /** Told what is being read. */
  progress?: (what: string) => void;
}

/** A cluster may be far away, and large. */
const DEADLINES = { deadlineMs: 20_000, pageDeadlineMs: 5000 };
const PAGES_AT_ONCE = 20;

/**
 * Looks at a cluster and its Prometheus, and changes nothing: every request is a GET, and stands in the report.
 * @throws HarnessError KUBECONFIG_BAD; CLUSTER_UNREACHABLE, CLUSTER_REFUSED; PROMETHEUS_NOT_FOUND, PROMETHEUS_UNREACHABLE,
 * PROMETHEUS_ERROR, BAD_PROMETHEUS_ACCESS, UNKNOWN_NAMESPACE
 */
export async function examine(options: DoctorOptions): Promise<DoctorReport> {
  const { progress = () => {}, signal } = options;
  await using stack = new AsyncDisposableStack();
  const transport = await openReadOnly(options);
  stack.defer(() => transport.close());
  const stop = () => transport.close();
  signal?.addEventListener('abort', stop);
  stack.defer(() => signal?.removeEventListener('abort', stop));
  progress('the API server');
  const version = (await transport.send('GET', '/version', { signal })) as { gitVersion?: string };
  const pods = await listAll<PodObject>(transport, { apiVersion: 'v1', kind: 'Pod' }, { signal });
  progress('Prometheus');
  const prometheus: ConnectedPrometheus = options.prometheus
    ? await prometheusAt(options.prometheus.url, options.prometheus.access, transport, pods)
    : await prometheusIn(pods, transport, stack);
  stack.defer(() => prometheus.client.close());
  const source = remembering(new KubeEvidence(transport, { prometheus: prometheus.pod, pods }), pods);
  progress('targets, pods and the pages of proxies');
  const evidence = await collectEvidence(source, prometheus.client, {
    ...DEADLINES,
    pagesAtOnce: PAGES_AT_ONCE,
    ...(prometheus.pod?.metadata.namespace && { ownNamespace: prometheus.pod.metadata.namespace }),
  });
  signal?.throwIfAborted();
  checkNamespaces(options.namespaces, evidence);
  progress('what the rules ask');
  const answer = rememberingAnswers(answering(source, prometheus.client, evidence, DEADLINES));
  const { findings } = await diagnoseAsking({ evidence, run: null }, answer);
  const access = accessOf(await answer({ ask: 'access' }));
  progress('alerts and recording rules');
  const rules = await readRules(prometheus.client, evidence, answer);
  signal?.throwIfAborted();

  const kubernetes = version.gitVersion ?? '';
  const proxies = proxyReports(evidence);
  const versions = versionsOf(evidence, proxies, { kubernetes, prometheus: prometheus.pod });
  const inScope = evidenceIn(options.namespaces, evidence);
  const unread = [...evidence.unread, ...(typeof rules === 'string' ? [{ what: 'rules', why: rules }] : [])];
  const report = limitTo(options.namespaces, {
    findings: diagnosesOf(findings, evidence.controlPlaneNamespace),
    proxies,
    rules: typeof rules === 'string' ? [] : rules,
  });
  return {
    apiVersion: 'meshproof/v1',
    kind: 'DoctorReport',
    at: new Date(evidence.atMs).toISOString(),
    ...verdictOf({ ...report, evidence, unread }),
    cluster: { context: transport.credentials.context, server: transport.server, kubernetes },
    prometheus: { where: prometheus.where, version: versions.prometheus },
    namespaces: [...options.namespaces],
    ...report,
    checks: checksOf({ whole: evidence, evidence: inScope, access, proxies: report.proxies, versions, rules }),
    versions,
    cost: costOf(inScope),
    unread,
    read: transport.account.entries(),
  };
}

async function readRules(
  client: PrometheusClient,
  evidence: Evidence,
  answer: (question: Question) => Promise<Answer>,
): Promise<RuleReport[] | string> {
  try {
    return await ruleReports(client, evidence, answer);
  } catch (error) {
    return describe(error);
  }
}

function accessOf(answer: Answer): DiscoveryAccess | string {
  if (answer.to === 'access') return answer.access;
  return answer.to === 'error' ? answer.message : 'it was not answered';
}

/** Asks each question once. */
function rememberingAnswers(answer: (question: Question) => Promise<Answer>): (question: Question) => Promise<Answer> {
  const known = new Map<string, Promise<Answer>>();
  return (question) => {
    const key = JSON.stringify(question);
    const answered = known.get(key) ?? answer(question);
    known.set(key, answered);
    return answered;
  };
}
