import type { QueryInputs } from '../types.ts';
import { readDashboardFile } from './dashboards.ts';
import { type InputFile, readInputs } from './files.ts';
import { Found } from './found.ts';
import { type ClusterInput, type PrometheusInput, readCluster, readPrometheus } from './live.ts';
import { readRuleFile } from './rules.ts';

export { type AskOptions, askQueries, startsOf } from './ask.ts';
export { type Comparison, compareAnswers } from './compare.ts';
export type { ClusterInput, PrometheusInput } from './live.ts';
export { recordingRules } from './recording.ts';
export { withoutRefused } from './refused.ts';

export interface QuerySources {
  /** Files and folders of rules: Prometheus' rule files, PrometheusRule manifests. */
  rules?: readonly string[];
  /** Files and folders of Grafana's dashboards. */
  dashboards?: readonly string[];
  /** A running Prometheus, asked for its rules. */
  prometheus?: PrometheusInput;
  /** A cluster, asked for its PrometheusRule objects. */
  cluster?: ClusterInput;
  signal: AbortSignal;
}

/**
 * Everything that the user wants to know about: rules and dashboards of files, a running Prometheus and a cluster. What can't be
 * used becomes a problem with its place, and the rest goes on; it rejects only when the signal aborts. An expression that does not
 * parse is a problem and stays among the queries: Prometheus may know better, and its answer is an error of its own.
 */
export async function readQueries(sources: QuerySources): Promise<QueryInputs> {
  const { signal } = sources;
  const found = new Found();
  const rules = await readInputs(sources.rules ?? [], ['.yaml', '.yml', '.rules']);
  readAll(rules, readRuleFile, { code: 'NO_RULES', message: 'there is no rule in any of its files' }, found);
  const dashboards = await readInputs(sources.dashboards ?? [], ['.json', '.yaml', '.yml']);
  const noDashboard = { code: 'NOT_A_DASHBOARD', message: 'there is no dashboard in any of its files' };
  readAll(dashboards, readDashboardFile, noDashboard, found);
  if (sources.prometheus) await readPrometheus(sources.prometheus, found, signal);
  if (sources.cluster) await readCluster(sources.cluster, found, signal);
  signal.throwIfAborted();
  return { queries: found.queries, problems: found.problems };
}

/** Files of a folder that are of no use are passed over; when all of them are, the folder is the wrong one. */
function readAll(
  { files, problems }: Awaited<ReturnType<typeof readInputs>>,
  read: (file: InputFile, found: Found) => void,
  none: { code: string; message: string },
  found: Found,
): void {
  found.problems.push(...problems);
  const folders = new Map<string, number>();
  for (const file of files) {
    const before = found.queries.length + found.problems.length;
    read(file, found);
    const more = found.queries.length + found.problems.length - before;
    if (file.folder !== undefined) folders.set(file.folder, (folders.get(file.folder) ?? 0) + more);
  }
  for (const [folder, yielded] of folders) {
    const troubled = problems.some(({ place }) => place.startsWith(folder));
    if (yielded === 0 && !troubled) {
      found.problem(folder, none.code, none.message, 'name the right folder', { whole: true });
    }
  }
}
