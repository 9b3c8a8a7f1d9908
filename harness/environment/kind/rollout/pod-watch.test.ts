import { expect, it } from 'vitest';
import type { ListOptions, PodObject } from '../../kubernetes/contract.ts';
import { unreachable } from '../../kubernetes/errors.ts';
import { podObject } from '../../kubernetes/testing/pods.ts';
import { PodWatch } from './pod-watch.ts';

const SELECTIONS = new Map([
  ['shop/web', { namespace: 'shop', labelSelector: 'app=web' }],
  ['shop/cart', { namespace: 'shop', labelSelector: 'app=cart' }],
]);

function setUp(known: { of: string; pod: PodObject }[] = []) {
  /** What the API shows, by selector. */
  const shown: Record<string, PodObject[]> = { 'app=web': [], 'app=cart': [] };
  const told: string[] = [];
  let fail: Error | null = null;
  const kube = {
    list: async <T>(_kind: object, { labelSelector = '' }: ListOptions = {}) => {
      if (fail) throw fail;
      return shown[labelSelector] as T[];
    },
  };
  const watch = new PodWatch({
    ...{ kube, selections: SELECTIONS, known },
    tell: (step, pod, of) => told.push(`${of} ${pod.metadata.name} ${step}`),
  });
  const look = async () => {
    told.length = 0;
    await watch.look();
    return [...told];
  };
  return { watch, shown, look, failWith: (error: Error | null) => (fail = error) };
}

function pod(name: string, change: { ip?: string; ready?: boolean; deleted?: boolean; uid?: string } = {}): PodObject {
  const made = podObject(name);
  const { ip, ready = false, deleted = false, uid = name } = change;
  return {
    ...made,
    metadata: { ...made.metadata, uid, ...(deleted && { deletionTimestamp: 'now' }) },
    status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

it('tells each step of a pod once, in their order', async () => {
  const { shown, look } = setUp();
  expect(await look()).toEqual([]);
  shown['app=web'] = [pod('web-1')];
  expect(await look()).toEqual(['shop/web web-1 started']);
  expect(await look()).toEqual([]);
  shown['app=web'] = [pod('web-1', { ip: '10.0.0.1' })];
  expect(await look()).toEqual(['shop/web web-1 address']);
  shown['app=web'] = [pod('web-1', { ip: '10.0.0.1', ready: true })];
  expect(await look()).toEqual(['shop/web web-1 ready']);
  // Not ready for a moment is no step, and neither is ready again.
  shown['app=web'] = [pod('web-1', { ip: '10.0.0.1' })];
  expect(await look()).toEqual([]);
  shown['app=web'] = [pod('web-1', { ip: '10.0.0.1', ready: true, deleted: true })];
  expect(await look()).toEqual(['shop/web web-1 leaving']);
  shown['app=web'] = [];
  expect(await look()).toEqual(['shop/web web-1 gone']);
  expect(await look()).toEqual([]);
});

it('tells nothing of pods that were there, until they leave', async () => {
  const old = pod('cart-0', { ip: '10.0.0.2', ready: true });
  const { shown, look } = setUp([{ of: 'shop/cart', pod: old }]);
  shown['app=cart'] = [old];
  expect(await look()).toEqual([]);
  shown['app=cart'] = [pod('cart-0', { ip: '10.0.0.2', ready: true, deleted: true })];
  expect(await look()).toEqual(['shop/cart cart-0 leaving']);
});

it('tells that a pod has left that went between two looks', async () => {
  const old = pod('cart-0', { ip: '10.0.0.2', ready: true });
  const { look } = setUp([{ of: 'shop/cart', pod: old }]);
  expect(await look()).toEqual(['shop/cart cart-0 leaving', 'shop/cart cart-0 gone']);
});

it('does not call a pod ready that is being deleted already, nor one of the same name the same', async () => {
  const { shown, look } = setUp();
  shown['app=web'] = [pod('web-1', { ready: true, deleted: true, uid: 'a' })];
  expect(await look()).toEqual(['shop/web web-1 started', 'shop/web web-1 leaving']);
  shown['app=web'] = [pod('web-1', { uid: 'b' })];
  expect(await look()).toEqual(['shop/web web-1 started', 'shop/web web-1 gone']);
});

it('gives an API server that is out of reach some time; anything else ends it', async () => {
  const { watch, failWith } = setUp();
  failWith(unreachable('GET /api', 'https://x', new Error('refused')));
  watch.start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  watch.check();
  failWith(new Error('forbidden'));
  await expect(watch.done()).rejects.toThrow('forbidden');
});
