import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ResolvedTool } from '../core/tool.ts';
import { waitFor } from '../core/wait.ts';
import type { ScenarioContext } from '../environment/contract.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { prometheus2OrSkip } from '../prometheus/testing/prometheus-2.ts';
import type { ScenarioResult } from '../result/types.ts';
import { parseScenario } from '../scenario/load.ts';
import type { Scenario } from '../scenario/model.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { passing } from './testing/expect-passed.ts';
import { tempDir } from './testing/tools.ts';

const two = await prometheus2OrSkip();

const WORLD = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: older, description: A small world. }
namespace: shop
seed: 11
mesh: { scrapeInterval: 2s }
services:
  - name: web
    calls: [{ service: cart }]
  - { name: cart, replicas: 2, labels: { tier: back } }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 10/s, duration: 6s, maxVUs: 60 }
`;
/** Three of the control plane, one that loads, three of the scenario. */
const PROXIES = 7;
const RULES = 'groups: [{ name: a, rules: [{ record: "proxies:up", expr: "sum(up{job=\\"linkerd-proxy\\"})" }] }]\n';

interface World {
  /** Values of label `le` of the proxies' latencies. */
  bounds: string[];
  /** What was recorded last by the scenario's rule. */
  recorded: number[];
  /** Jobs and labels of the targets, `instance` aside. */
  targets: string[];
  /** Each with whether truth, pages and Prometheus have the same count: how often k6 asks is up to the machine. */
  flows: string[];
  verdict: string;
  diagnoses: unknown;
  notes: string[];
}

/** A world that passes. */
async function world(change: Partial<Scenario> = {}, prometheus?: ResolvedTool): Promise<World> {
  const { seen } = await passing(
    () => worldOnce(change, prometheus),
    ({ result }) => [result],
  );
  return seen;
}

async function worldOnce(
  change: Partial<Scenario>,
  prometheus?: ResolvedTool,
): Promise<{ seen: World; result: ScenarioResult }> {
  await using dir = await tempDir();
  const notes: string[] = [];
  const quiet = quietContext(dir.path);
  const context: ScenarioContext = {
    ...quiet,
    tool: async (name) => (name === 'prometheus' && prometheus ? prometheus : quiet.tool(name)),
    note: (line) => notes.push(line),
  };
  await using session = await openLocal(context);
  const seen: Pick<World, 'bounds' | 'recorded' | 'targets'> = { bounds: [], recorded: [], targets: [] };
  const result = await runScenario(
    { ...parseScenario(WORLD, 'older.yaml'), ...change },
    {
      ...{ session, context },
      linger: async ({ prometheusUrl }) => {
        const client = new PrometheusClient(prometheusUrl);
        const buckets = await client.query('group by (le) (response_latency_ms_bucket)', Date.now());
        seen.bounds = buckets
          .flatMap(({ labels: { le } }) => (le === '+Inf' ? [] : le!))
          .sort((a, b) => Number(a) - Number(b));
        if (change.rules !== undefined) seen.recorded = await recorded(client);
        const targets = (await client.targets()).active.map(({ scrapePool, labels: { instance: _, ...labels } }) =>
          [scrapePool, ...Object.entries(labels).map(([name, value]) => `${name}=${value}`)].sort().join(' '),
        );
        seen.targets = targets.sort();
      },
    },
  );
  if (result.error) throw Object.assign(new Error(result.error.message), { code: result.error.code });
  const config = await readFile(join(dir.path, 'config', 'prometheus.yml'), 'utf8');
  expect(config.includes('rule_files')).toBe(change.rules !== undefined);
  const flows = result.flows.map(
    ({ source, destination, direction, status, truth, proxy, prometheus: stored }) =>
      `${source} ${destination} ${direction} ${status} ${truth === proxy && proxy === stored ? 'exact' : `${truth} ${proxy} ${stored}`}`,
  );
  const { verdict, diagnoses } = result;
  return { seen: { ...seen, flows, verdict, diagnoses, notes }, result };
}

/** Once all proxies are up in it: a scrape that timed out is followed by one that did not. */
function recorded(client: PrometheusClient): Promise<number[]> {
  return waitFor(
    async (look) => {
      const values = (await client.query('proxies:up', Date.now())).map(({ v }) => v);
      look(values);
      return values[0] === PROXIES ? values : undefined;
    },
    { what: `${PROXIES} proxies in what the rule records`, deadlineMs: 15_000, hint: '' },
  );
}

describe('a world', { timeout: 240_000 }, () => {
  it.skipIf(two === null)('under Prometheus 2 is the same as under 3, but for the bounds of buckets', async () => {
    const older = await world({ rules: RULES }, two!);
    const newer = await world({ rules: RULES });
    expect(older).toMatchObject({ verdict: 'pass', diagnoses: [], recorded: [PROXIES] });
    expect(older.flows).toHaveLength(4);
    for (const flow of older.flows) expect(flow).toMatch(/ exact$/);
    expect(older.bounds.slice(0, 4)).toEqual(['1', '2', '3', '4']);
    expect(newer.bounds.slice(0, 4)).toEqual(['1.0', '2.0', '3.0', '4.0']);
    expect(older.bounds.map(Number)).toEqual(newer.bounds.map(Number));
    // Debian builds it without discovery in Kubernetes: what HTTP discovery finds in its place is the same.
    if (two!.source !== 'given') expect(older.notes.join()).toMatch(/without discovery in Kubernetes/);
    expect(older.targets).toEqual(newer.targets);
    expect(newer.targets.join('\n')).toContain('job=kubernetes-nodes-cadvisor');
    const { bounds: _, notes: __, ...others } = older;
    expect(newer).toMatchObject(others);
  });

  it('does not come up with rules that Prometheus refuses, and says why', async () => {
    await expect(world({ rules: RULES.replace('sum(', 'sum((') })).rejects.toMatchObject({
      code: 'RULES_REFUSED',
      message: expect.stringMatching(/scenario_rules\.yml: .*rule 1, "proxies:up": could not parse expression/),
    });
  });
});
