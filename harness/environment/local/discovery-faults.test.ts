import { describe, expect, it } from 'vitest';
import type { EvidencePod } from '../../evidence/types.ts';
import { withFaults } from '../../faults/apply.ts';
import type { Draft } from '../../faults/draft.ts';
import { Cluster } from '../../mesh/kubernetes/cluster.ts';
import { kubernetesObjects } from '../../mesh/kubernetes/objects.ts';
import { RELEASE } from '../../mesh/kubernetes/testing/mesh-config.ts';
import { parseScrapeJobs } from '../../prometheus/relabel/config.ts';
import { explainPod } from '../../prometheus/relabel/target.ts';
import { prometheusYaml } from '../../prometheus/scrape-config.ts';
import type { FaultOf, FaultParams, FaultSpec, FaultType } from '../../scenario/fault.ts';
import { parseScenario } from '../../scenario/load.ts';
import type { Scenario } from '../../scenario/model.ts';
import { draftOf } from './draft.ts';
import { planLocal } from './plan.ts';
import { paperSpace } from './testing/space.ts';

const scenario = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: one, description: One service. }
namespace: shop
services: [{ name: web, replicas: 2 }]
traffic: [{ executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }]
`,
  'one.yaml',
);

function fault<T extends FaultType>(type: T, params: FaultParams[T], more: Partial<FaultOf<T>> = {}): FaultSpec {
  return { type, params, atMs: null, untilMs: null, service: null, replica: null, ...more } as FaultSpec;
}

/** `job namespace/pod port` of each target, as Prometheus' own rules make them of what the API shows. */
const targets = (...faults: FaultSpec[]) => targetsIn(scenario, ...faults);
async function targetsIn(of: Scenario, ...faults: FaultSpec[]) {
  const planned = draftOf(of, await planLocal(of, '/results/one', paperSpace()));
  const draft = withFaults(planned, faults);
  const jobs = parseScrapeJobs(prometheusYaml(draft.prometheus));
  return jobs.flatMap((job) =>
    shownPods(draft).flatMap((pod) =>
      (explainPod(job, pod as unknown as EvidencePod) ?? []).flatMap((target) =>
        target.outcome === 'kept' ? [{ pool: job.name, name: pod.metadata.name.replace(/-.*/, ''), ...target }] : [],
      ),
    ),
  );
}

function shownPods({ mesh }: Draft) {
  const nobody = { name: '', token: '' };
  const cluster = new Cluster(
    kubernetesObjects(mesh, RELEASE),
    { vizNamespace: 'linkerd-viz', prometheus: nobody, operator: nobody, caFile: '', caPem: '', otherCaPem: () => '' },
    mesh.clusterFaults,
  );
  return cluster.atFirst.pods;
}

const proxies = (of: Awaited<ReturnType<typeof targets>>) =>
  of
    .filter(({ url }) => url.endsWith(':4191/metrics'))
    .map(({ name }) => name)
    .sort();
const components = (of: Awaited<ReturnType<typeof targets>>) =>
  of.filter(({ pool }) => pool === 'linkerd-controller').length;

const ALL = ['linkerd', 'linkerd', 'linkerd', 'load', 'web', 'web'];
const OTHERS = ['linkerd', 'linkerd', 'linkerd', 'load'];
const ONE = { service: 'shop/web', replica: 1 } as const;
const WEB = { service: 'shop/web' } as const;

it.each(['2.17', '2.20'])('renames the ports of the control plane of %s', async (version) => {
  const of = { ...scenario, mesh: { ...scenario.mesh, version } };
  const renamed = fault('control-plane-ports-renamed', { suffix: '-metrics' });
  expect(components(await targetsIn(of))).toBe(5);
  expect(components(await targetsIn(of, renamed))).toBe(0);
});

describe('what is left of the targets', () => {
  it.each<[string, FaultSpec[], string[], number]>([
    ['without faults', [], ALL, 5],
    ['scrape-by-annotation', [fault('scrape-by-annotation', { annotation: 'a.b/c-d' })], [], 5],
    ['admin-port-renamed', [fault('admin-port-renamed', { name: 'metrics' }, WEB)], OTHERS, 5],
    ['admin-port-renamed, one pod', [fault('admin-port-renamed', { name: 'metrics' }, ONE)], [...OTHERS, 'web'], 5],
    ['control-plane-keep', [fault('control-plane-keep', { regex: 'admin-http' })], ALL, 0],
    ['control-plane-keep, some', [fault('control-plane-keep', { regex: 'dest-admin' })], ALL, 1],
    ['control-plane-ports-renamed', [fault('control-plane-ports-renamed', { suffix: '-http' })], ALL, 0],
    ['container-renamed', [fault('container-renamed', { name: 'proxy' }, WEB)], OTHERS, 5],
    ['control-plane-label, missing', [fault('control-plane-label', { value: '' }, WEB)], OTHERS, 5],
    ['control-plane-label, wrong', [fault('control-plane-label', { value: 'l5d' }, WEB)], OTHERS, 5],
    ['keep-rule', [fault('keep-rule', { namespace: 'l5d' })], [], 5],
    ['keep-rule, empty', [fault('keep-rule', { namespace: '' })], [], 5],
    [
      'the two together',
      [fault('keep-rule', { namespace: 'l5d' }), fault('control-plane-label', { value: 'l5d' }, WEB)],
      ['web', 'web'],
      5,
    ],
    ['sidecars-filtered, init', [fault('sidecars-filtered', { by: 'init' })], [], 5],
    ['sidecars-filtered, phase', [fault('sidecars-filtered', { by: 'phase' })], ['linkerd', 'linkerd', 'linkerd'], 5],
    ['second-job', [fault('second-job', { name: 'pods' })], [...ALL, ...ALL].sort(), 5],
    ['address-reused', [fault('address-reused', {}, ONE)], [...ALL, 'web'], 5],
    ['job-name', [fault('job-name', { name: 'linkerd/linkerd-proxy' })], ALL, 5],
  ])('%s', async (_name, faults, wantedProxies, wantedComponents) => {
    const left = await targets(...faults);
    expect([proxies(left), components(left)]).toEqual([wantedProxies, wantedComponents]);
  });
});

describe('what targets are called', () => {
  it.each(['namespace', 'pod', 'job', 'deployment', 'instance'])('pod-label %s', async (label) => {
    const left = await targets(fault('pod-label', { label, value: 'blue' }, ONE));
    expect(proxies(left)).toEqual(ALL);
    expect(left.filter(({ labels }) => labels[label] === 'blue').map(({ name }) => name)).toEqual(['web']);
  });

  it('address-reused: one address under two names', async () => {
    const webs = (await targets(fault('address-reused', {}, ONE))).filter(({ name }) => name === 'web');
    const shared = webs.filter(({ url }) => webs.filter((other) => other.url === url).length === 2);
    expect(shared).toHaveLength(2);
    expect(new Set(shared.map(({ labels }) => labels.pod)).size).toBe(2);
  });

  it('https-job, scrape-limits, rbac-namespaces and second-job stand in their job alone', async () => {
    const draft = withFaults(draftOf(scenario, await planLocal(scenario, '/results/one', paperSpace())), [
      fault('https-job', { job: 'linkerd-controller' }),
      fault('scrape-limits', { samples: 1, labels: 2, bodyBytes: 3 }),
      fault('second-job', { name: 'pods' }),
      fault('rbac-namespaces', { namespaces: ['shop'], asked: ['shop', 'linkerd'] }),
    ]);
    const jobs = parseScrapeJobs(prometheusYaml(draft.prometheus));
    const job = (name: string) => jobs.find((each) => each.name === name)!;
    expect(jobs.filter(({ scheme }) => scheme === 'https').map(({ name }) => name)).toEqual([
      'kubernetes-nodes-cadvisor',
      'linkerd-controller',
    ]);
    expect(job('linkerd-proxy')).toMatchObject({ sampleLimit: 1, labelLimit: 2, bodySizeLimit: 3 });
    expect(job('linkerd-proxy').kubernetes).toEqual([{ role: 'pod', namespaces: ['shop', 'linkerd'] }]);
    expect(job('pods')).toMatchObject({ sampleLimit: 0, kubernetes: [{ role: 'pod', namespaces: null }] });
    expect(draft.mesh.clusterFaults).toEqual({ prometheusMayList: ['shop'] });
  });
});
