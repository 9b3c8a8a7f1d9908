import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EvidencePod, Question } from '../../../evidence/types.ts';
import { diagnoseAsking } from '../engine.ts';
import {
  anyMesh,
  diagnoseMesh,
  idOf,
  keep,
  named,
  passedRun,
  relabelRule,
  scrapeJob,
  TestMesh,
  unreadPage,
} from '../testing/index.ts';
import { DISCOVERY_RULES } from './discovery/index.ts';
import { ALL_RULES } from './index.ts';
import { SCRAPE_RULES } from './scrapes/index.ts';

const RULES = [...DISCOVERY_RULES, ...SCRAPE_RULES];

describe('a mesh in which nothing is wrong', () => {
  it('raises nothing, whatever it is made of, with a run and without', async () => {
    await fc.assert(
      fc.asyncProperty(anyMesh, async (options) => {
        const mesh = new TestMesh(options);
        expect(await diagnoseMesh(mesh, null, RULES)).toEqual([]);
        expect(await diagnoseMesh(mesh, passedRun(mesh), RULES)).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });

  it('raises nothing where a pod is outside the mesh on purpose', async () => {
    const mesh = new TestMesh();
    const run = passedRun(mesh);
    const [db] = mesh.idsOf('shop', 'db');
    for (const workload of run.input.topology.workloads) if (workload.name === 'db') workload.identity = '';
    mesh.uninject(db!);
    expect(await diagnoseMesh(mesh, run, RULES)).toEqual([]);
  });

  /** Things that a right configuration has, or that happen in a mesh in which nothing is wrong. */
  const VARIANTS: [string, (mesh: TestMesh) => void][] = [
    ['completed pods of Jobs', (mesh) => (complete(mesh, 'web').status.podIP = '10.42.9.9')],
    ['a completed pod whose address is reused, and a phase filter', (mesh) => complete(mesh, 'web')],
    [
      'a pod that starts, and has no address and no proxy yet',
      (mesh) => {
        const pod = mesh.pod(mesh.idsOf('shop', 'db')[0]!);
        pod.status = { phase: 'Pending' };
        mesh.pages.splice(mesh.pages.indexOf(mesh.page(idOf(pod))), 1);
      },
    ],
    [
      'pods that are kept out of the mesh by their own annotation',
      (mesh) => {
        const [db] = mesh.idsOf('shop', 'db');
        for (const { metadata } of mesh.namespaces) metadata.annotations = { 'linkerd.io/inject': 'enabled' };
        mesh.uninject(db!);
        mesh.pod(db!).metadata.annotations = { 'linkerd.io/inject': 'disabled' };
      },
    ],
    ['a pod of a namespace that is not in the mesh', (mesh) => mesh.uninject(mesh.idsOf('shop', 'db')[0]!)],
    [
      'the PodMonitor of Linkerd instead of linkerd-viz',
      (mesh) => {
        const job = mesh.job('linkerd-proxy');
        job.name = 'podMonitor/linkerd/linkerd-proxy/0';
        job.relabel = [
          relabelRule({ sourceLabels: ['job'], targetLabel: '__tmp_prometheus_job_name' }),
          ...job.relabel.slice(1),
          relabelRule({ targetLabel: 'job', replacement: 'linkerd/linkerd-proxy' }),
        ];
      },
    ],
    [
      'a right for each namespace, and a job that names them',
      (mesh) => {
        const names = [...new Set(mesh.pods.map((pod) => pod.metadata.namespace!))];
        mesh.job('linkerd-proxy').kubernetes = [{ role: 'pod', namespaces: names }];
        const namespaces = Object.fromEntries(names.map((name) => [name, 'allowed' as const]));
        mesh.access = { ...mesh.access, everywhere: 'forbidden', namespaces };
      },
    ],
    [
      'complaints of long ago, in the log of a Prometheus that finds everything now',
      (mesh) => {
        mesh.log.push('msg="Failed to watch" type=*v1.Pod err="failed to list *v1.Pod: Unauthorized"');
        mesh.own = [{ name: 'prometheus_sd_kubernetes_failures_total', labels: {}, value: 3 }];
      },
    ],
    [
      'another account than that of Prometheus, which may not list pods',
      (mesh) => (mesh.access = { ...mesh.access, how: 'impersonation', everywhere: 'forbidden' }),
    ],
    ['nobody to ask', (mesh) => (mesh.answers = () => ({ to: 'error', message: 'no impersonation' }))],
    [
      'jobs of others that fail, or keep nothing',
      (mesh) => {
        mesh.jobs.push(
          scrapeJob('apps', {
            kubernetes: [{ role: 'pod', namespaces: null }],
            relabel: [keep(['pod_annotation_prometheus_io_scrape'], 'true')],
          }),
          scrapeJob('web', {
            kubernetes: [{ role: 'pod', namespaces: ['shop'] }],
            relabel: [keep(['pod_container_port_name'], 'http')],
            sampleLimit: 1,
            scheme: 'https',
          }),
        );
        for (const id of mesh.idsOf('shop')) mesh.failScrapes('web', id, 'sample limit exceeded');
      },
    ],
    [
      'a page that only Prometheus may read',
      (mesh) => mesh.setPage(mesh.appIds[0]!, (page) => unreadPage(page, { outcome: 'status', status: 403 })),
    ],
    [
      'a page that was slow once, when we looked',
      (mesh) => mesh.setPage(mesh.appIds[0]!, (page) => ({ ...page, durationMs: 1900 })),
    ],
    [
      'a page that our parser refuses, and Prometheus does not',
      (mesh) => mesh.setPage(mesh.appIds[0]!, (page) => unreadPage(page, { outcome: 'unparsable', error: 'line 3' })),
    ],
    ['labels that every app has', (mesh) => Object.assign(mesh.pod(mesh.appIds[0]!).metadata.labels!, USUAL)],
    [
      'a label that says what the target label says anyway',
      (mesh) => (mesh.pod(mesh.idsOf('shop', 'web')[0]!).metadata.labels!.namespace = 'shop'),
    ],
    [
      'a pod whose admin port has another name, and a job that goes by that',
      (mesh) => {
        mesh.adminPort(mesh.appIds[0]!).name = 'proxy-metrics';
        const job = scrapeJob('proxies-of-ours', {
          kubernetes: [{ role: 'pod', namespaces: null }],
          relabel: [keep(['pod_container_name', 'pod_container_port_name'], 'linkerd-proxy;proxy-metrics')],
        });
        mesh.jobs.push(job);
      },
    ],
    [
      'a pod whose proxy has not started, and a job that waits until it runs',
      (mesh) => {
        mesh.job('linkerd-proxy').relabel.unshift(keep(['pod_phase'], 'Running'));
        const { status } = mesh.pod(mesh.appIds[0]!);
        status.phase = 'Pending';
        for (const one of status.initContainerStatuses ?? []) one.state = { waiting: { reason: 'PodInitializing' } };
      },
    ],
    ['pods of another mesh in the same cluster, with a job of their own', addOtherMesh],
    [
      'an ingress outside the mesh, which asks in plaintext, and a worker beside meshed pods that asks nobody',
      addIngress,
    ],
  ];

  it.each(VARIANTS)('raises nothing for %s', async (_what, change) => {
    const mesh = new TestMesh();
    change(mesh);
    expect(await diagnoseMesh(mesh, null, ALL_RULES)).toEqual([]);
  });

  it("does not take another mesh's job for one that keeps nothing", async () => {
    const mesh = new TestMesh();
    addOtherMesh(mesh);
    const [id] = mesh.idsOf('shop', 'web');
    mesh.adminPort(id!).name = 'other';
    expect(named(await diagnoseMesh(mesh, null, RULES))).toEqual([{ causes: ['admin-port-renamed'], pods: [id] }]);
  });

  it('raises nothing for a single scrape that failed', async () => {
    for (const error of ['context deadline exceeded', 'unexpected EOF', 'server returned HTTP status 503']) {
      const mesh = new TestMesh();
      const [id] = mesh.appIds;
      mesh.failScrapes('linkerd-proxy', id!, error);
      const evidence = mesh.evidence();
      for (const { labels, samples } of evidence.stored) {
        if (labels.__name__ === 'up') for (const sample of samples.slice(0, -1)) sample.v = 1;
      }
      const answer = async (question: Question) => mesh.answer(question);
      expect((await diagnoseAsking({ evidence, run: null }, answer, RULES)).findings).toEqual([]);
    }
  });
});

const USUAL = {
  version: 'v3',
  tier: 'backend',
  'app.kubernetes.io/name': 'web',
  'app.kubernetes.io/instance': 'web-1',
  'app.kubernetes.io/component': 'server',
  'topology.kubernetes.io/zone': 'a',
  'linkerd.io/extension': 'viz',
};

function addOtherMesh(mesh: TestMesh): void {
  const other = new TestMesh({ controlPlaneNamespace: 'l5d', services: [{ namespace: 'other', name: 'app' }] });
  for (const [i, pod] of other.pods.entries()) pod.status.podIP = `10.43.0.${i + 1}`;
  mesh.pods.push(...other.pods);
  mesh.jobs.push(...other.jobs.map((job) => ({ ...job, name: `l5d-${job.name}` })));
}

function addIngress(mesh: TestMesh): void {
  const bare = [
    { namespace: 'ingress', name: 'nginx', service: true },
    { namespace: 'shop', name: 'worker', service: false },
  ];
  for (const [i, { namespace, name, service }] of bare.entries()) {
    mesh.pods.push({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name: `${name}-7d9c54f6b8-x2k5q`, labels: { app: name } },
      spec: { containers: [{ name }] },
      status: { phase: 'Running', podIP: `10.44.0.${i + 1}` },
    });
    if (service)
      mesh.services.push({ ...mesh.services[0]!, metadata: { namespace, name }, spec: { selector: { app: name } } });
  }
  const labels = {
    direction: 'inbound',
    no_tls_reason: 'no_tls_from_remote',
    target_port: '8080',
    route_name: 'default',
  };
  mesh.page(mesh.idsOf('shop', 'web')[0]!).page!.samples.push({ name: 'request_total', labels, value: 5000 });
}

/** A completed pod beside the one that runs, with its address. */
function complete(mesh: TestMesh, workload: string): EvidencePod {
  const pod = structuredClone(mesh.pod(mesh.idsOf('shop', workload)[0]!));
  pod.metadata.name = `${workload}-before`;
  pod.status.phase = 'Succeeded';
  mesh.pods.push(pod);
  return pod;
}
