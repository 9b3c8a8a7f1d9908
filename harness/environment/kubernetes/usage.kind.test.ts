import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testKubeconfig } from '../kind/testing/kubeconfig.ts';
import { connectKube } from './connect.ts';
import type { Kube, KubernetesObject } from './contract.ts';
import { kubeletUsage } from './usage.ts';

const kubeconfig = testKubeconfig();
/** A kubelet that is late, on a machine that is busy. */
const OLDEST_MS = 120_000;

describe('what kubelets of a real cluster say of their containers', () => {
  let kube: Kube;
  beforeAll(async () => {
    kube = await connectKube({ kubeconfig });
  });
  afterAll(() => kube.close());

  it('is of each, and of lately', async () => {
    const nodes = await kube.list<KubernetesObject>({ apiVersion: 'v1', kind: 'Node' });
    const usage = await kubeletUsage(
      kube,
      nodes.map(({ metadata }) => metadata.name),
    );
    const identity = usage.filter(({ namespace, pod }) => namespace === 'linkerd' && /identity/.test(pod));
    expect(identity.map(({ container }) => container).sort()).toEqual(
      expect.arrayContaining(['identity', 'linkerd-proxy']),
    );
    for (const { atMs, cpuSeconds, residentBytes } of identity) {
      expect(atMs).toBeGreaterThan(Date.now() - OLDEST_MS);
      expect(cpuSeconds).toBeGreaterThan(0);
      expect(residentBytes).toBeGreaterThan(1e6);
    }
  });
});
