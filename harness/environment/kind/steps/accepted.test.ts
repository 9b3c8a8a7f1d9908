import { expect, it } from 'vitest';
import { PaperKube } from '../testing/kube.ts';
import { waitUntilAccepted } from './accepted.ts';

const route = (name: string, ...reasons: string[]) => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name, namespace: 'shop' },
  status: {
    parents: reasons.map((reason) => ({
      conditions: [
        { type: 'Accepted', status: reason === 'Accepted' ? 'True' : 'False', reason },
        { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound' },
      ],
    })),
  },
});
const limit = (status?: object) => ({
  apiVersion: 'policy.linkerd.io/v1alpha1',
  kind: 'HTTPLocalRateLimitPolicy',
  metadata: { name: 'slow', namespace: 'shop' },
  status,
});
const server = {
  apiVersion: 'policy.linkerd.io/v1beta3',
  kind: 'Server',
  metadata: { name: 'app', namespace: 'shop' },
};

async function wait(...objects: Parameters<typeof waitUntilAccepted>[1]) {
  const kube = new PaperKube();
  for (const object of objects) kube.put(object);
  return waitUntilAccepted(kube, objects, { deadlineMs: 0 });
}

it('routes and limits that are accepted, and what nobody answers for, are waited for no longer', async () => {
  const accepted = limit({ conditions: [{ type: 'Accepted', status: 'True', reason: '' }] });
  await expect(wait(route('a', 'Accepted', 'Accepted'), accepted, server)).resolves.toBeUndefined();
  await expect(wait()).resolves.toBeUndefined();
});

it('a GRPCRoute of the same Service goes before an HTTPRoute: that is an answer', async () => {
  await expect(wait(route('a', 'RouteReasonConflicted'))).resolves.toBeUndefined();
});

it('what is refused, or not answered yet, is named with the reason', async () => {
  await expect(wait(route('a', 'Accepted', 'NoMatchingParent'), route('b'), limit())).rejects.toThrow(
    /HTTPRoute shop\/a: NoMatchingParent; HTTPRoute shop\/b: no answer yet; HTTPLocalRateLimitPolicy shop\/slow: no answer/,
  );
});
