import { expect, it } from 'vitest';
import { epochMs } from '../../../core/clock.ts';
import type { MeshPodConfig } from '../../../mesh/contract.ts';
import type { MeshProcess } from '../mesh-process.ts';
import type { ServiceProcess } from '../service-process.ts';
import type { RolloutPlan } from './plan.ts';
import { Rollout } from './rollout.ts';

const pod = (name: string): MeshPodConfig => ({ namespace: 'shop', name }) as MeshPodConfig;

const PLAN: RolloutPlan = {
  controlPlane: { old: [pod('identity-old')], next: [pod('identity-next')] },
  skipped: [],
  steps: [
    { service: 'shop/db', replica: 0, old: pod('db-old'), next: pod('db-next') },
    { service: 'shop/web', replica: 0, old: pod('web-old'), next: pod('web-next') },
  ],
};

/** Writes down what it is told; the roll-out is from 2.17 to 2.18. */
function stage({ fail = '', restMs = 0 } = {}) {
  const log: { what: string; atMs: number }[] = [];
  const note = async (what: string) => {
    log.push({ what, atMs: epochMs() });
    if (what === fail) throw new Error(`${what} failed`);
  };
  const world = {
    mesh: {
      request: (order: { type: string; pod?: string; pods?: string[] }) =>
        note(`${order.type} ${order.pod ?? order.pods?.join()}`),
    } as unknown as MeshProcess,
    processOf: ({ name }: MeshPodConfig) =>
      ({
        start: () => note(`start app ${name}`),
        setOrigin: () => note(`origin ${name}`),
        end: () => note(`end app ${name}`),
      }) as unknown as ServiceProcess,
    lastPage: ({ name }: MeshPodConfig) => note(`last page ${name}`),
  };
  const rollout = new Rollout(PLAN, { toVersion: '2.18', atMs: 0, restMs }, '2.17');
  return { log, names: () => log.map(({ what }) => what), rollout, world };
}

const REPLACED = (name: string) => [
  `start app ${name}-next`,
  `origin ${name}-next`,
  `start-pod ${name}-next`,
  `wait-ready shop/${name}-next`,
  `drain-pod ${name}-old`,
  `end app ${name}-old`,
  `settle-pod ${name}-old`,
  `last page ${name}-old`,
  `delete-pod ${name}-old`,
];

it('replaces the control plane, then pod by pod, each from outside to inside', async () => {
  const { rollout, world, names } = stage();
  rollout.schedule(epochMs(), world);
  await rollout.done();
  expect(names()).toEqual([
    'start-pod identity-next',
    'wait-ready shop/identity-next',
    'drain-pod identity-old',
    'delete-pod identity-old',
    ...REPLACED('db'),
    ...REPLACED('web'),
  ]);
});

it('tells each step when it has come about, with the versions of proxies', async () => {
  const { rollout, world } = stage();
  rollout.schedule(epochMs(), world);
  await rollout.done();
  const [to, from] = ['v2.294.0', 'v2.268.0'];
  const replaced = (workload: string, name: string) => [
    ['pod-started', workload, `${name}-next`, to],
    ['pod-ready', workload, `${name}-next`, to],
    ['pod-leaving', workload, `${name}-old`, from],
    ['pod-gone', workload, `${name}-old`, from],
  ];
  expect(rollout.events.map(({ what, workload, pod: name, version }) => [what, workload, name, version])).toEqual([
    ['control-plane', 'shop', '', to],
    ...replaced('shop/db', 'db'),
    ...replaced('shop/web', 'web'),
  ]);
  const times = rollout.events.map(({ atMs }) => atMs);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});

it('rests between the arrival of a pod and the leaving of the other', async () => {
  const { rollout, world, log } = stage({ restMs: 40 });
  rollout.schedule(epochMs(), world);
  await rollout.done();
  const at = (what: string) => log.find((entry) => entry.what === what)!.atMs;
  expect(at('drain-pod db-old') - at('wait-ready shop/db-next')).toBeGreaterThanOrEqual(39);
});

it('knows who lives, and who has whose place', async () => {
  const { rollout, world } = stage();
  const { old, next } = PLAN.steps[0]!;
  expect([rollout.lives(old), rollout.lives(next)]).toEqual([true, false]);
  expect(rollout.current('shop/db', 0)).toBe(old);
  expect(rollout.current('shop/db', 1)).toBeUndefined();
  expect(rollout.endpoints('shop/db')).toEqual([old]);
  rollout.schedule(epochMs(), world);
  await rollout.done();
  expect([rollout.lives(old), rollout.lives(next)]).toEqual([false, true]);
  expect(rollout.current('shop/db', 0)).toBe(next);
  expect(rollout.endpoints('shop/db')).toEqual([next]);
});

it('lets others do something to a replica first, that began before', async () => {
  const { rollout, world, names } = stage();
  const { promise, resolve } = Promise.withResolvers<void>();
  const killed = rollout.inTurn({ service: 'shop/db', replica: 0 }, () => promise);
  rollout.schedule(epochMs(), world);
  while (!names().includes('delete-pod identity-old')) await new Promise((next) => setImmediate(next));
  await new Promise((next) => setImmediate(next));
  expect(names()).not.toContain('start app db-next');
  resolve();
  await Promise.all([killed, rollout.done()]);
  expect(names()).toContain('delete-pod web-old');
});

it.each(['wait-ready shop/identity-next', 'start app db-next', 'end app web-old'])(
  'tells of a failure, and goes no further: %s',
  async (fail) => {
    const { rollout, world, names } = stage({ fail });
    rollout.schedule(epochMs(), world);
    await expect(rollout.done()).rejects.toThrow(`${fail} failed`);
    expect(() => rollout.check()).toThrow(`${fail} failed`);
    expect(names().at(-1)).toBe(fail);
  },
);

it('begins nothing any more once it was disposed of', async () => {
  const { rollout, world, names } = stage();
  rollout.schedule(epochMs() + 60_000, world);
  await rollout[Symbol.asyncDispose]();
  expect(names()).toEqual([]);
  rollout.check();
});
