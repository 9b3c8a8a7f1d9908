import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { epochMs } from '../core/clock.ts';
import { waitFor } from '../core/wait.ts';
import type { EnvironmentSession, RunningEnvironment } from '../environment/contract.ts';
import { testKubeconfig } from '../environment/kind/testing/kubeconfig.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { quietContext } from '../run/testing/context.ts';
import { openKind } from '../run/testing/kind.ts';
import { parseScenario } from '../scenario/load.ts';
import { examine } from './index.ts';
import type { DoctorReport } from './types.ts';

const dir = await mkdtemp(join(tmpdir(), 'meshproof-doctor-'));
afterAll(() => rm(dir, { recursive: true, force: true }));
const kubeconfig = testKubeconfig();
const mesh = process.env.MESHPROOF_TEST_MESH === 'linkerd' ? 'linkerd' : 'simulated';

/** A world of three pods; nobody sends anything: the doctor looks at what is there. */
function world(name: string, faults: string[]): string {
  return `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: doctor-${name}, description: What a doctor may look at. }
namespace: clinic
seed: 1
mesh: { scrapeInterval: 1s }
services:
  - { name: web, latency: 1ms, routes: [{ path: /, calls: [{ service: cart }] }] }
  - { name: cart, replicas: 2, latency: 1ms }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 1/s, duration: 1s }
${faults.length > 0 ? `faults:\n${faults.map((fault) => `  - { ${fault} }\n`).join('')}` : ''}`;
}

let session: EnvironmentSession;
beforeAll(async () => {
  session = await openKind({ mesh }, quietContext(join(dir, 'session')));
}, 600_000);
afterAll(() => session?.[Symbol.asyncDispose](), 240_000);

/** The report on a world, when Prometheus has tried each of its targets. */
async function reportOn(name: string, faults: string[]): Promise<{ report: DoctorReport; env: RunningEnvironment }> {
  const scenario = parseScenario(world(name, faults), `${name}.yaml`);
  await using env = await session.start(scenario, quietContext(join(dir, name)));
  const client = new PrometheusClient(env.prometheusUrl);
  // Few scrapes that fail are nothing to go by.
  await waitFor(
    async (seen) => {
      const [active, tried] = await Promise.all([
        client.targets().then((targets) => targets.active.length),
        client.query('count_over_time(up[5m]) >= 4', epochMs()),
      ]);
      seen(`${tried.length} of ${active} targets tried four times`);
      return tried.length === active || undefined;
    },
    { what: 'four scrapes of each target', deadlineMs: 60_000, hint: '' },
  );
  const report = await examine({ kubeconfig, context: null, prometheus: null, namespaces: [] });
  return { report, env };
}

const named = ({ findings }: DoctorReport) => findings.map(({ causes, pods }) => ({ causes, pods }));
const podsOf = ({ topology }: RunningEnvironment, workload: string, replica?: number) =>
  topology.pods
    .filter((pod) => pod.workload === workload && (replica === undefined || pod.replica === replica))
    .map(({ namespace, name }) => `${namespace}/${name}`)
    .sort();

describe(`doctor on a cluster, ${mesh}`, () => {
  it('finds nothing where nothing is wrong, and says what it read', async () => {
    const { report, env } = await reportOn('healthy', []);
    expect(named(report)).toEqual([]);
    expect(report).toMatchObject({ verdict: 'healthy', undecided: [] });
    const looked = Object.fromEntries(report.checks.map(({ name, ok }) => [name, ok]));
    expect(looked).toMatchObject({
      access: true,
      scrapes: true,
      ports: true,
      policies: true,
      TLS: true,
      clock: true,
      versions: true,
      rules: true,
    });
    const scraped = report.proxies.filter(({ controlPlane }) => !controlPlane);
    expect(scraped.map(({ pod }) => pod)).toEqual(expect.arrayContaining(podsOf(env, 'clinic/cart')));
    for (const proxy of report.proxies) {
      expect(proxy).toMatchObject({ page: 'ok', scrapes: [{ job: 'linkerd-proxy', up: true }] });
      expect(proxy.series).toBeGreaterThan(50);
    }
    expect(report.cost.families[0]!.series).toBeGreaterThan(0);
    expect(report.read.length).toBeGreaterThan(10);
    expect(new Set(report.read.map(({ method }) => method))).toEqual(new Set(['GET']));
  }, 240_000);

  it('RBAC', async () => {
    const { report, env } = await reportOn('rbac', ['type: rbac-denied']);
    expect(named(report)).toEqual([{ causes: ['rbac-denied'], pods: expect.any(Array) }]);
    expect(report.findings[0]!.pods).toEqual(expect.arrayContaining(podsOf(env, 'clinic/cart')));
    expect(report).toMatchObject({
      verdict: 'findings',
      checks: expect.arrayContaining([expect.objectContaining({ name: 'access', ok: false })]),
    });
  }, 240_000);

  it.for([
    ['a pod that is not injected', 'not-injected', 'pod-not-injected', 'service: cart, replica: 1', 1],
    [
      'an admin port that is called otherwise',
      'admin-port-renamed',
      'admin-port-renamed',
      'service: cart, replica: 0, name: metrics',
      0,
    ],
    ['packets that are dropped', 'admin-dropped', 'admin-port-dropped', 'service: cart, replica: 1', 1],
    ['connections that are refused', 'admin-refused', 'admin-port-refused', 'service: cart, replica: 0', 0],
  ] as const)('%s', { timeout: 240_000 }, async ([, type, cause, params, replica], ctx) => {
    if (mesh === 'linkerd' && type === 'admin-port-renamed')
      ctx.skip("Linkerd's injector gives the port no other name");
    const { report, env } = await reportOn(type, [`type: ${type}, ${params}`]);
    expect(named(report)).toEqual([{ causes: [cause], pods: podsOf(env, 'clinic/cart', replica) }]);
    expect(report.verdict).toBe('findings');
  });
});
