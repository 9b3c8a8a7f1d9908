import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectKube } from './connect.ts';
import type { Kube, PodObject } from './contract.ts';
import { type WaitForPods, waitForPods } from './ready.ts';
import { StandInApi } from './testing/api.ts';
import { podObject, waiting, warning } from './testing/pods.ts';

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

/** The lists of pods that are seen one after the other; the last one stays. */
function pods(...lists: PodObject[][]) {
  api.on('GET', '/api/v1/namespaces/shop/pods', () => ({
    body: { items: lists.length > 1 ? lists.shift() : lists[0] },
  }));
}
function events(...items: object[]) {
  api.on('GET', '/api/v1/namespaces/shop/events', () => ({ body: { items } }));
}
const wait = (options: Partial<WaitForPods> = {}) =>
  waitForPods(kube, {
    ...{ what: 'the services', select: { namespace: 'shop' }, expected: 2, deadlineMs: 10_000, everyMs: 1 },
    ...options,
  });

const web = podObject('web-1');
const cart = podObject('cart-1');
const starting = podObject('cart-1', { state: waiting('ContainerCreating'), containerID: undefined });

describe('waitForPods', () => {
  it('waits for all to be there and ready', async () => {
    pods([], [web], [web, starting], [web, cart]);
    const seen: object[] = [];
    const found = await wait({ onSeen: (now) => seen.push(now) });
    expect(found.map(({ metadata }) => metadata.name)).toEqual(['web-1', 'cart-1']);
    expect(seen).toEqual([
      { ready: 0, exist: 0, expected: 2 },
      { ready: 1, exist: 1, expected: 2 },
      { ready: 1, exist: 2, expected: 2 },
      { ready: 2, exist: 2, expected: 2 },
    ]);
  });

  it('does not count pods on their way out', async () => {
    const dying = { ...web, metadata: { ...web.metadata, name: 'old', deletionTimestamp: 'now' } };
    const ended = { ...web, status: { ...web.status, phase: 'Succeeded' } };
    pods([web, ended, cart, dying]);
    expect(await wait()).toEqual([web, cart]);
  });

  it('sums up several selections', async () => {
    pods([web]);
    api.on('GET', '/api/v1/namespaces/bank/pods', ({ query }) => ({
      body: { items: query.get('labelSelector') === 'a=b' ? [cart] : [] },
    }));
    expect(await wait({ select: [{ namespace: 'shop' }, { namespace: 'bank', labelSelector: 'a=b' }] })).toHaveLength(
      2,
    );
  });

  it.each([
    ['no such image on the node', { state: waiting('ErrImageNeverPull', 'Container image "x:1" is not present') }],
    ['a name that is none', { state: waiting('InvalidImageName') }],
    ['an image that the registry does not have', { state: waiting('ImagePullBackOff', 'x:1: not found') }],
    ['a container that keeps crashing', { state: waiting('CrashLoopBackOff'), restartCount: 3 }],
  ])('POD_FAILED at once: %s', async (_name, state) => {
    pods([web, podObject('cart-1', { ready: false, ...state })]);
    events(warning('cart-1', 'Failed', 'it failed'));
    const error = await wait().catch((e) => e);
    expect(error).toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringContaining('the services: 1 pods will not'),
    });
    expect(error.message).toContain(`shop/cart-1: Pending\n    app: waiting (${state.state.waiting.reason}`);
    expect(error.message).toContain('Warning Failed Pod cart-1 (x2): it failed');
    expect(error.message).not.toContain('web-1');
  });

  it('POD_FAILED of an init container too', async () => {
    pods([
      podObject('cart-1', { state: waiting('PodInitializing') }, [
        { state: waiting('ErrImageNeverPull'), ready: false },
      ]),
    ]);
    events();
    await expect(wait()).rejects.toMatchObject({
      code: 'POD_FAILED',
      message: expect.stringContaining('init-0: waiting'),
    });
  });

  it.each([
    ['a crash or two', { state: waiting('CrashLoopBackOff'), restartCount: 2 }],
    ['a registry that does not answer', { state: waiting('ImagePullBackOff', 'dial tcp: i/o timeout') }],
    ['a ConfigMap that comes a moment later', { state: waiting('CreateContainerConfigError') }],
  ])('has patience with %s', async (_name, state) => {
    pods([web, podObject('cart-1', { ready: false, ...state })], [web, cart]);
    expect(await wait()).toHaveLength(2);
  });

  it('PODS_NOT_READY has containers, events and log lines of what is not ready', async () => {
    const app = {
      ...{ ready: false, restartCount: 1, state: { running: {} } },
      lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
    };
    pods([
      web,
      podObject('cart-1', app, [{ state: { terminated: { exitCode: 0, reason: 'Completed' } }, ready: true }]),
    ]);
    events(warning('cart-1', 'Unhealthy', 'Readiness probe failed'), warning('web-1', 'Other', 'of another'));
    const log = '/api/v1/namespaces/shop/pods/cart-1/log';
    api.on('GET', log, ({ query }) => ({ body: query.has('previous') ? 'one\n\ntwo\nthree\n' : '' }));
    await expect(wait({ deadlineMs: 0 })).rejects.toMatchObject({
      code: 'PODS_NOT_READY',
      message: [
        'the services: after 0 s there are 2 pods of 2, 1 of them ready',
        '  shop/cart-1: Pending',
        '    app: running, not ready, 1 restarts, last ended with 137 (OOMKilled)',
        '      | one',
        '      | two',
        '      | three',
        '    Warning Unhealthy Pod cart-1 (x2): Readiness probe failed',
      ].join('\n'),
    });
    const asked = api.asked.find(({ path, query }) => path === log && query.has('previous'))!;
    expect(Object.fromEntries(asked.query)).toMatchObject({ container: 'app', tailLines: '3', previous: 'true' });
  });

  it('PODS_NOT_READY has the warnings of the namespace when pods do not come', async () => {
    pods([web]);
    events(warning('cart', 'FailedCreate', 'failed calling webhook', 'ReplicaSet'));
    await expect(wait({ deadlineMs: 0 })).rejects.toThrow(
      'the services: after 0 s there are 1 pods of 2, 1 of them ready\n' +
        '  shop: Warning FailedCreate ReplicaSet cart (x2): failed calling webhook',
    );
  });

  it('PODS_NOT_READY names pods beyond those expected, and one that no node takes', async () => {
    const unscheduled = podObject('cart-1', { state: {} });
    unscheduled.status = {
      conditions: [{ type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' }],
    };
    pods([web, podObject('web-2'), unscheduled]);
    events();
    const error = await wait({ deadlineMs: 0 }).catch((e) => e);
    expect(error.message).toContain('there are shop/web-1, shop/web-2, shop/cart-1');
    expect(error.message).toContain('shop/cart-1: 0/1 nodes are available\n    app: not begun');
  });

  it('ends with the signal, and with a check that throws', async () => {
    pods([]);
    await expect(wait({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
    const check = () => {
      throw new Error('the API is gone');
    };
    await expect(wait({ check })).rejects.toThrow('the API is gone');
  });

  it('CLUSTER_UNREACHABLE when the API server goes away meanwhile', async () => {
    await kube.list({ apiVersion: 'v1', kind: 'Namespace' }).catch(() => {});
    await api.stop();
    await expect(wait({ deadlineMs: 1 })).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE' });
  });
});
