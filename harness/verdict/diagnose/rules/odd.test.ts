import { describe, expect, it } from 'vitest';
import { diagnoseAsking } from '../engine.ts';
import { remedyOf } from '../remedy.ts';
import { copyOf, diagnoseMesh, keep, named, scrapeJob, TestMesh, unreadPage } from '../testing/index.ts';

describe('what is as it should be, though it looks otherwise', () => {
  it('a proxy that is gone before its pod, which is being deleted', async () => {
    for (const outcome of ['refused', 'timeout'] as const) {
      const mesh = new TestMesh();
      const [id] = mesh.idsOf('shop', 'db');
      mesh.failScrapes('linkerd-proxy', id!, 'dial tcp 10.42.0.16:4191: connect: connection refused');
      mesh.setPage(id!, (page) => unreadPage(page, { outcome, connected: false }));
      expect(await diagnoseMesh(mesh)).toHaveLength(1);
      mesh.pod(id!).metadata.deletionTimestamp = new Date(mesh.atMs).toISOString();
      expect(await diagnoseMesh(mesh)).toEqual([]);
    }
  });

  it('a label like one of the page, where the job honors those of the page', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.idsOf('shop', 'web');
    mesh.pod(id!).metadata.labels!.direction = 'north';
    expect(named(await diagnoseMesh(mesh))).toEqual([{ causes: ['pod-label-overwrites-target-label'], pods: [id] }]);
    mesh.job('linkerd-proxy').honorLabels = true;
    expect(await diagnoseMesh(mesh)).toEqual([]);
  });

  it('a clock of Prometheus that agrees with those of the proxies, where it is ours that is off', async () => {
    for (const aheadMs of [40_000, -40_000]) {
      const mesh = new TestMesh();
      mesh.clock = { aheadMs, uncertaintyMs: 5 };
      expect(named(await diagnoseMesh(mesh))).toEqual([{ causes: ['prometheus-clock-off'], pods: [] }]);
      const evidence = mesh.evidence();
      for (const { labels, samples } of evidence.stored) {
        if (labels.__name__ === 'process_clock_time_seconds') for (const sample of samples) sample.v += aheadMs / 1000;
      }
      const { findings } = await diagnoseAsking({ evidence, run: null }, async (question) => mesh.answer(question));
      expect(findings).toEqual([]);
    }
  });

  it('a bare pod beside meshed ones, where nobody asks in plaintext but Prometheus, outside the mesh', async () => {
    const mesh = new TestMesh({
      services: [
        { namespace: 'shop', name: 'web', port: 8080 },
        { namespace: 'shop', name: 'batch', port: null },
      ],
    });
    const [web] = mesh.idsOf('shop', 'web');
    const [batch] = mesh.idsOf('shop', 'batch');
    mesh.uninject(batch!);
    const labels = {
      direction: 'inbound',
      no_tls_reason: 'no_tls_from_remote',
      target_port: '8080',
      route_name: 'default',
    };
    mesh.page(web!).page!.samples.push({ name: 'request_total', labels, value: 500 });
    expect(named(await diagnoseMesh(mesh))).toEqual([{ causes: ['client-not-meshed'], pods: [batch] }]);
    const relabel = [keep(['pod_container_port_name'], 'http')];
    mesh.jobs.push(scrapeJob('apps', { kubernetes: [{ role: 'pod', namespaces: ['shop'] }], relabel }));
    expect(await diagnoseMesh(mesh)).toEqual([]);
  });

  it('a job for each component of the control plane', async () => {
    const mesh = new TestMesh();
    const all = mesh.jobs.splice(mesh.jobs.indexOf(mesh.job('linkerd-controller')), 1)[0]!;
    for (const name of ['ident', '(?:dest|policy)']) {
      const job = copyOf(all, `only-${name}`);
      job.relabel[0] = keep(['pod_container_port_name'], `${name}-admin`);
      mesh.jobs.push(job);
    }
    expect(await diagnoseMesh(mesh)).toEqual([]);
  });
});

describe('what a finding says', () => {
  it('of ports, names each of them once', async () => {
    const mesh = new TestMesh();
    for (const { containers } of mesh.controlPlaneIds.map((id) => mesh.pod(id).spec)) {
      for (const port of containers.flatMap(({ ports = [] }) => ports)) {
        if (/^\w+-admin$/.test(port.name!) && port.name !== 'linkerd-admin') port.name = 'admin-http';
      }
    }
    const [finding] = await diagnoseMesh(mesh);
    expect(finding!.summary).toMatch(/and these are grpc, admin-http\.$/);
  });

  it("of two jobs, the targets at the proxy's port alone", async () => {
    const mesh = new TestMesh();
    mesh.jobs.push(scrapeJob('all-ports', { kubernetes: [{ role: 'pod', namespaces: ['shop'] }] }));
    const [finding] = await diagnoseMesh(mesh);
    expect(finding!.causes).toEqual(['scraped-by-two-jobs']);
    expect(finding!.evidence.filter((text) => !text.includes(':4191/'))).toEqual([]);
  });

  it('of a pod in a namespace that the injector never sees, how to let it in', async () => {
    const mesh = new TestMesh();
    const [id] = mesh.idsOf('shop', 'db');
    mesh.uninject(id!);
    const { metadata } = mesh.namespaces.find((one) => one.metadata.name === 'shop')!;
    metadata.annotations = { 'linkerd.io/inject': 'enabled' };
    expect((await diagnoseMesh(mesh))[0]!.remedy).toBeUndefined();
    metadata.labels = { 'config.linkerd.io/admission-webhooks': 'disabled' };
    const [finding] = await diagnoseMesh(mesh);
    expect(finding!.causes).toEqual(['pod-not-injected']);
    expect(finding!.remedy![0]).toContain('kubectl label namespace shop config.linkerd.io/admission-webhooks-');
  });
});

describe('a remedy that is right for the case', () => {
  it('of a label that is wrong names the namespace of this control plane', async () => {
    const mesh = new TestMesh({ controlPlaneNamespace: 'mesh-system' });
    const [id] = mesh.idsOf('shop', 'web');
    mesh.pod(id!).metadata.labels!['linkerd.io/control-plane-ns'] = 'linkerd';
    const [finding] = await diagnoseMesh(mesh);
    expect(finding!.causes).toEqual(['control-plane-label-wrong']);
    expect(finding!.remedy![0]).toContain(
      `kubectl -n shop label pod ${id!.split('/')[1]} linkerd.io/control-plane-ns=mesh-system`,
    );
  });

  it('of doubled series tells nobody to upgrade who has done so', async () => {
    for (const [version, isOld] of [
      ['2.294.0', true],
      ['2.366.0', false],
      ['dev', true],
    ] as const) {
      const mesh = new TestMesh();
      const [id] = mesh.idsOf('shop', 'web');
      mesh.setPage(id!, (page) => {
        for (const { name, labels } of page.page!.samples) if (name === 'proxy_build_info') labels.version = version;
        return { ...page, duplicates: ['request_total{direction="inbound"}'] };
      });
      const [finding] = await diagnoseMesh(mesh);
      expect(finding!.causes).toEqual(['duplicate-series']);
      expect(finding!.remedy === undefined).toBe(isOld);
      if (!isOld) expect(finding!.remedy![0]).toContain('not of v2.366.0');
    }
  });

  it('of doubled series of proxies old and new is that of both', async () => {
    const mesh = new TestMesh();
    const [old, young] = [mesh.idsOf('shop', 'web')[0]!, mesh.idsOf('shop', 'db')[0]!];
    for (const id of [old, young]) {
      mesh.setPage(id, (page) => {
        const change = structuredClone(page);
        for (const { name, labels } of change.page!.samples) {
          if (name === 'proxy_build_info') labels.version = id === old ? '2.294.0' : '2.366.0';
        }
        return { ...change, duplicates: ['request_total{direction="inbound"}'] };
      });
    }
    const findings = await diagnoseMesh(mesh);
    expect(named(findings)).toEqual([{ causes: ['duplicate-series'], pods: [young, old] }]);
    const remedy = remedyOf(findings[0]!);
    expect(remedy).toEqual(
      expect.arrayContaining([
        expect.stringContaining('not of v2.366.0'),
        expect.stringMatching(/^Upgrade the data plane to 2\.19 or later, then `kubectl -n shop/),
      ]),
    );
    // What both say stands once.
    expect(new Set(remedy).size).toBe(remedy.length);
  });

  it('of a rule of its own that keeps nothing is about that rule', async () => {
    const mesh = new TestMesh();
    mesh.job('linkerd-proxy').relabel[1] = keep(
      ['pod_container_name', 'pod_container_port_name'],
      'linkerd-proxy;other',
    );
    const [finding] = await diagnoseMesh(mesh);
    expect(finding!.causes).toEqual(['keep-rule-keeps-nothing']);
    expect(remedyOf(finding!)).toEqual([
      expect.stringMatching(
        /^In job linkerd-proxy, take out relabel rule 2, or let it keep the proxies: it sees "linkerd-proxy;linkerd-admin" of \S+\.$/,
      ),
    ]);
  });
});
