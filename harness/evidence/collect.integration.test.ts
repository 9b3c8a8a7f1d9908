import { expect, it } from 'vitest';
import { epochMs } from '../core/clock.ts';
import { parsePage } from '../core/page-parser.ts';
import { waitFor } from '../core/wait.ts';
import type { EvidenceSource } from '../environment/contract.ts';
import { kubernetesObjects } from '../mesh/kubernetes/objects.ts';
import { AdminServer, startCluster } from '../mesh/kubernetes/testing/cluster.ts';
import { meshConfig, RELEASE } from '../mesh/kubernetes/testing/mesh-config.ts';
import { explainPod } from '../prometheus/relabel/target.ts';
import { answering } from './answer.ts';
import { collectEvidence } from './collect.ts';

const PAGE = '# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1700000000.5\n# EOF\n';

it('collects from a real Prometheus what it knows, scrapes and stores', { timeout: 60_000 }, async () => {
  await using web = await AdminServer.start(() => PAGE);
  const pods = [web.pod({ name: 'web-1' })];
  await using cluster = await startCluster({ pods });
  const { client } = cluster.prometheus;
  await waitFor(() => (web.served.length >= 3 ? true : undefined), {
    what: 'three scrapes',
    deadlineMs: 20_000,
    hint: '',
  });
  const objects = kubernetesObjects(meshConfig(pods), RELEASE);
  const source: EvidenceSource = {
    list: async ({ kind }) => objects.filter((one) => one.kind === kind) as never,
    async fetchPage({ namespace, pod, ip, port }) {
      const url = `http://${ip}:${port}/metrics`;
      const text = await (await fetch(url)).text();
      const of = { namespace, pod, url, outcome: 'ok' as const, connected: true, status: 200, error: '' };
      return { ...of, durationMs: 1, bytes: text.length, page: parsePage(text), duplicates: [] };
    },
    certificate: () => Promise.reject(new Error('none')),
    access: () => Promise.reject(new Error('none')),
    prometheusLog: async () => [],
  };
  const before = epochMs();
  const evidence = await collectEvidence(source, client);
  const { prometheus, cluster: seen, pages, stored } = evidence;

  expect(evidence.unread).toEqual([]);
  expect(evidence.atMs).toBeGreaterThanOrEqual(before);
  expect(seen.pods?.map(({ metadata }) => metadata.name)).toEqual(['web-1']);
  expect(pages).toMatchObject([
    { namespace: 'shop', pod: 'web-1', outcome: 'ok', url: `http://${web.ip}:${web.port}/metrics` },
  ]);

  // On one machine there is one clock.
  expect(Math.abs(prometheus.clock!.aheadMs)).toBeLessThanOrEqual(50 + prometheus.clock!.uncertaintyMs);
  expect(prometheus.jobs.map(({ name }) => name)).toEqual([
    ...[
      'prometheus',
      'kubernetes-nodes-cadvisor',
      'linkerd-controller',
      'linkerd-multicluster-controller',
      'linkerd-proxy',
    ],
  ]);
  expect(prometheus.jobs.at(-1)).toMatchObject({
    intervalMs: 600,
    timeoutMs: 600,
    kubernetes: [{ role: 'pod', namespaces: null }],
  });
  expect(Object.keys(prometheus.droppedCounts).length).toBeGreaterThan(0);
  expect(prometheus.own.some(({ name }) => name === 'prometheus_sd_kubernetes_failures_total')).toBe(true);

  // What its rules make of the pod is what it made of it.
  const job = prometheus.jobs.at(-1)!;
  const kept = explainPod(job, seen.pods![0]!)!.flatMap((target) => (target.outcome === 'kept' ? [target] : []));
  const active = prometheus.active.filter(({ scrapePool }) => scrapePool === 'linkerd-proxy');
  expect(kept.map(({ labels, url }) => ({ labels, scrapeUrl: url }))).toEqual(
    active.map(({ labels, scrapeUrl }) => ({ labels, scrapeUrl })),
  );

  const ofProxy = stored.filter(({ labels }) => labels.job === 'linkerd-proxy');
  expect(new Set(ofProxy.map(({ labels }) => labels.__name__))).toContain('process_start_time_seconds');
  const up = ofProxy.find(({ labels }) => labels.__name__ === 'up')!;
  expect(up.samples.length).toBeGreaterThanOrEqual(2);

  const answer = answering(source, client, evidence);
  const query = await answer({ ask: 'query', expr: 'up{job="linkerd-proxy"}', atMs: epochMs() });
  expect(query).toMatchObject({ to: 'query', samples: [{ v: 1, labels: { pod: 'web-1' } }] });
  expect(await answer({ ask: 'query', expr: 'sum(', atMs: epochMs() })).toMatchObject({ to: 'error' });
  const samples = await answer({
    ask: 'samples',
    selector: 'up{job="linkerd-proxy"}',
    rangeMs: 60_000,
    atMs: epochMs(),
  });
  expect(samples).toMatchObject({ to: 'samples', series: [{ samples: expect.arrayContaining(up.samples) }] });
});
