import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_KIND_OPTIONS } from '../environment/contract.ts';
import { prometheus2OrSkip } from '../prometheus/testing/prometheus-2.ts';
import type { UpgradeResult } from '../result/upgrade/types.ts';
import { sayOnceMore } from '../run/testing/expect-passed.ts';
import { tempDir } from '../run/testing/tools.ts';
import { upgrade } from './index.ts';
import { smallScenario } from './testing/worlds.ts';

/** Says why it is skipped where there is no Prometheus 2. */
const two = await prometheus2OrSkip();

const BUCKETS = 'response_latency_ms_bucket{direction="inbound"';
const COUNT = 'sum(rate(response_latency_ms_count{direction="inbound"}[30s]))';

const RULES = `groups:
  - name: latency
    rules:
      - record: workload:request_rate
        expr: sum by (deployment) (rate(request_total{direction="inbound"}[30s]))
      - alert: NoRequests
        expr: workload:request_rate == 0
      - alert: FastAnswersFew
        expr: sum(rate(${BUCKETS}, le="1000"}[30s])) / ${COUNT} < 0.2
      - alert: FastAnswersFewEitherWay
        expr: sum(rate(${BUCKETS}, le=~"1000([.]0)?"}[30s])) / ${COUNT} < 0.2
      - alert: TrendUp
        expr: holt_winters(request_total{direction="inbound"}[30s], 0.5, 0.5) > 1e9
      - alert: Quoted
        expr: '{"request_total", direction="inbound"} > 1e9'
`;

/** Once more where a run has no verdict: it says that the machine was too slow. */
async function tried(): Promise<UpgradeResult> {
  const first = await triedOnce();
  const slow = first.scenarios.flatMap(({ runs }) => runs).filter(({ verdict }) => verdict === 'inconclusive');
  if (slow.length === 0) return first;
  sayOnceMore(slow.flatMap(({ reasons }) => reasons.map(({ code, message }) => `${code}: ${message}`)));
  return triedOnce();
}

async function triedOnce(): Promise<UpgradeResult> {
  await using dir = await tempDir();
  const rules = join(dir.path, 'rules.yaml');
  await writeFile(rules, RULES);
  const runDir = join(dir.path, 'run');
  await mkdir(runDir);
  const nothing = () => {};
  return await upgrade({
    ...{ scenarios: [smallScenario('2.20')], linkerd: null, prometheus: { from: two!.path, to: null } },
    ...{ queries: { rules: [rules], dashboards: [] }, repeat: 1, environment: 'local', kind: DEFAULT_KIND_OPTIONS },
    ...{ runDir, parallel: 1, tools: {}, maxLatencyIncrease: null, signal: new AbortController().signal },
    progress: { event: nothing, runDone: nothing, note: nothing },
  });
}

it.runIf(two !== null)('from Prometheus 2 to 3 says which rules break, and why', { timeout: 240_000 }, async () => {
  const { decision, prometheus, linkerd, scenarios, queries, problems, reasons } = await tried();
  expect(linkerd).toBeNull();
  expect(prometheus).toMatchObject({
    fromFound: expect.stringContaining(two!.version),
    toFound: expect.stringMatching(/^3\./),
  });
  // Nothing is rolled out.
  expect(scenarios.map(({ runs }) => runs.map(({ phase, verdict }) => [phase, verdict]))).toEqual([
    [
      ['before', 'pass'],
      ['after', 'pass'],
    ],
  ]);
  const SAME = [expect.stringMatching(/^same/), false, ''];
  expect(queries.map(({ outcome, broken, reason }) => [outcome, broken, reason])).toEqual([
    SAME,
    SAME,
    ['now-empty', true, expect.stringMatching(/`le`.* since Prometheus 3/)],
    SAME,
    ['error', true, expect.stringMatching(/holt_winters.* since Prometheus 3/)],
    ['error', false, expect.stringMatching(/^only the Prometheus before refuses it: .*unexpected string/)],
  ]);
  expect(queries[2]!.rewrite).toMatchObject({ expr: expect.stringContaining('le="1000.0"'), checked: 'same' });
  // Our grammar is that of Prometheus 3.
  expect(problems.map(({ code, place }) => [code, /alert (\w+)/.exec(place)![1]])).toEqual([
    ['PROMQL_SYNTAX', 'TrendUp'],
  ]);
  expect(decision).toBe('no-go');
  const blocking = reasons.filter(({ weight }) => weight === 'blocks');
  expect(blocking.map(({ about }) => about)).toEqual(['query', 'query']);
  expect(reasons.map(({ text }) => text)).toContain(
    'Linkerd stays as it is, so nothing was rolled out: there is no phase "during"',
  );
});
