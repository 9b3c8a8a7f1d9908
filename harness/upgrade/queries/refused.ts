import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { ResolvedTool } from '../../core/tool.ts';
import { RULES_FILE, refusedRules } from '../../prometheus/rule-file.ts';
import { LIFECYCLE_ARG, type PrometheusServer, startPrometheus } from '../../prometheus/server.ts';
import type { Query, QueryInputs } from '../types.ts';
import { problem } from './problem.ts';
import { recordingRules } from './recording.ts';

/** Never due while rules are looked at. */
const INTERVAL_MS = 86_400_000;
/** What Prometheus says of one refused reload; of the one before nothing is among it. */
const LOG_LINES = 3;

export interface RefusedOptions {
  /** A Prometheus of each side; rules are recorded on both. */
  tools: readonly ResolvedTool[];
  /** Made, and gone afterwards. */
  dir: string;
  listen: { host: string; port: number };
  signal: AbortSignal;
}

/**
 * The inputs without the recording rules that a Prometheus would not load: for one of them it refuses the whole file, and with it
 * every run. Our grammar knows no types and no regular expressions, so Prometheus itself is asked, before anything is run. A rule that
 * is refused becomes a problem at its place and stays a query that records nothing: its answer is an error of its own.
 * @throws HarnessError what `startPrometheus` throws
 */
export async function withoutRefused(inputs: QueryInputs, options: RefusedOptions): Promise<QueryInputs> {
  const refusals = new Map<Query, { version: string; words: string }>();
  const tools = new Map(options.tools.map((tool) => [tool.path, tool]));
  for (const tool of tools.values()) {
    const open = inputs.queries.filter((query) => !refusals.has(query));
    for (const [query, words] of await refusedBy(tool, open, options)) {
      refusals.set(query, { version: tool.version, words });
    }
  }
  const problems = [...refusals].map(([{ place }, { version, words }]) =>
    problem(
      place,
      'RULE_REFUSED',
      `Prometheus ${version} refuses this recording rule: ${words}`,
      'it refuses the whole file with it; in the runs it is not recorded, so what builds on it finds nothing',
    ),
  );
  return {
    queries: inputs.queries.map((query) => (refusals.has(query) ? { ...query, records: '' } : query)),
    problems: [...inputs.problems, ...problems],
  };
}

/** Which rules a Prometheus refuses, with its own words. It starts empty and scrapes nothing. */
async function refusedBy(
  tool: ResolvedTool,
  queries: readonly Query[],
  { dir, listen, signal }: RefusedOptions,
): Promise<Map<Query, string>> {
  const refused = new Map<Query, string>();
  if (recordingRules(queries, INTERVAL_MS) === null) return refused;
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(dir, { recursive: true, force: true }));
  await mkdir(dir, { recursive: true });
  const [configFile, rulesFile] = [join(dir, 'prometheus.yml'), join(dir, RULES_FILE)];
  await writeFile(configFile, `rule_files: [${RULES_FILE}]\n`);
  const places = { dataDir: join(dir, 'data'), logFile: join(dir, 'prometheus.log') };
  const server = stack.use(
    await startPrometheus({ ...{ tool, configFile, listen, ...places, signal }, args: [LIFECYCLE_ARG] }),
  );
  const words = async (those: readonly Query[]): Promise<string | null> => {
    signal.throwIfAborted();
    const rules = recordingRules(those, INTERVAL_MS);
    if (rules === null) return null;
    await writeFile(rulesFile, rules);
    return refusalOf(server);
  };
  // Most often there is nothing wrong with any, and once is enough.
  if ((await words(queries)) === null) return refused;
  for (const query of queries) {
    const its = await words([query]);
    if (its !== null) refused.set(query, its);
  }
  return refused;
}

/** What the server says against the rules that it is to take over; null: nothing. */
async function refusalOf(server: PrometheusServer): Promise<string | null> {
  try {
    await server.reload();
    return null;
  } catch (error) {
    server.check();
    if (!(error instanceof HarnessError)) throw error;
    const [said] = refusedRules(server.child.tail(LOG_LINES)).slice(-1);
    return (said ?? error.message).replace(/^.*?: group "[^"]*", rule \d+, "(?:\\.|[^"\\])*": /, '');
  }
}
