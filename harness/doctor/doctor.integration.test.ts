import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { epochMs } from '../core/clock.ts';
import { waitFor } from '../core/wait.ts';
import type { EnvironmentSession, RunningEnvironment } from '../environment/contract.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import { openLocal, quietContext } from '../run/testing/context.ts';
import { tempDir } from '../run/testing/tools.ts';
import { parseScenario } from '../scenario/load.ts';
import { examine } from './index.ts';
import { renderDoctor } from './render.ts';
import { type Recorded, RecordingApi, recordingProxy } from './testing/recording-api.ts';
import type { DoctorReport } from './types.ts';

const dir = await tempDir();
let session: EnvironmentSession;
beforeAll(async () => {
  session = await openLocal(quietContext(dir.path));
});
afterAll(async () => {
  await session?.[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

const world = (name: string, faults: string) => `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: ${name}, description: What a doctor may look at. }
namespace: clinic
seed: 1
mesh: { scrapeInterval: 2s }
services:
  - { name: web, latency: 1ms, routes: [{ path: /, calls: [{ service: cart }] }] }
  - { name: cart, replicas: 2, latency: 1ms }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 1/s, duration: 1s }
${faults && `faults: [{ ${faults} }]\n`}`;

interface Examined {
  report: DoctorReport;
  env: RunningEnvironment;
  /** What arrived at the API server and at Prometheus. */
  asked: Recorded[];
}

async function examined(name: string, faults = '', namespaces: string[] = []): Promise<Examined> {
  // A few scrapes that fail are nothing to go by; where none does, two say as much.
  const scrapes = faults ? 4 : 2;
  const context = quietContext(join(dir.path, name));
  await using env = await session.start(parseScenario(world(name, faults), `${name}.yaml`), context);
  const client = new PrometheusClient(env.prometheusUrl);
  await waitFor(
    async () => {
      const { active } = await client.targets();
      const tried = await client.query(`count_over_time(up[5m]) >= ${scrapes}`, epochMs());
      return tried.length === active.length || undefined;
    },
    { what: `${scrapes} scrapes of each target`, deadlineMs: 40_000, hint: '' },
  );
  const config = parse(await readFile(join(context.dir, 'config', 'prometheus.yml'), 'utf8')) as {
    scrape_configs: { kubernetes_sd_configs?: { api_server?: string }[] }[];
  };
  const [server] = config.scrape_configs.flatMap((job) => job.kubernetes_sd_configs ?? []);
  const { active } = await client.targets();
  await using api = await RecordingApi.start({
    api: server!.api_server!,
    meshDir: join(context.dir, 'mesh'),
    addressOf: (pod) =>
      env.topology.pods.find((one) => one.name === pod)?.instance ??
      active.find((target) => target.scrapePool === 'linkerd-proxy' && target.labels.pod === pod)?.labels.instance,
  });
  await using prometheus = await recordingProxy(env.prometheusUrl);
  const report = await examine({
    ...{ kubeconfig: api.kubeconfig, context: null, namespaces },
    prometheus: { url: prometheus.url, access: {} },
  });
  const ofPrometheus = prometheus.asked.map((one) => ({ ...one, path: prometheus.url + one.path }));
  return { report, env, asked: [...api.asked, ...ofPrometheus] };
}

const podOf = ({ topology }: RunningEnvironment, replica: number) =>
  topology.pods
    .filter((pod) => pod.workload === 'clinic/cart' && pod.replica === replica)
    .map(({ namespace, name }) => `${namespace}/${name}`);

describe('a mesh in which nothing is wrong', () => {
  let healthy: Examined;
  beforeAll(async () => {
    healthy = await examined('healthy');
  }, 120_000);

  it('is found healthy', () => {
    const { report, env } = healthy;
    expect(report).toMatchObject({ findings: [], undecided: [], verdict: 'healthy' });
    const ours = report.proxies.filter(({ pod }) => pod.startsWith('clinic/'));
    expect(ours.map(({ pod }) => pod)).toEqual(expect.arrayContaining([...podOf(env, 0), ...podOf(env, 1)]));
    for (const proxy of report.proxies) {
      expect(proxy).toMatchObject({ page: 'ok', version: env.info.mesh.proxyVersion });
      expect(proxy.scrapes).toMatchObject([
        { job: 'linkerd-proxy', up: true, labels: { pod: proxy.pod.split('/')[1] } },
      ]);
    }
    expect(report.versions.proxies).toEqual({ [env.info.mesh.proxyVersion]: report.proxies.length });
  });

  it('is read and not changed: nothing but GET arrives', () => {
    expect(healthy.asked.length).toBeGreaterThan(20);
    expect([...new Set(healthy.asked.map(({ method }) => method))]).toEqual(['GET']);
  });

  it('gets an account of exactly what arrived', () => {
    const { report, asked } = healthy;
    const arrived = Map.groupBy(asked, ({ method, path, as }) => `${method} ${path} ${as}`);
    const told = Map.groupBy(report.read, ({ method, path, as }) => `${method} ${path} ${as}`);
    const counts = [...told].map(([key, entries]) => [key, entries.reduce((sum, { count }) => sum + count, 0)]);
    expect(Object.fromEntries(counts)).toEqual(Object.fromEntries([...arrived].map(([key, all]) => [key, all.length])));
  });

  it('costs what its pages have', () => {
    const { cost, proxies } = healthy.report;
    expect(cost.series).toBe(proxies.reduce((sum, { series }) => sum + series!, 0));
    expect(cost.bytes).toBe(proxies.reduce((sum, { bytes }) => sum + bytes!, 0));
    expect(cost.headSeries).toBeGreaterThan(cost.series);
    const [first, second] = cost.families;
    expect(first!.series).toBeGreaterThanOrEqual(second!.series);
  });

  it('is told to people: what was found, looked at, and read', () => {
    const text = renderDoctor(healthy.report, { color: false, width: 100 });
    expect(text).toMatch(/^meshproof doctor: cluster recorded /);
    expect(text).toMatch(/ok scrapes +\d+ of \d+ proxies are scraped, by job linkerd-proxy/);
    expect(text).toMatch(/What was read: \d+ requests, GET alone/);
    expect(text.trimEnd().split('\n').at(-1)).toMatch(/^HEALTHY: /);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

describe('a mesh in which something is wrong', () => {
  it('finds a port that is called otherwise', async () => {
    const { report, env } = await examined(
      'renamed',
      'type: admin-port-renamed, service: cart, replica: 1, name: metrics',
    );
    expect(report.findings).toMatchObject([{ causes: ['admin-port-renamed'], pods: podOf(env, 1) }]);
    expect(report.verdict).toBe('findings');
    expect(report.checks.find(({ name }) => name === 'ports')).toMatchObject({ ok: false });
    expect(report.proxies.find(({ pod }) => pod === podOf(env, 1)[0])).toMatchObject({ scrapes: [], page: 'ok' });
    const text = renderDoctor(report, { color: false, width: 100 });
    expect(text).toContain('(admin-port-renamed)');
    expect(text).toContain(`pods      ${podOf(env, 1)[0]}`);
    expect(text).toMatch(/remedy {4}\S/);
  }, 120_000);

  it('finds connections that are refused, and keeps to the namespaces that it is told', async () => {
    const refused = 'type: admin-refused, service: cart, replica: 0';
    const { report, env } = await examined('refused', refused);
    expect(report.findings).toMatchObject([{ causes: ['admin-port-refused'], pods: podOf(env, 0) }]);
    const elsewhere = await examined('elsewhere', refused, ['linkerd']);
    expect(elsewhere.report).toMatchObject({ findings: [], verdict: 'healthy', namespaces: ['linkerd'] });
    expect(new Set(elsewhere.report.proxies.map(({ pod }) => pod.split('/')[0]))).toEqual(new Set(['linkerd']));
  }, 180_000);
});
