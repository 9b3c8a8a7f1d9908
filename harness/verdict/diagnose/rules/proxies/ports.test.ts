import { describe, expect, test } from 'vitest';
import { Rng } from '../../../testing/rng.ts';
import { diagnoseMesh, named, SHOP, TestMesh } from '../../testing/index.ts';
import type { RunFacts } from '../../types.ts';
import { PROXY_RULES } from './index.ts';
import { addToPage, CHAIN, countTraffic, runOf } from './testing/run.ts';
import { listsPort } from './view.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => i);
const diagnose = (mesh: TestMesh, run: RunFacts | null) => diagnoseMesh(mesh, run, PROXY_RULES);

/** A shop with ports drawn, its traffic in the truth. */
function shop(rng: Rng): { mesh: TestMesh; run: RunFacts; ports: Map<string, number> } {
  const ports = new Map(
    SHOP.filter(({ port }) => port !== null).map(({ name }) => [name, 2000 + rng.int(0, 6) * 1000 + rng.int(0, 99)]),
  );
  const services = SHOP.map((service) => ({ ...service, port: ports.get(service.name) ?? null }));
  const mesh = new TestMesh({ services, nativeSidecars: rng.chance(0.5) });
  return { mesh, run: runOf(mesh, CHAIN), ports };
}

function annotate(mesh: TestMesh, ids: readonly string[], name: string, value: string): void {
  for (const id of ids) Object.assign(mesh.pod(id).metadata.annotations!, { [`config.linkerd.io/${name}`]: value });
}

/** Takes away what a page counts, by its labels. */
function uncount(mesh: TestMesh, ids: readonly string[], matches: (labels: Record<string, string>) => boolean): void {
  for (const id of ids) {
    const { page } = mesh.page(id);
    page!.samples = page!.samples.filter(({ labels }) => !matches(labels));
  }
}

const onPort = (port: number) => (l: Record<string, string>) =>
  l.direction === 'inbound' && l.target_port === String(port);
const to = (name: string) => (l: Record<string, string>) => l.dst_service === name;

test('a healthy mesh has none of it, with and without a run', async () => {
  for (const seed of SEEDS) {
    const { mesh, run } = shop(new Rng(seed));
    countTraffic(mesh, run);
    expect(await diagnose(mesh, run)).toEqual([]);
    expect(await diagnose(mesh, null)).toEqual([]);
  }
});

test('what can not be read names nothing', async () => {
  const { mesh, run } = shop(new Rng(1));
  const evidence = mesh.evidence();
  const { pods: _pods, ...cluster } = evidence.cluster;
  const blind = {
    ...evidence,
    pages: [],
    stored: [],
    cluster: { ...cluster, pods: null, services: null, namespaces: null },
  };
  for (const facts of [run, null]) {
    for (const rule of PROXY_RULES) expect(rule.diagnose({ evidence: blind, run: facts }, () => undefined)).toEqual([]);
  }
});

describe('inbound-port-skipped', () => {
  test.each(SEEDS)('names the pods whose app is skipped (%i)', async (seed) => {
    const rng = new Rng(seed);
    const { mesh, run, ports } = shop(rng);
    countTraffic(mesh, run);
    const name = rng.pick(['web', 'cart', 'db']);
    const port = ports.get(name)!;
    const ids = rng.chance(0.5) ? mesh.idsOf('shop', name) : [rng.pick(mesh.idsOf('shop', name))];
    annotate(
      mesh,
      ids,
      'skip-inbound-ports',
      rng.pick([`${port}`, `25, ${port}`, `${port - 5}-${port + 5}`, `1-9,${port},7`]),
    );
    uncount(mesh, ids, onPort(port));
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['inbound-port-skipped'], pods: ids.toSorted() }]);
    expect(await diagnose(mesh, null)).toEqual([]);
    // Without pages the annotation and the truth suffice.
    mesh.pages.length = 0;
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['inbound-port-skipped'], pods: ids.toSorted() }]);
  });

  test('is a matter of the namespace, too', async () => {
    const { mesh, run, ports } = shop(new Rng(3));
    countTraffic(mesh, run);
    const namespace = mesh.namespaces.find(({ metadata }) => metadata.name === 'shop')!;
    namespace.metadata.annotations = { 'config.linkerd.io/skip-inbound-ports': `${ports.get('db')}` };
    uncount(mesh, mesh.idsOf('shop', 'db'), onPort(ports.get('db')!));
    const found = await diagnose(mesh, run);
    expect(named(found)).toEqual([{ causes: ['inbound-port-skipped'], pods: mesh.idsOf('shop', 'db') }]);
    expect(found[0]!.evidence[0]).toContain('namespace shop');
  });

  test('is none of a port beside the app, that no Service leads to', async () => {
    const { mesh, run } = shop(new Rng(5));
    countTraffic(mesh, run);
    const ids = mesh.idsOf('shop', 'db');
    for (const id of ids) {
      const app = mesh.pod(id).spec.containers.find(({ name }) => name !== 'linkerd-proxy')!;
      app.ports = [...(app.ports ?? []), { name: 'admin', containerPort: 9901 }];
    }
    annotate(mesh, ids, 'skip-inbound-ports', '9901');
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('is none where it is declared, concerns another port, or does not work', async () => {
    const { mesh, run, ports } = shop(new Rng(4));
    countTraffic(mesh, run);
    annotate(mesh, mesh.idsOf('shop', 'db'), 'skip-inbound-ports', `${ports.get('db')! + 1},${ports.get('db')}1`);
    expect(await diagnose(mesh, run)).toEqual([]);
    annotate(mesh, mesh.idsOf('shop', 'db'), 'skip-inbound-ports', `${ports.get('db')}`);
    expect(await diagnose(mesh, run), 'the proxy counts what it is told to skip').toEqual([]);
    uncount(mesh, mesh.idsOf('shop', 'db'), onPort(ports.get('db')!));
    expect(await diagnose(mesh, run)).toHaveLength(1);
    run.input.topology.workloads.find(({ id }) => id === 'shop/db')!.skipsInbound = true;
    expect(await diagnose(mesh, run)).toEqual([]);
  });
});

describe('outbound-port-skipped', () => {
  test.each(SEEDS)('names the callers that skip (%i)', async (seed) => {
    const rng = new Rng(100 + seed);
    const { mesh, run, ports } = shop(rng);
    countTraffic(mesh, run);
    const [caller, callee] = rng.pick([
      ['shop/web', 'cart'],
      ['shop/cart', 'db'],
      ['meshproof/load', 'web'],
    ] as const);
    const [namespace, name] = caller.split('/') as [string, string];
    const all = mesh.idsOf(namespace, name);
    const ids = rng.chance(0.5) ? all : [rng.pick(all)];
    const port = ports.get(callee)!;
    annotate(mesh, ids, 'skip-outbound-ports', rng.pick([`${port}`, `4222,${port}`, `${port}-${port + 9}`]));
    expect(await diagnose(mesh, run), 'its page has the service').toEqual([]);
    uncount(mesh, ids, to(callee));
    // At the callee they come in plaintext.
    for (const id of mesh.idsOf('shop', callee)) {
      addToPage(mesh, id, {
        name: 'request_total',
        value: 20,
        labels: {
          direction: 'inbound',
          target_port: String(port),
          tls: 'no_identity',
          no_tls_reason: 'no_tls_from_remote',
          route_name: 'default',
        },
      });
    }
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['outbound-port-skipped'], pods: ids.toSorted() }]);
    for (const workload of run.input.topology.workloads) if (workload.id === caller) workload.skipsOutbound = [port];
    expect(await diagnose(mesh, run)).toEqual([]);
  });
});

describe('port-opaque', () => {
  const opaq = (service: string, value: number) => ({
    name: 'outbound_tcp_protocol_connections_total',
    labels: { protocol: 'opaq', parent_namespace: 'shop', parent_name: service, parent_kind: 'Service' },
    value,
  });

  test.each(SEEDS)('names the pods of the service (%i)', async (seed) => {
    const rng = new Rng(200 + seed);
    const { mesh, run, ports } = shop(rng);
    const [caller, callee] = rng.pick([
      ['shop/web', 'cart'],
      ['shop/cart', 'db'],
      ['meshproof/load', 'web'],
    ] as const);
    const callers = mesh.idsOf(...(caller.split('/') as [string, string]));
    const ids = mesh.idsOf('shop', callee);
    const port = ports.get(callee)!;
    countTraffic(mesh, run);
    for (const id of [...callers, ...ids]) {
      const { page } = mesh.page(id);
      page!.samples = page!.samples.filter(
        ({ name, labels }) => name !== 'request_total' || !(to(callee)(labels) || onPort(port)(labels)),
      );
    }
    const where = rng.pick(['service', 'pods', 'namespace', 'pages'] as const);
    if (where !== 'pages' && where !== 'service') annotate(mesh, ids, 'opaque-ports', `${port}`);
    if (where === 'service') {
      const service = mesh.services.find(({ metadata }) => metadata.name === callee)!;
      service.metadata.annotations = { 'config.linkerd.io/opaque-ports': `3306,${port}` };
    }
    if (where !== 'service' || rng.chance(0.5))
      for (const id of callers) addToPage(mesh, id, opaq(callee, rng.int(1, 9)));
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['port-opaque'], pods: ids.toSorted() }]);
    const declared = rng.pick(['policy', 'protocol'] as const);
    if (declared === 'protocol')
      run.input.topology.workloads.find(({ id }) => id === `shop/${callee}`)!.protocol = 'tcp';
    else {
      const service = run.input.topology.services.find(({ id }) => id === `shop/${callee}`)!;
      service.outboundPolicy = {
        opaque: true,
        routes: [],
        retry: null,
        timeouts: { requestMs: null, responseMs: null, idleMs: null },
        failureAccrual: null,
        profile: null,
      };
    }
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('an annotation that does nothing yet is none', async () => {
    const { mesh, run, ports } = shop(new Rng(7));
    countTraffic(mesh, run);
    annotate(mesh, mesh.idsOf('shop', 'db'), 'opaque-ports', `${ports.get('db')}`);
    expect(await diagnose(mesh, run)).toEqual([]);
    mesh.pages.length = 0;
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['port-opaque'], pods: mesh.idsOf('shop', 'db') }]);
  });
});

describe('http-detection-timed-out', () => {
  const timeouts = (value: number, labels: Record<string, string> = {}) => ({
    name: `${'parent_name' in labels ? 'outbound' : 'inbound'}_tcp_detect_http_results_total`,
    labels: { result: 'read_timeout', ...labels },
    value,
  });

  test.each(SEEDS)('names the pods whose detection ended (%i)', async (seed) => {
    const rng = new Rng(300 + seed);
    const { mesh, run, ports } = shop(rng);
    countTraffic(mesh, run);
    const outboundSide = rng.chance(0.5);
    const ids = outboundSide ? mesh.idsOf('shop', 'cart').slice(0, rng.int(1, 2)) : mesh.idsOf('shop', 'db');
    const labels: Record<string, string> = outboundSide ? { parent_namespace: 'shop', parent_name: 'db' } : {};
    for (const id of ids) addToPage(mesh, id, timeouts(rng.int(1, 30), labels));
    expect(await diagnose(mesh, run), 'nothing is missing: a connection that nobody used').toEqual([]);
    for (const id of ids) {
      const { page } = mesh.page(id);
      for (const sample of page!.samples) {
        const concerned = outboundSide ? to('db')(sample.labels) : onPort(ports.get('db')!)(sample.labels);
        if (sample.name === 'request_total' && concerned) sample.value = Math.max(0, sample.value - rng.int(1, 9));
      }
    }
    expect(named(await diagnose(mesh, run))).toEqual([{ causes: ['http-detection-timed-out'], pods: ids.toSorted() }]);
    for (const workload of run.input.topology.workloads) workload.protocol = 'tcp';
    expect(await diagnose(mesh, run)).toEqual([]);
  });

  test('without a run it takes many of them', async () => {
    const { mesh } = shop(new Rng(8));
    const [id] = mesh.idsOf('shop', 'db');
    addToPage(mesh, id!, timeouts(4));
    expect(await diagnose(mesh, null)).toEqual([]);
    addToPage(mesh, id!, timeouts(6));
    expect(named(await diagnose(mesh, null))).toEqual([{ causes: ['http-detection-timed-out'], pods: [id] }]);
    addToPage(mesh, id!, timeouts(4000, { result: 'http/1' }));
    expect(await diagnose(mesh, null)).toEqual([]);
  });
});

test('lists of ports are read as Linkerd reads them', () => {
  expect(listsPort('80', 80)).toBe(true);
  expect(listsPort('8080', 80)).toBe(false);
  expect(listsPort('25, 80-90 ,100', 85)).toBe(true);
  expect(listsPort('25,80-90', 91)).toBe(false);
  expect(listsPort('', 0)).toBe(false);
  expect(listsPort('x,http', 80)).toBe(false);
});
