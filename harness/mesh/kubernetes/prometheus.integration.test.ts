import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { waitFor } from '../../core/wait.ts';
import { lastStoredScrapes, readPrometheusLedger } from '../../ledger/prometheus.ts';
import { readProxyLedger } from '../../ledger/proxy.ts';
import type { LedgerSeries, MetricLedger } from '../../ledger/types.ts';
import { quote } from '../../prometheus/promql.ts';
import { misleadingQueries } from '../../prometheus/queries.ts';
import { IdentityAuthority } from '../identity/authority.ts';
import { serviceAccountUser } from './rbac.ts';
import { AdminServer, type Cluster, startCluster } from './testing/cluster.ts';

/** A page like a proxy's, whose counters move with each scrape; it restarts at the fourth. */
function movingPage(): () => string {
  let scrapes = 0;
  return () => {
    scrapes += 1;
    const restarted = scrapes >= 4;
    const n = restarted ? scrapes - 3 : scrapes * 5;
    const labels = 'direction="inbound",target_addr="10.0.0.1:8080",tls="true",app="not-the-pod-label"';
    return [
      '# HELP request_total Total count of HTTP requests.',
      '# TYPE request_total counter',
      `request_total{${labels}} ${n}`,
      '# TYPE response_latency_ms histogram',
      ...['1', '50000', '+Inf'].map((le) => `response_latency_ms_bucket{${labels},status_code="200",le="${le}"} ${n}`),
      `response_latency_ms_count{${labels},status_code="200"} ${n}`,
      `response_latency_ms_sum{${labels},status_code="200"} ${n * 7}`,
      // A series that comes and goes.
      ...(scrapes % 2 ? [`response_total{${labels},grpc_status="",error=""} ${n}`] : []),
      '# TYPE outbound_http_route_backend_response_duration_seconds histogram',
      '# UNIT outbound_http_route_backend_response_duration_seconds seconds',
      'outbound_http_route_backend_response_duration_seconds_sum{route="a\\\\b\\"c\\nd"} 0.000046870000000000006',
      ...['0.05', '1.0', '10.0', '1048576.0', '0.00001', '+Inf'].map(
        (le) => `outbound_http_route_backend_response_duration_seconds_bucket{le="${le}",route="x"} ${n}`,
      ),
      'control_ignored_total{a="b"} 1',
      '# TYPE process_start_time_seconds gauge',
      `process_start_time_seconds ${restarted ? 1700000100.5 : 1700000000.25}`,
      '# EOF',
      '',
    ].join('\n');
  };
}

/** One server stands for the component's own admin port and for its proxy's. */
const controlPlanePod = (admin: AdminServer) =>
  admin.pod({
    namespace: 'linkerd',
    name: 'destination-1',
    deployment: 'linkerd-destination',
    labels: {},
    app: null,
    component: 'destination',
    componentPorts: [
      { container: 'destination', portName: 'dest-admin', address: { host: admin.ip, port: admin.port } },
    ],
  });

const until = (what: string, probe: () => Promise<boolean> | boolean) =>
  waitFor(async () => ((await probe()) ? true : undefined), { what, deadlineMs: 20_000, everyMs: 50, hint: '' });

const proxyTargets = async (cluster: Cluster) => {
  const { active } = await cluster.prometheus.client.targets();
  return active.filter((target) => target.scrapePool === 'linkerd-proxy');
};

/** Series by name and labels; `app` is a label of target and proxy at once, so it must have come back. */
function seriesAt(ledger: MetricLedger, target: number, t: number): Record<string, number> {
  const key = (series: LedgerSeries) =>
    `${series.name}${JSON.stringify(Object.entries(series.labels).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
  return Object.fromEntries(
    ledger.series
      .filter((series) => series.target === target)
      .flatMap((series) => series.samples.filter((sample) => sample.t === t).map((s) => [key(series), s.v] as const))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

describe('Prometheus discovers through the simulated API', () => {
  it('finds each pod, keeps its labels, and stores what its page said, sample by sample', {
    timeout: 60_000,
  }, async () => {
    await using web = await AdminServer.start(movingPage());
    await using cart = await AdminServer.start(movingPage());
    const pods = [
      web.pod({ name: 'web-1', labels: { app: 'web', version: 'v1', 'app.kubernetes.io/name': 'web' } }),
      cart.pod({ name: 'cart-1', deployment: 'cart', labels: { app: 'cart' } }),
    ];
    await using destination = await AdminServer.start(() => '# TYPE go_threads gauge\ngo_threads 7\n');
    pods.push(controlPlanePod(destination));
    await using cluster = await startCluster({ pods });
    const { client } = cluster.prometheus;
    const fromMs = epochMs();
    await until('seven scrapes of each', () => [web, cart, destination].every(({ served }) => served.length >= 7));

    const targets = await proxyTargets(cluster);
    expect(targets.find((target) => target.labels.pod === 'web-1')?.labels).toEqual({
      job: 'linkerd-proxy',
      instance: `${web.ip}:${web.port}`,
      namespace: 'shop',
      pod: 'web-1',
      deployment: 'web',
      control_plane_ns: 'linkerd',
      workload_ns: 'shop',
      pod_template_hash: '664f644f88',
      app: 'web',
      version: 'v1',
      app_kubernetes_io_name: 'web',
    });
    expect(targets).toHaveLength(3);
    // A native sidecar is an init container to discovery.
    expect(new Set(targets.map((t) => t.discoveredLabels.__meta_kubernetes_pod_container_init))).toEqual(
      new Set(['true']),
    );
    const up = [
      'kubernetes-nodes-cadvisor up',
      'linkerd-controller up destination',
      ...['linkerd-proxy up', 'linkerd-proxy up', 'linkerd-proxy up'],
      'prometheus up',
    ];
    await until('all are up', async () => {
      const { active } = await client.targets();
      const lines = active.map((t) => `${t.scrapePool} ${t.health} ${t.labels.component ?? ''}`.trim());
      return isDeepStrictEqual(lines.sort(), up);
    });
    const ofDestination = targets.find((target) => target.labels.namespace === 'linkerd');
    expect(ofDestination?.labels).toMatchObject({
      deployment: 'linkerd-destination',
      control_plane_component: 'destination',
    });
    expect((await client.targets()).dropped.length).toBeGreaterThan(0);
    expect((await client.buildInfo()).version).toBeTypeOf('string');

    // Up to here every scrape can be read.
    const stored = await lastStoredScrapes(client, epochMs());
    const untilMs = Math.min(...stored.values());
    const storedByThen = await lastStoredScrapes(client, untilMs);
    // While a machine's clock is being set right, its processes differ; by less than half of the interval.
    const ledger = await readPrometheusLedger(client, { fromMs, untilMs, clockMarginMs: 250 });
    expect(ledger.targets.map((target) => target.pod).sort()).toEqual(['cart-1', 'destination-1', 'web-1']);
    for (const [index, target] of ledger.targets.entries()) {
      if (target.namespace === 'linkerd') continue;
      const admin = target.pod === 'web-1' ? web : cart;
      expect(target).toMatchObject({ job: 'linkerd-proxy', namespace: 'shop', instance: `${admin.ip}:${admin.port}` });
      expect(target.scrapes.at(-1)!.t).toBe(storedByThen.get(`shop/${target.pod}`));
      // One may come too late on a busy machine.
      const scrapes = target.scrapes.filter((scrape) => scrape.ok);
      expect(scrapes.length).toBeGreaterThanOrEqual(5);
      const read = admin.served.map(({ t, page }) => {
        const at = { namespace: 'shop', pod: target.pod, instance: target.instance, fromMs: 1, untilMs: 2 };
        const said = readProxyLedger([{ ...at, text: page }]);
        return { t, startTime: said.targets[0]!.scrapes[0]!.startTime, series: seriesAt(said, 0, 1) };
      });
      const matched = scrapes.map((scrape) => {
        const stored = { startTime: scrape.startTime, series: seriesAt(ledger, index, scrape.t) };
        expect(Object.keys(stored.series).length).toBeGreaterThan(12);
        // By what it says, not by when it was served: each page is another.
        const pages = read.filter(({ startTime, series }) => isDeepStrictEqual(stored, { startTime, series }));
        expect(pages, JSON.stringify(stored)).toHaveLength(1);
        const { t } = pages[0]!;
        expect([scrape.fromMs <= t, t <= scrape.untilMs]).toEqual([true, true]);
        return read.indexOf(pages[0]!);
      });
      // In the order in which they were served, none twice.
      expect(matched).toEqual([...new Set(matched)].sort((a, b) => a - b));
      expect(new Set(scrapes.map((scrape) => scrape.startTime)).size).toBe(2);
    }
    expect(ledger.series.find((s) => s.name === 'request_total')?.labels.app).toBe('not-the-pod-label');
    // Both incarnations in one series, as Prometheus has it.
    expect(ledger.series.filter((s) => s.name === 'request_total')).toHaveLength(2);
    expect(ledger.series.some((s) => s.name === 'control_ignored_total')).toBe(false);

    // What is compared above after normalising is what Prometheus itself stored.
    const lastReadMs = ledger.targets.find((target) => target.pod === 'web-1')!.scrapes.findLast(({ ok }) => ok)!.t;
    const les = (await client.query('{__name__=~".*_bucket",job="linkerd-proxy",pod="web-1"}', lastReadMs)).map(
      (s) => s.labels.le,
    );
    expect(new Set(les)).toEqual(new Set(['1.0', '50000.0', '+Inf', '0.05', '10.0', '1.048576e+06', '1e-05']));
    expect(ledger.series.map((s) => s.labels.le).filter((le) => le !== undefined)).toEqual(expect.arrayContaining(les));

    expect(await client.queryScalar('count(up{job="linkerd-proxy"})', epochMs())).toBe(3);
    await expect(client.queryScalar('up{job="none"}', epochMs())).rejects.toMatchObject({ code: 'NO_SAMPLE' });
    await expect(client.queryScalar('up{job="linkerd-proxy"}', epochMs())).rejects.toMatchObject({ count: 3 });
    const odd = 'a"b\\c\nd\re\0f{}\u00e9\u2028';
    const [echo] = await client.query(`label_replace(vector(1), "echo", ${quote(odd)}, "", "")`, epochMs());
    expect(echo?.labels).toEqual({ echo: odd });
    for (const { expr } of misleadingQueries({ namespace: 'shop', deployment: 'web' }, 5000)) {
      await expect(client.query(expr, epochMs()), expr).resolves.toBeInstanceOf(Array);
    }
    await expect(client.query('sum(', epochMs())).rejects.toThrow(
      'bad_data: invalid parameter "query": 1:5: parse error',
    );
  });

  it('lets go of deleted pods, and comes back after cut watches and a forgotten history', {
    timeout: 60_000,
  }, async () => {
    await using web = await AdminServer.start(movingPage());
    await using cart = await AdminServer.start(movingPage());
    const pods = [web.pod({ name: 'web-1' }), cart.pod({ name: 'cart-1', deployment: 'cart' })];
    await using cluster = await startCluster({ pods });
    const names = async () => (await proxyTargets(cluster)).map((target) => target.labels.pod).sort();
    await until('both pods', async () => (await names()).length === 2);

    const cart1 = cluster.api.getPod('shop', 'cart-1')!;
    cluster.api.deletePod('shop', 'cart-1');
    await until('one pod', async () => (await names()).join() === 'web-1');

    const open = cluster.api.openWatches;
    cluster.api.dropWatches();
    cluster.api.upsertPod(cart1);
    await until('both pods after the cut', async () => (await names()).length === 2);
    // The jobs' watches come back one by one; the targets need only the first.
    await until('as many watches as before', async () => cluster.api.openWatches === open);

    // Asleep while the pod goes and history is forgotten, it must list anew to notice.
    cluster.audit.length = 0;
    cluster.api.deletePod('shop', 'cart-1');
    cluster.api.compact();
    cluster.api.dropWatches();
    await until('one pod after 410', async () => (await names()).join() === 'web-1');

    cluster.api.setPodStatus('shop', 'web-1', { phase: 'Succeeded' });
    await until('no pod once it has succeeded', async () => (await names()).length === 0);
    cluster.prometheus.check();
  });
});

describe('Prometheus is kept out', () => {
  const wrongRole = [
    {
      role: 'nodes-only',
      users: [serviceAccountUser('linkerd-viz', 'prometheus')],
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list', 'watch'] }],
    },
  ];
  const stranger = new IdentityAuthority({ trustDomain: 'other.local', controlPlaneNamespace: 'linkerd' });
  it.each([
    [
      'by a wrong role',
      { rules: wrongRole },
      403,
      /pods is forbidden: User \\+"system:serviceaccount:linkerd-viz:prometheus\\+" cannot (?:list|watch) resource/,
    ],
    ['by a wrong token', { token: 'stolen' }, 401, /Unauthorized/],
    ['by a CA that did not sign', { caPem: stranger.anchorPem }, null, /certificate signed by unknown authority/],
  ])('%s', { timeout: 60_000 }, async (_how, options, code, message) => {
    await using web = await AdminServer.start(movingPage());
    await using cluster = await startCluster({ pods: [web.pod({ name: 'web-1' })], ...options });
    const log = () => readFileSync(cluster.prometheus.child.logFile, 'utf8');
    await until('an error in its log', () => message.test(log()));
    expect(await proxyTargets(cluster)).toEqual([]);
    expect(web.served).toEqual([]);
    const podRequests = cluster.audit.filter((entry) => entry.path.includes('/pods'));
    if (code === null) expect(podRequests).toEqual([]);
    else expect(new Set(podRequests.map((entry) => entry.code))).toEqual(new Set([code]));
  });
});
