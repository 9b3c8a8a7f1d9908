import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stringify, parse as yaml } from 'yaml';
import { projectFile } from '../../core/project.ts';
import { DEFAULT_KIND_OPTIONS } from '../../environment/contract.ts';
import { PrometheusClient } from '../../prometheus/client.ts';
import type { Result } from '../../result/types.ts';
import { runScenarios } from '../../run.ts';
import { parseScenario } from '../../scenario/load.ts';
import { readQueries } from '../../upgrade/queries/index.ts';
import { sampleText } from '../../upgrade/queries/resolve.ts';
import { passing } from '../testing/expect-passed.ts';
import { tempDir } from '../testing/tools.ts';

const RULES = ['golden-metrics', 'slo', 'observation'].map((name) =>
  projectFile(`dashboards/prometheus/${name}.rules.yaml`),
);
const DASHBOARD = projectFile('dashboards/grafana/truth-beside-observation.json');

/** web calls cart, of which one answer in five is a failure; Prometheus evaluates the rules that ship. */
function failing() {
  const groups = RULES.flatMap((file) => yaml(readFileSync(file, 'utf8')).groups);
  const scenario = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: kept, description: "The load generator calls web, web calls cart, which fails at times." }
namespace: shop
seed: 1
mesh: { scrapeInterval: 2s }
services:
  - { name: web, latency: 1ms, calls: [{ service: cart, path: /items }] }
  - { name: cart, replicas: 2, routes: [{ path: /items, latency: 4ms, errors: [{ status: 503, rate: 20% }] }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 20/s, duration: 8s, maxVUs: 100 }
`;
  return { ...parseScenario(scenario, 'kept.yaml'), rules: stringify({ groups }) };
}

test('a run that is kept shows the truth beside what Prometheus has', async () => {
  const { looked } = await passing(keptOnce, ({ result }) => result.scenarios);
  expect(looked).toBe(true);
}, 240_000);

/** Looks only at what has passed. */
async function keptOnce(): Promise<{ result: Result; looked: boolean }> {
  await using dir = await tempDir();
  const stop = new AbortController();
  const kept = Promise.withResolvers<{ verdict: string; url: string }>();
  const run = runScenarios([failing()], {
    environment: 'local',
    kind: DEFAULT_KIND_OPTIONS,
    outDir: dir.path,
    keep: true,
    parallel: 1,
    tools: {},
    signal: stop.signal,
    progress: {
      event() {},
      scenarioDone() {},
      note(line) {
        const [, verdict, url] = line.match(/ (\w+); kept: Prometheus (\S+)/) ?? [];
        if (verdict && url) kept.resolve({ verdict, url });
      },
    },
  });
  let looked = false;
  try {
    // The run ends without having been kept when something went wrong.
    const { verdict, url } = await Promise.race([
      kept.promise,
      run.then((result) => Promise.reject(new Error(JSON.stringify(result, null, 1)))),
    ]);
    if (verdict === 'pass') await look(url, stop.signal);
    looked = verdict === 'pass';
  } finally {
    stop.abort();
  }
  return { result: await run, looked };
}

async function look(url: string, signal: AbortSignal): Promise<void> {
  const client = new PrometheusClient(url);
  const now = () => Date.now();
  const [end] = await client.query('max(max_over_time(timestamp(meshproof_truth_requests_total)[5m:1s]))', now());
  expect(end!.v).toBeGreaterThan(0);
  const [lastAnswer] = await client.query(
    // The last moment at which an answer came.
    'max(max_over_time((timestamp(meshproof_truth_responses_total) and changes(meshproof_truth_responses_total[1s]) > 0)[5m:500ms]))',
    now(),
  );
  const atMs = lastAnswer!.v * 1000;

  // Counter by counter, status by status: the run passed, so nothing is off.
  const labels = 'namespace, deployment, dst_namespace, dst_deployment, status_code, classification';
  const observed = `sum by (${labels}) (response_total{direction="outbound", dst_namespace!=""})`;
  const truth = `sum by (${labels}) (meshproof_truth_responses_total)`;
  const compared = await client.query(`${observed} == ${truth}`, now());
  const pairs = compared.map(({ labels: of }) => `${of.deployment} ${of.dst_deployment} ${of.status_code}`);
  expect(pairs).toEqual(expect.arrayContaining(['web cart 200', 'web cart 503']));
  expect(
    await client.query(
      `(${observed} != ${truth}) or (${observed} unless ${truth}) or (${truth} unless ${observed})`,
      now(),
    ),
  ).toEqual([]);

  // Every panel has something to show.
  const { queries, problems } = await readQueries({ dashboards: [DASHBOARD], signal });
  expect(problems).toEqual([]);
  expect(queries.length).toBeGreaterThan(15);
  for (const query of queries) {
    const answer = await client.query(sampleText(query), atMs);
    expect(answer.filter(({ v }) => Number.isFinite(v)).length, `${query.place}: ${sampleText(query)}`).toBeGreaterThan(
      0,
    );
  }

  // So has every recording rule that needs no hours.
  for (const record of recorded()) {
    const answer = await client.query(record, atMs);
    expect(answer.filter(({ v }) => Number.isFinite(v)).length, record).toBeGreaterThan(0);
  }
  const [success] = await client.query('workload:success:ratio_rate1m{deployment="cart"}', atMs);
  expect(success!.v).toBeGreaterThan(0.5);
  expect(success!.v).toBeLessThan(1);
  expect(await client.query('ALERTS{alertname=~"Mesh.*"}', atMs)).toEqual([]);
}

function recorded(): string[] {
  return RULES.flatMap((file) => yaml(readFileSync(file, 'utf8')).groups as { rules: { record?: string }[] }[]).flatMap(
    ({ rules }) => rules.flatMap(({ record }) => record ?? []),
  );
}
