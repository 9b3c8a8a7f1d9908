import { describe, expect, it } from 'vitest';
import type { PodObject } from '../kubernetes/contract.ts';
import { hasSidecar, waitForInjection } from './injection-check.ts';
import { FakeKube, withProxy } from './linkerd/testing/fake-kube.ts';

const signal = new AbortController().signal;
const asItIs = (pod: PodObject) => pod;

describe('waitForInjection', () => {
  it('asks until every pod of several comes back with its sidecar', async () => {
    const kube = new FakeKube();
    // The first eight, and one of the next.
    let tries = 0;
    kube.admit = (pod) => {
      tries++;
      return tries <= 8 || tries === 11 ? pod : withProxy(pod);
    };
    await waitForInjection(kube, 'default', { deadlineMs: 10_000, signal });
    expect(tries).toBe(24);
  });

  it('tries a pod that asks for injection', async () => {
    const kube = new FakeKube();
    const tried: PodObject[] = [];
    kube.admit = (pod) => {
      tried.push(pod);
      return withProxy(pod);
    };
    await waitForInjection(kube, 'default', { deadlineMs: 0, signal });
    expect(tried[0]?.metadata.annotations).toEqual({ 'linkerd.io/inject': 'enabled' });
  });

  it('says that the injector does not work when pods stay as they are', async () => {
    const kube = new FakeKube();
    kube.admit = asItIs;
    await expect(waitForInjection(kube, 'shop', { deadlineMs: 0, signal })).rejects.toMatchObject({
      code: 'INJECTOR_NOT_WORKING',
      message: expect.stringMatching(/^pods in shop get no sidecar after 0 ms: 8 of 8 pods were admitted as they are/),
      hint: expect.stringContaining('proxy-injector'),
    });
  });

  it('says what the API said last', async () => {
    const kube = new FakeKube();
    kube.admit = () => {
      throw new Error('failed calling webhook');
    };
    await expect(waitForInjection(kube, 'shop', { deadlineMs: 0, signal })).rejects.toMatchObject({
      code: 'INJECTOR_NOT_WORKING',
      message: expect.stringContaining('failed calling webhook'),
    });
  });

  it('ends with the reason of whoever interrupts it', async () => {
    const kube = new FakeKube();
    const abort = new AbortController();
    const reason = new Error('enough');
    kube.admit = (pod) => {
      abort.abort(reason);
      return pod;
    };
    await expect(waitForInjection(kube, 'shop', { deadlineMs: 10_000, signal: abort.signal })).rejects.toBe(reason);
  });
});

describe('hasSidecar', () => {
  const spec = (containers: string[], initContainers?: string[]) => ({
    spec: {
      containers: containers.map((name) => ({ name })),
      ...(initContainers ? { initContainers: initContainers.map((name) => ({ name })) } : {}),
    },
  });
  it.each([
    ['a container', spec(['app', 'linkerd-proxy']), true],
    ['a native sidecar', spec(['app'], ['linkerd-init', 'linkerd-proxy']), true],
    ['nothing', spec(['app']), false],
    ['only the init container', spec(['app'], ['linkerd-init']), false],
  ])('knows the proxy as %s', (_, pod, expected) => {
    expect(hasSidecar(pod)).toBe(expected);
  });
});
