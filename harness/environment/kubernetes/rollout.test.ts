import { expect, it } from 'vitest';
import type { Kube, PodObject } from './contract.ts';
import { type WaitForRollout, waitForRollout, waitUntilLeft } from './rollout.ts';
import { podObject, waiting } from './testing/pods.ts';

interface Status {
  generation?: number;
  observed?: number;
  updated?: number;
  replicas?: number;
  available?: number;
}

/** What is seen of shop/web, one look after the other; the last one stays. Two replicas are wanted. */
function setUp(looks: (Status | null)[], pods: PodObject[] = []) {
  const left = [...looks];
  let seen = 0;
  const kube = {
    get: async () => {
      seen += 1;
      const now = left.length > 1 ? left.shift()! : left[0]!;
      if (now === null) return null;
      const { generation = 2, observed = 2, updated = 0, replicas = 2, available = 2 } = now;
      return {
        metadata: { name: 'web', generation },
        spec: { replicas: 2 },
        status: {
          ...{ observedGeneration: observed, replicas, updatedReplicas: updated },
          availableReplicas: available,
        },
      };
    },
    list: async () => pods,
    request: async () => ({ items: [] }),
  } as unknown as Kube;
  const wait = (options: Partial<WaitForRollout> = {}) =>
    waitForRollout(kube, {
      ...{ what: 'the roll-out of shop/web', namespace: 'shop', names: ['web'], deadlineMs: 10_000, everyMs: 1 },
      ...options,
    });
  return { wait, seen: () => seen };
}

const DONE: Status = { updated: 2 };

it('waits until all pods are of the new template, available, and no old one is left', async () => {
  const looks: Status[] = [
    // As it was before, while nobody has seen the change.
    { observed: 1, updated: 2 },
    { updated: 1, replicas: 3 },
    { updated: 2, replicas: 3, available: 3 },
    { updated: 2, available: 1 },
    DONE,
  ];
  const { wait, seen } = setUp(looks);
  await wait();
  expect(seen()).toBe(looks.length);
});

it.each([
  [{ observed: 1, updated: 2 }, 'its change has not been seen yet'],
  [{ updated: 1, replicas: 3 }, '1 of 2 pods are of the new template'],
  [{ updated: 2, replicas: 3 }, '1 pods of the old template are left'],
  [{ updated: 2, available: 1 }, '1 of 2 pods are available'],
  [null, 'it is not there'],
])('says what it waited for: %o', async (look, why) => {
  const stuck = podObject('web-2', { state: waiting('ContainerCreating') });
  const { wait } = setUp([look], [podObject('web-1'), stuck]);
  await expect(wait({ deadlineMs: 1 })).rejects.toMatchObject({
    code: 'ROLLOUT_STUCK',
    message: expect.stringMatching(
      new RegExp(`^the roll-out of shop/web: not done after 0.001 s: shop/web: ${why}\\n[\\s\\S]*web-2`),
    ),
  });
});

it('does not wait for a pod that will never be ready', async () => {
  const { wait } = setUp([{ updated: 1, replicas: 3 }], [podObject('web-2', { state: waiting('ErrImageNeverPull') })]);
  await expect(wait()).rejects.toMatchObject({ code: 'POD_FAILED', message: expect.stringContaining('web-2') });
});

it('ends with the reason of whoever interrupts it, and when there is no point in it', async () => {
  const { wait } = setUp([{ updated: 1 }]);
  const reason = new Error('enough');
  await expect(wait({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const check = () => {
    throw new Error('the API server has gone');
  };
  await expect(wait({ check })).rejects.toThrow('the API server has gone');
});

it('waits until nobody is being deleted any more', async () => {
  const at = (name: string, deletionTimestamp?: string) => ({
    metadata: { name, namespace: 'linkerd', deletionTimestamp },
  });
  const looks = [[at('old', '2026-01-02T03:04:05Z'), at('new')], [at('old', '2026-01-02T03:04:05Z')], [at('new')]];
  let seen = 0;
  const kube = { list: async () => looks[seen++] } as unknown as Kube;
  await waitUntilLeft(kube, 'linkerd', { deadlineMs: 10_000 });
  expect(seen).toBe(3);
});
