import { describe, expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import { withFaults } from '../../faults/apply.ts';
import type { Draft } from '../../faults/draft.ts';
import type { MeshOrder } from '../../faults/local-fault.ts';
import { type PrometheusConfig, prometheusYaml } from '../../prometheus/scrape-config.ts';
import { LIFECYCLE_ARG } from '../../prometheus/server.ts';
import type { FaultOf, FaultParams, FaultSpec, FaultType } from '../../scenario/fault.ts';
import { parseScenario } from '../../scenario/load.ts';
import { draftOf } from './draft.ts';
import { Faults } from './faults.ts';
import { planLocal } from './plan.ts';
import { paperSpace } from './testing/space.ts';

const scenario = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: two, description: Two services. }
namespace: shop
services:
  - { name: web, calls: [{ service: cart, path: /items }] }
  - { name: cart, replicas: 2, routes: [{ path: /items }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
`,
  'two.yaml',
);

function fault<T extends FaultType>(type: T, params: FaultParams[T], more: Partial<FaultOf<T>> = {}): FaultSpec {
  return { type, params, atMs: null, untilMs: null, service: null, replica: null, ...more } as FaultSpec;
}

const draft = async (faults: FaultSpec[] = []): Promise<Draft> =>
  draftOf({ ...scenario, faults }, await planLocal(scenario, '/results/two', paperSpace()));

describe('faults from the start', () => {
  it('are in the draft before anything runs; what was planned stays as it was', async () => {
    const planned = await draft();
    const before = JSON.stringify(planned);
    const faults = new Faults(planned, [fault('token-expired', {}), fault('keep-rule', { namespace: 'x' })]);
    expect(faults.areThere).toBe(true);
    expect(faults.draft.mesh.clusterFaults).toEqual({ tokenExpired: true });
    expect(prometheusYaml(faults.draft.prometheus)).toContain('linkerd-proxy;linkerd-admin;x$');
    expect(JSON.stringify(planned)).toBe(before);
    expect(faults.draft.topology).toBe(planned.topology);
  });

  it('change nothing where there are none', async () => {
    const planned = await draft();
    const faults = new Faults(planned, []);
    expect(faults.areThere).toBe(false);
    expect(faults.draft).toEqual(planned);
    expect(planned.prometheusArgs).toEqual([]);
  });

  it.each([
    [fault('container-renamed', { name: 'x' }, { service: 'shop/cart', replica: 2 }), 'FAULT_WITHOUT_PODS'],
    [fault('https-job', { job: 'nobody' }), 'FAULT_WITHOUT_JOB'],
    [fault('prometheus-clock', { aheadMs: 1000 }, { atMs: 1000 }), 'FAULT_NOT_TIMED'],
    [fault('prometheus-clock', { aheadMs: 1000 }, { untilMs: 1000 }), 'FAULT_NOT_TIMED'],
  ])('that can not be done are refused: %j', async (spec, code) => {
    const planned = await draft();
    expect(() => new Faults(planned, [spec])).toThrow(expect.objectContaining({ code }));
  });
});

/** Writes down what becomes of a running environment, and when after the origin. */
function stage() {
  const log: { what: string; atMs: number }[] = [];
  const origin = epochMs() + 20;
  const note = (what: string) => log.push({ what, atMs: epochMs() - origin });
  return {
    log,
    origin,
    world: {
      mesh: async (order: MeshOrder) => note(JSON.stringify(order)),
      reconfigurePrometheus: async (config: PrometheusConfig) => {
        note(`jobs ${config.scrape_configs.map((job) => job.job_name).join()}`);
      },
    },
  };
}

describe('faults with a moment', () => {
  const JOBS = 'prometheus,kubernetes-nodes-cadvisor,linkerd-controller,linkerd-multicluster-controller';

  it('come and go, each by itself', async () => {
    const specs = [
      fault('job-name', { name: 'other' }, { atMs: 0, untilMs: 60 }),
      fault('token-expired', {}, { atMs: 20 }),
      fault('rbac-denied', {}, { untilMs: 40 }),
    ];
    const faults = new Faults(await draft(specs), specs);
    const { log, origin, world } = stage();
    expect(faults.draft.mesh.clusterFaults).toEqual({ prometheusMayList: [] });
    faults.schedule(origin, world);
    await faults.done();
    const set = (of: object) => JSON.stringify({ type: 'set-cluster-faults', faults: of });
    expect(log.map(({ what }) => what)).toEqual([
      `jobs ${JOBS},other`,
      set({ prometheusMayList: [], tokenExpired: true }),
      // The other one stays.
      set({ tokenExpired: true }),
      `jobs ${JOBS},linkerd-proxy`,
    ]);
    for (const [i, at] of [0, 20, 40, 60].entries()) expect(log[i]!.atMs).toBeGreaterThanOrEqual(at - 2);
    expect(faults.areThere).toBe(true);
  });

  it('of pods tell the mesh of these pods alone', async () => {
    const specs = [fault('slow-page', { delayMs: 7 }, { service: 'shop/cart', replica: 1, atMs: 0, untilMs: 5 })];
    const faults = new Faults(await draft(specs), specs);
    const { log, origin, world } = stage();
    faults.schedule(origin, world);
    await faults.done();
    const pod = faults.draft.topology.pods.find((p) => p.workload === 'shop/cart' && p.replica === 1)!;
    const order = (of: object) =>
      JSON.stringify({ type: 'set-pod-faults', namespace: 'shop', pod: pod.name, faults: of });
    expect(log.map(({ what }) => what)).toEqual([order({ admin: { delayMs: 7 } }), order({})]);
  });

  it('let Prometheus read its configuration again, which it does for no one else', async () => {
    expect((await draft([fault('job-name', { name: 'x' }, { atMs: 1 })])).prometheusArgs).toEqual([LIFECYCLE_ARG]);
    expect((await draft([fault('job-name', { name: 'x' })])).prometheusArgs).toEqual([]);
  });

  it('begin no more once the environment is taken down, and tell of what failed', async () => {
    const specs = [fault('token-expired', {}, { atMs: 30_000 })];
    const faults = new Faults(await draft(specs), specs);
    const { log, origin, world } = stage();
    faults.schedule(origin, world);
    await faults[Symbol.asyncDispose]();
    expect(log).toEqual([]);
    faults.check();

    const failing = new Faults(
      await draft(specs),
      specs.map((spec) => ({ ...spec, atMs: 0 }) as FaultSpec),
    );
    failing.schedule(origin, { ...world, mesh: () => Promise.reject(new Error('no mesh')) });
    await expect(failing.done()).rejects.toThrow('no mesh');
    expect(() => failing.check()).toThrow('no mesh');
  });
});

describe('together', () => {
  it('a second job is a copy of the first as it was planned, and a new name comes last', async () => {
    const specs = [
      fault('job-name', { name: 'monitoring/proxies' }),
      fault('https-job', { job: 'linkerd-proxy' }),
      fault('second-job', { name: 'pods' }),
    ];
    const jobs = withFaults(await draft(), specs).prometheus.scrape_configs;
    expect(jobs.slice(-2).map(({ job_name, scheme }) => [job_name, scheme])).toEqual([
      ['monitoring/proxies', 'https'],
      ['pods', undefined],
    ]);
  });
});
