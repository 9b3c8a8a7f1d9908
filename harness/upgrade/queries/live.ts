import { HarnessError } from '../../core/errors.ts';
import { abortable } from '../../core/wait.ts';
import { listAll, openReadOnly, saidBy } from '../../environment/kubernetes/evidence-source/read-only.ts';
import type { PrometheusAccess } from '../../prometheus/access.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import type { Found } from './found.ts';
import { problemOf } from './problem.ts';
import { readGroups } from './rules.ts';
import { isRecord } from './yaml.ts';

export interface PrometheusInput {
  url: string;
  access?: PrometheusAccess;
}

export interface ClusterInput {
  kubeconfig: string;
  /** null: the current one of the file. */
  context?: string | null;
}

const DEADLINE_MS = 20_000;
const PROMETHEUS_RULE = { apiVersion: 'monitoring.coreos.com/v1', kind: 'PrometheusRule' };

const ELSEWHERE = 'its rules are elsewhere: give them with --rules, or ask its Prometheus with --from-prometheus';
const WHOLE = { whole: true };

interface RawRule {
  name?: string;
  query?: string;
  type?: string;
  labels?: Record<string, string>;
}

/** The rules that a running Prometheus has. One that does not answer is a problem. */
export async function readPrometheus(input: PrometheusInput, found: Found, signal: AbortSignal): Promise<void> {
  let client: PrometheusClient | null = null;
  const shown = input.url.replace(/\/\/[^/@]*@/, '//');
  try {
    client = new PrometheusClient(input.url, { deadlineMs: DEADLINE_MS, access: input.access, method: 'GET' });
    const data = (await abortable(client.read('/api/v1/rules'), signal)) as {
      groups?: { name: string; file?: string; rules?: RawRule[] }[];
    } | null;
    const groups = data?.groups ?? [];
    if (groups.every(({ rules = [] }) => rules.length === 0)) {
      found.problem(shown, 'NO_RULES', 'it has no rules', 'name the Prometheus that evaluates them', WHOLE);
    }
    for (const group of groups) {
      const recording = (rule: RawRule) => rule.type === 'recording';
      // Read as if they stood in a file: what Prometheus has is right in itself.
      const rules = (group.rules ?? []).map((rule) => ({
        [recording(rule) ? 'record' : 'alert']: rule.name,
        expr: rule.query,
        labels: rule.labels,
      }));
      const value = { groups: [{ name: group.name, rules }] };
      readGroups({ document: { value, lineOf: () => 0 }, value, path: [] }, () => client!.url, found);
    }
  } catch (error) {
    signal.throwIfAborted();
    const known = problemOf(shown, error, 'PROMETHEUS_UNREACHABLE', 'check its URL');
    const refused = known.code === 'PROMETHEUS_ERROR';
    found.problems.push(refused ? { ...known, hint: `check its URL, and the credentials; ${known.hint}` } : known);
  } finally {
    await client?.close();
  }
}

/** PrometheusRule objects of a cluster, which is read and not changed. Without their definition there is a problem and no rule. */
export async function readCluster(input: ClusterInput, found: Found, signal: AbortSignal): Promise<void> {
  const place = input.context ? `cluster ${input.context}` : `cluster of ${input.kubeconfig}`;
  let close = () => {};
  try {
    const transport = await openReadOnly(input);
    close = () => transport.close();
    const objects = await listAll(transport, PROMETHEUS_RULE, { signal });
    if (objects.length === 0) {
      found.problem(place, 'NO_RULES', 'it has no PrometheusRule objects', ELSEWHERE, WHOLE);
    }
    for (const object of objects) {
      const { namespace, name } = object.metadata;
      const value = isRecord(object.spec) ? object.spec : {};
      const where = `PrometheusRule ${namespace}/${name}`;
      readGroups({ document: { value, lineOf: () => 0 }, value, path: [] }, () => where, found);
    }
  } catch (error) {
    signal.throwIfAborted();
    found.problems.push(clusterProblem(place, error));
  } finally {
    close();
  }
}

function clusterProblem(place: string, error: unknown) {
  const known = problemOf(place, error, 'CLUSTER_UNREACHABLE', 'check the kubeconfig and its context');
  if (!(error instanceof HarnessError) || error.code !== 'KIND_UNKNOWN') return { ...known, message: saidBy(error) };
  return {
    ...known,
    code: 'NO_PROMETHEUS_RULES',
    message: 'the cluster does not know PrometheusRule objects',
    hint: ELSEWHERE,
  };
}
