import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { RunningEnvironment } from '../../environment/contract.ts';
import { collectSchema } from './collect.ts';

const POOL = 'linkerd-proxy';
const ANSWERS: Record<string, unknown> = {
  '/api/v1/targets?state=any': {
    activeTargets: [
      {
        scrapePool: POOL,
        labels: { job: POOL, instance: '10.0.0.1:4191', pod: 'web-1' },
        discoveredLabels: {
          __meta_kubernetes_pod_container_name: 'linkerd-proxy',
          __meta_kubernetes_pod_container_init: 'true',
        },
        ...{ scrapeUrl: '', health: 'up', lastError: '', lastScrape: '', lastScrapeDuration: 0 },
      },
    ],
    droppedTargets: [
      {
        scrapePool: 'linkerd-controller',
        discoveredLabels: {
          __meta_kubernetes_namespace: 'linkerd',
          __meta_kubernetes_pod_container_name: 'identity',
          __meta_kubernetes_pod_container_port_name: 'ident-admin',
        },
      },
    ],
  },
  '/api/v1/status/config': {
    yaml: 'scrape_configs:\n- job_name: linkerd-controller\n  relabel_configs:\n  - {source_labels: [a, b], regex: x, action: keep}\n  - {target_label: c, action: replace}\n',
  },
};

async function prometheus() {
  const server = createServer((request, response) => {
    response.end(JSON.stringify({ status: 'success', data: ANSWERS[request.url ?? ''] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, [Symbol.dispose]: () => void server.close() };
}

const page = (namespace: string, text: string) => ({ namespace, pod: 'p', instance: 'i', fromMs: 0, untilMs: 0, text });

/** Of the reads, one after the other. */
function environment(url: string, reads: Awaited<ReturnType<RunningEnvironment['readProxyPages']>>[]) {
  let next = 0;
  return {
    prometheusUrl: url,
    topology: { controlPlaneNamespace: 'linkerd', trustDomain: '', workloads: [], pods: [], services: [] },
    readProxyPages: async () => reads[Math.min(next++, reads.length - 1)]!,
  } as unknown as RunningEnvironment;
}

const SCENARIO = { name: 'small', services: [] } as never;

describe('the schema of a running mesh', () => {
  it("has the app's proxies, the targets with what stands behind them, the rules and the admin ports", async () => {
    using server = await prometheus();
    const pages = [page('shop', 'a_total{x="1"} 1\n'), page('linkerd', 'of_the_control_plane 1\n')];
    const schema = await collectSchema(environment(server.url, [{ pages, unread: [] }]), SCENARIO);
    expect(schema.families.map(({ name }) => name)).toEqual(['a_total']);
    expect(schema).toMatchObject({
      scenario: 'small',
      targets: [{ job: POOL, of: 'proxies', up: 1, down: 0, native: 1, labels: ['instance', 'job', 'pod'] }],
      rules: { 'linkerd-controller': ['keep a;b =~ x'] },
      adminPorts: { identity: 'ident-admin' },
    });
  });

  it('is of every proxy: one whose page could not be read at once is asked again', async () => {
    using server = await prometheus();
    const unread = [{ namespace: 'shop', pod: 'web-2', instance: 'i', error: 'timeout' }];
    const [one, both] = [[page('shop', 'a_total 1\n')], [page('shop', 'a_total 1\n'), page('shop', 'b_total 1\n')]];
    const env = environment(server.url, [
      { pages: one, unread },
      { pages: both, unread: [] },
    ]);
    expect((await collectSchema(env, SCENARIO)).families).toHaveLength(2);
  });
});
