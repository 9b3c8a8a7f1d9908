import { describe, expect, test } from 'vitest';
import type { Answer, Question } from '../../../../evidence/types.ts';
import type { MatrixSeries } from '../../../../prometheus/client.ts';
import { Rng } from '../../../testing/rng.ts';
import { diagnoseMesh, named, TestMesh } from '../../testing/index.ts';
import type { RunFacts } from '../../types.ts';
import { PROXY_RULES } from './index.ts';
import {
  addToPage,
  CHAIN,
  countTraffic,
  journal,
  made,
  outbound,
  runOf,
  served,
  setOnPage,
  storedSeries,
} from './testing/run.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i);
const START = 'process_start_time_seconds';
const diagnose = (mesh: TestMesh, run: RunFacts | null) => diagnoseMesh(mesh, run, PROXY_RULES);

function world(rng: Rng): { mesh: TestMesh; run: RunFacts; ids: string[] } {
  const mesh = new TestMesh({ nativeSidecars: rng.chance(0.5) });
  const run = runOf(mesh, CHAIN);
  countTraffic(mesh, run);
  for (const id of mesh.allIds) {
    const start = mesh.page(id).page!.samples.find(({ name }) => name === START)!.value;
    mesh.stored.push(
      storedSeries(
        mesh,
        id,
        START,
        Array.from({ length: 20 }, () => start),
      ),
    );
  }
  return { mesh, run, ids: mesh.allIds.filter((id) => !id.startsWith('linkerd/')) };
}

const startOf = (mesh: TestMesh, id: string): MatrixSeries =>
  mesh.stored.find(({ labels }) => labels.__name__ === START && labels.pod === id.split('/')[1])!;

/** The proxy alone begins again at the n-th scrape from the end. */
function restart(mesh: TestMesh, id: string, scrapesAgo: number, how: readonly ('stored' | 'page' | 'status')[]): void {
  const series = startOf(mesh, id);
  const at = mesh.atMs / 1000 - scrapesAgo;
  if (how.includes('stored')) {
    series.samples = series.samples.map(({ t, v }) => ({ t, v: t / 1000 > at ? at : v }));
  } else series.samples = series.samples.filter(({ t }) => t / 1000 <= at);
  if (how.includes('page')) setOnPage(mesh, id, START, at);
  if (!how.includes('status')) return;
  const { containerStatuses = [], initContainerStatuses = [] } = mesh.pod(id).status;
  const status = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === 'linkerd-proxy')!;
  const [startedAt, finishedAt] = [at, at - 1].map((seconds) => new Date(seconds * 1000).toISOString()) as [
    string,
    string,
  ];
  Object.assign(status, {
    restartCount: 1,
    state: { running: { startedAt } },
    lastState: { terminated: { finishedAt, reason: 'OOMKilled', exitCode: 137 } },
  });
}

describe('proxy-restarted', () => {
  test.each(SEEDS)('names the pods, however it shows (%i)', async (seed) => {
    const rng = new Rng(seed);
    const { mesh, run, ids } = world(rng);
    expect(await diagnose(mesh, run)).toEqual([]);
    const those = [...new Set([rng.pick(ids), rng.pick(ids)])];
    for (const id of those)
      restart(
        mesh,
        id,
        rng.int(2, 12),
        rng.pick([['stored', 'page'], ['stored', 'page', 'status'], ['page'], ['status']] as const),
      );
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['proxy-restarted'], pods: those.toSorted() }]);
    expect(named(await diagnose(mesh, null))).toEqual([{ causes: ['proxy-restarted'], pods: those.toSorted() }]);
    // What the run itself restarts has two incarnations.
    for (const id of those) run.input.truth.push(journal(mesh, id, { incarnation: '1', startMs: mesh.atMs - 9000 }));
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('a restart from before, and one of the app, are none', async () => {
    const { mesh, run, ids } = world(new Rng(1));
    const { containerStatuses = [], initContainerStatuses = [] } = mesh.pod(ids[0]!).status;
    for (const status of [...containerStatuses, ...initContainerStatuses]) {
      const isProxy = status.name === 'linkerd-proxy';
      const startedAt = new Date(mesh.atMs - (isProxy ? 3_000_000 : 5000)).toISOString();
      Object.assign(status, { restartCount: 2, state: { running: { startedAt } } });
    }
    expect(await diagnose(mesh, run)).toEqual([]);
    expect(await diagnose(mesh, null)).toEqual([]);
  });

  test('a pod that is new under an old name is none', async () => {
    const { mesh, ids } = world(new Rng(2));
    const [id] = ids;
    restart(mesh, id!, 8, ['stored', 'page']);
    mesh.pod(id!).status.startTime = new Date(mesh.atMs - 9000).toISOString();
    expect(await diagnose(mesh, null)).toEqual([]);
  });

  test('two processes that take turns under one name are none', async () => {
    const { mesh, ids } = world(new Rng(3));
    const series = startOf(mesh, ids[0]!);
    series.samples = series.samples.map(({ t, v }, i) => ({ t, v: i % 2 === 0 ? v : v + 3 }));
    expect(await diagnose(mesh, null)).toEqual([]);
  });
});

describe('pod-shorter-than-a-scrape', () => {
  /** One replica of cart comes and goes; how often Prometheus saw it. */
  function shortLived(rng: Rng, scrapes: number, lifeMs: number) {
    const { mesh } = world(rng);
    const id = rng.pick(mesh.idsOf('shop', 'cart'));
    const name = id.split('/')[1]!;
    const up = mesh.evidence().stored.find(({ labels }) => labels.__name__ === 'up' && labels.pod === name)!;
    const run = runOf(mesh, CHAIN);
    const begin = mesh.atMs - 15_000;
    const own = run.input.truth.find(({ pod }) => pod === name)!;
    own.served = [served('shop/web', begin), served('shop/web', begin + lifeMs - 4)];
    own.made = [];
    mesh.pages.splice(mesh.pages.indexOf(mesh.page(id)), 1);
    mesh.pods.splice(mesh.pods.indexOf(mesh.pod(id)), 1);
    mesh.stored.splice(0, mesh.stored.length, ...mesh.stored.filter(({ labels }) => labels.pod !== name));
    if (scrapes > 0) mesh.stored.push({ labels: up.labels, samples: up.samples.slice(0, scrapes) });
    return { mesh, run, id, name };
  }

  test.each(SEEDS)('names the pod that has gone (%i)', async (seed) => {
    const rng = new Rng(20 + seed);
    const { mesh, run, id, name } = shortLived(rng, rng.int(0, 1), rng.int(100, 900));
    const [web] = mesh.idsOf('shop', 'web');
    if (rng.chance(0.5)) addToPage(mesh, web!, outbound('shop/cart', name, 2));
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['pod-shorter-than-a-scrape'], pods: [id] }]);
  });

  test('one that was scraped, or that was there for long, is none', async () => {
    const seen = shortLived(new Rng(5), 2, 900);
    expect(await diagnose(seen.mesh, seen.run)).toEqual([]);
    const long = shortLived(new Rng(6), 0, 9000);
    expect(await diagnose(long.mesh, long.run)).toEqual([]);
    const longOnce = shortLived(new Rng(6), 1, 2500);
    expect(await diagnose(longOnce.mesh, longOnce.run)).toEqual([]);
    const missedOnce = shortLived(new Rng(6), 0, 4000);
    expect(await diagnose(missedOnce.mesh, missedOnce.run)).toHaveLength(1);
  });

  test('without a run Prometheus is asked whether it ever saw it', async () => {
    for (const ever of [0, 1, 2, 300]) {
      const { mesh, id, name } = shortLived(new Rng(7), 0, 500);
      addToPage(mesh, mesh.idsOf('shop', 'web')[0]!, outbound('shop/cart', name, 3));
      const sample = { labels: {}, t: mesh.atMs, v: ever };
      mesh.answers = (q) =>
        q.ask === 'query' && q.expr.includes(`up{pod="${name}"}`)
          ? { to: 'query', samples: ever === 0 ? [] : [sample] }
          : undefined;
      const expected = ever < 2 ? [{ causes: ['pod-shorter-than-a-scrape'], pods: [id] }] : [];
      expect(named(await diagnose(mesh, null))).toEqual(expected);
    }
  });

  test('who can not see the pods says nothing', async () => {
    const { mesh, run } = shortLived(new Rng(8), 0, 500);
    mesh.pods.length = 0;
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('its name may have been overwritten by a label of its own', async () => {
    const { mesh, run, id } = shortLived(new Rng(9), 0, 500);
    const { instance } = run.input.topology.pods.find(({ name }) => name === id.split('/')[1])!;
    const labels = { __name__: 'up', job: 'linkerd-proxy', instance, pod: 'blue', namespace: 'shop' };
    mesh.stored.push({ labels, samples: [1, 2, 3].map((i) => ({ t: mesh.atMs - i * 1000, v: 1 })) });
    expect(await diagnose(mesh, run)).toEqual([]);
  });
});

describe('client-not-meshed', () => {
  const plain = (value: number, labels: Record<string, string> = {}) => ({
    name: 'request_total',
    value,
    labels: {
      direction: 'inbound',
      target_port: '8080',
      tls: 'no_identity',
      no_tls_reason: 'no_tls_from_remote',
      route_name: 'default',
      ...labels,
    },
  });

  test('names who calls and has no proxy', async () => {
    const { mesh, run } = world(new Rng(1));
    const load = mesh.idsOf('meshproof', 'load');
    mesh.uninject(load[0]!);
    const [web] = mesh.idsOf('shop', 'web');
    addToPage(mesh, web!, plain(60));
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['client-not-meshed'], pods: load }]);
    // It is the only pod of its namespace: nobody knows that it belongs to the mesh.
    expect(await diagnose(mesh, null)).toEqual([]);
    run.input.topology.workloads.find(({ id }) => id === 'meshproof/load')!.identity = '';
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('without a run: a pod beside meshed ones that no Service selects, and servers that are asked in plaintext', async () => {
    const mesh = new TestMesh({
      services: [
        { namespace: 'shop', name: 'web' },
        { namespace: 'shop', name: 'nightly', port: null },
      ],
    });
    const [job] = mesh.idsOf('shop', 'nightly');
    const [web] = mesh.idsOf('shop', 'web');
    mesh.uninject(job!);
    addToPage(mesh, web!, plain(500, { route_name: 'probe' }), plain(500, { target_port: '4191' }), plain(15));
    expect(await diagnose(mesh, null), 'probes, scrapes and a few before there was a policy').toEqual([]);
    addToPage(mesh, web!, plain(40));
    expect(named(await diagnose(mesh, null))).toEqual([{ causes: ['client-not-meshed'], pods: [job] }]);
    mesh.pod(job!).metadata.annotations = { 'linkerd.io/inject': 'disabled' };
    expect(await diagnose(mesh, null), 'it is meant to stand outside').toEqual([]);
  });

  test('without a run nobody is accused whom another may have been', async () => {
    const [namespace, others] = ['shop', ['ingress', 'meshproof']];
    const worldWith = (change: (mesh: TestMesh, job: string, web: string) => void) => {
      const mesh = new TestMesh({
        services: [
          { namespace, name: 'web' },
          { namespace, name: 'nightly', port: null, replicas: 2 },
          { namespace, name: 'hourly', port: null },
          { namespace: others[0]!, name: 'nginx' },
          { namespace: 'kube-system', name: 'coredns' },
        ],
      });
      for (const id of [...mesh.idsOf(namespace, 'nightly'), ...mesh.idsOf('kube-system')]) mesh.uninject(id);
      const [web] = mesh.idsOf(namespace, 'web');
      addToPage(mesh, web!, plain(60));
      change(mesh, mesh.idsOf(namespace, 'hourly')[0]!, web!);
      return mesh;
    };
    const service = (mesh: TestMesh, name: string) => mesh.services.find(({ metadata }) => metadata.name === name)!;
    const open = (mesh: TestMesh, name: string) =>
      Object.assign(service(mesh, name).spec as object, { type: 'NodePort' });
    const alone = worldWith(() => {});
    expect(named(await diagnose(alone, null)), "one workload; the cluster's own pods ask nobody").toEqual([
      { causes: ['client-not-meshed'], pods: alone.idsOf(namespace, 'nightly') },
    ]);
    for (const change of [
      (mesh: TestMesh, job: string) => mesh.uninject(job),
      (mesh: TestMesh) => mesh.uninject(mesh.idsOf('ingress')[0]!),
      (mesh: TestMesh) => open(mesh, 'coredns'),
      (mesh: TestMesh) => open(mesh, 'web'),
    ]) {
      expect(await diagnose(worldWith(change), null), String(change)).toEqual([]);
    }
  });

  test('a pod that a Service selects is another matter', async () => {
    const { mesh, run } = world(new Rng(2));
    const [cart] = mesh.idsOf('shop', 'cart');
    mesh.uninject(cart!);
    addToPage(mesh, mesh.idsOf('shop', 'db')[0]!, plain(60));
    expect(await diagnose(mesh, run)).toEqual([]);
    expect(await diagnose(mesh, null)).toEqual([]);
  });
});

describe('idle-series-evicted', () => {
  /** Prometheus finds falls as `resets()` and `unless` do, and has these series. */
  function store(mesh: TestMesh, series: readonly MatrixSeries[], suspectsAll = false): void {
    mesh.answers = (question: Question): Answer | undefined => {
      if (question.ask === 'query' && question.expr.startsWith('count by (instance) (resets(')) {
        const fell = ({ samples }: MatrixSeries) => samples.some(({ v }, i) => i > 0 && v < samples[i - 1]!.v);
        const ended = ({ samples }: MatrixSeries) => samples.at(-1)!.t < mesh.atMs - 1500;
        const fallen = series.filter((one) => suspectsAll || fell(one) || ended(one));
        return {
          to: 'query',
          samples: fallen.map(({ labels }) => ({ labels: { instance: labels.instance! }, t: mesh.atMs, v: 1 })),
        };
      }
      if (question.ask !== 'samples') return undefined;
      expect(Number.isInteger(question.rangeMs)).toBe(true);
      return {
        to: 'samples',
        series: series.filter(({ labels }) => question.selector.includes(`instance="${labels.instance}"`)),
      };
    };
  }

  const counter = (mesh: TestMesh, id: string, values: readonly (number | null)[]): MatrixSeries => {
    const series = storedSeries(mesh, id, 'request_total', values);
    return { ...series, labels: { ...series.labels, direction: 'outbound', dst_service: 'cart' } };
  };

  test.each(SEEDS)('names the pods whose series were away (%i)', async (seed) => {
    const rng = new Rng(40 + seed);
    const { mesh, run, ids } = world(rng);
    const those = [...new Set([rng.pick(ids), rng.pick(ids)])];
    const [high, gap, low] = [rng.int(20, 90), rng.int(2, 6), rng.int(1, 19)];
    const values = [
      ...[1, 2, 3].map((i) => high + i),
      ...Array.from({ length: gap }, () => null),
      ...(rng.chance(0.7) ? [low, low + 1] : []),
    ];
    const steady = Array.from({ length: 15 }, (_, i) => i);
    store(
      mesh,
      ids.flatMap((id) => [counter(mesh, id, those.includes(id) ? values : steady)]),
    );
    const expected = [{ causes: ['idle-series-evicted'], pods: those.toSorted() }];
    expect(named(await diagnose(mesh, run))).toEqual(expected);
    expect(await diagnose(mesh, null), 'as Linkerd means it').toEqual([]);
    for (const id of those) mesh.proxy(id).env!.push({ name: 'LINKERD2_PROXY_METRICS_RETAIN_IDLE', value: '30s' });
    expect(named(await diagnose(mesh, null))).toEqual(expected);
  });

  test.each([
    ['falls without having been away', [5, 9, 3, 4]],
    ['goes on where it was', [5, 9, null, null, 9, 12]],
    ['is missing from the last scrape alone', [5, 9, 12, null]],
  ])('a series that %s is none', async (_name, values) => {
    const { mesh, run, ids } = world(new Rng(1));
    store(mesh, [counter(mesh, ids[0]!, values)], true);
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('scrapes that failed, and a proxy that restarted, are none', async () => {
    const { mesh, run, ids } = world(new Rng(2));
    const [failed, restarted] = ids as [string, string];
    const away = [9, 9, 9, null, null, null, 1, 2];
    store(mesh, [counter(mesh, failed, away), counter(mesh, restarted, away)]);
    restart(mesh, restarted, 4, ['stored', 'page']);
    mesh.failScrapes('linkerd-proxy', failed, 'context deadline exceeded');
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['proxy-restarted'], pods: [restarted] }]);
  });
});

test('what a caller makes names no pod by itself', async () => {
  const { mesh, run } = world(new Rng(3));
  run.input.truth[0]!.made.push(made('shop/web', mesh.atMs - 9000, { pod: '' }));
  expect(await diagnose(mesh, run)).toEqual([]);
});
