import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitFor } from '../../core/wait.ts';
import { connectKube } from './connect.ts';
import type { Kube } from './contract.ts';
import { ApiWatch } from './health.ts';
import { StandInApi } from './testing/api.ts';

let api: StandInApi;
let kube: Kube;
beforeEach(async () => {
  api = await StandInApi.start();
  kube = await connectKube({ kubeconfig: api.kubeconfig });
});
afterEach(async () => {
  await kube.close();
  await api[Symbol.asyncDispose]();
});

const until = <T>(what: string, probe: () => T | undefined) =>
  waitFor(probe, { what, deadlineMs: 20_000, everyMs: 2, hint: '' });
const thrown = (watch: ApiWatch) => {
  try {
    watch.check();
    return undefined;
  } catch (error) {
    return error as Error;
  }
};

it('says that the API server went away, with the last error', async () => {
  api.on('GET', '/readyz', () => ({ body: 'ok' }));
  await using watch = new ApiWatch(kube, { everyMs: 1 });
  await until('two looks', () => api.paths('GET').filter((path) => path === '/readyz').length >= 2 || undefined);
  watch.check();
  await api.stop();
  const error = await until('its end', () => thrown(watch));
  expect(error).toMatchObject({
    code: 'API_SERVER_GONE',
    message: expect.stringMatching(/3 looks in a row failed, the last with: GET \/readyz: .*ECONNREFUSED|\d+ looks/),
  });
});

it('bears two failures in a row, and forgets them', async () => {
  const answers = [500, 500, 200, 500, 500];
  let looks = 0;
  let gone: Error | undefined;
  await using watch = new ApiWatch(kube, { everyMs: 1 });
  api.on('GET', '/readyz', () => {
    // What has been seen by now, this look not yet.
    gone ??= thrown(watch);
    looks++;
    return { status: answers.shift() ?? 200, body: 'etcd failed' };
  });
  await until('its looks', () => looks >= 7 || undefined);
  expect(gone).toBeUndefined();
});

it('takes a third failure for the end, and a later answer for its return', async () => {
  let code = 500;
  api.on('GET', '/readyz', () => ({ status: code, body: 'etcd failed' }));
  await using watch = new ApiWatch(kube, { everyMs: 1 });
  const error = await until('its end', () => thrown(watch));
  expect(error.message).toContain('GET /readyz: 500: etcd failed');
  code = 200;
  await until('its return', () => (thrown(watch) ? undefined : true));
});

it('ends at once, even during a look', async () => {
  let looked = () => {};
  const looking = new Promise<void>((resolve) => {
    looked = resolve;
  });
  api.on('GET', '/readyz', () => {
    looked();
    return null;
  });
  const watch = new ApiWatch(kube);
  await looking;
  await watch[Symbol.asyncDispose]();
  watch.check();
});
