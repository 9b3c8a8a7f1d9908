import { expect, it } from 'vitest';
import { epochMs } from '../../core/clock.ts';
import type { MeshProcess } from './mesh-process.ts';
import { Restarts } from './restarts.ts';
import type { ServiceProcess } from './service-process.ts';

const ORIGIN_IN_MS = 20;

/** Writes down what it is told, and when. */
function stage(fail: { at?: string } = {}) {
  const log: { what: string; atMs: number }[] = [];
  const origin = epochMs() + ORIGIN_IN_MS;
  const note = async (what: string) => {
    log.push({ what, atMs: epochMs() - origin });
    if (fail.at === what) throw new Error(`${what} failed`);
  };
  const mesh = {
    request: ({ type, pod }: { type: string; pod: string }) => note(`${type} ${pod}`),
  } as unknown as MeshProcess;
  const process = {
    kill: () => note('kill'),
    start: () => note('start'),
    setOrigin: (ms: number) => note(`origin ${ms === origin}`),
  } as unknown as ServiceProcess;
  const restarts = new Restarts();
  const schedule = (atMs: number, downMs: number) =>
    restarts.schedule(
      [
        {
          spec: { atMs, downMs, service: 'shop/web', replica: 0 },
          target: () => ({ namespace: 'shop', pod: 'web-0', process }),
          inTurn: (work) => work(),
        },
      ],
      origin,
      mesh,
    );
  return { log, restarts, schedule, names: () => log.map(({ what }) => what) };
}

it('kills the sidecar first, and brings the pod back with its origin before its sidecar', async () => {
  const { restarts, schedule, log, names } = stage();
  schedule(30, 40);
  await restarts.done();
  expect(names()).toEqual(['kill-pod web-0', 'kill', 'start', 'origin true', 'start-pod web-0']);
  expect(log[0]!.atMs).toBeGreaterThanOrEqual(28);
  expect(log[2]!.atMs - log[1]!.atMs).toBeGreaterThanOrEqual(39);
});

it('has nothing to wait for when nothing was scheduled', async () => {
  const { restarts } = stage();
  await restarts.done();
  restarts.check();
});

it.each(['kill-pod web-0', 'start', 'start-pod web-0'])('tells of a failure: %s', async (at) => {
  const { restarts, schedule } = stage({ at });
  schedule(0, 0);
  await expect(restarts.done()).rejects.toThrow(`${at} failed`);
  expect(() => restarts.check()).toThrow(`${at} failed`);
});

it('starts nothing any more once it was disposed of', async () => {
  const { restarts, schedule, names } = stage();
  schedule(60_000, 0);
  await restarts[Symbol.asyncDispose]();
  expect(names()).toEqual([]);
  restarts.check();
});

it('does not bring back what is down when it is disposed of', async () => {
  const { restarts, schedule, names } = stage();
  schedule(-1000, 60_000);
  await Promise.resolve();
  await restarts[Symbol.asyncDispose]();
  expect(names()).not.toContain('start');
});
