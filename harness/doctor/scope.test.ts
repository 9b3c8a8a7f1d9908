import { describe, expect, it } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import { TestMesh } from '../verdict/diagnose/testing/index.ts';
import { costOf } from './cost.ts';
import { proxyReports } from './proxies.ts';
import { checkNamespaces, evidenceIn } from './scope.ts';

const evidence = new TestMesh().evidence();

describe('a report on some namespaces', () => {
  it('has the pods, pages and targets of these alone', () => {
    const shop = evidenceIn(['shop'], evidence);
    const ids = proxyReports(shop).map(({ pod }) => pod);
    expect(ids).toEqual(proxyReports(evidence).flatMap(({ pod }) => (pod.startsWith('shop/') ? [pod] : [])));
    expect(shop.pages.map(({ namespace }) => namespace)).toEqual(ids.map(() => 'shop'));
    expect(new Set(shop.prometheus.active.map(({ labels }) => labels.namespace))).toEqual(new Set(['shop']));
    expect(costOf(shop).series).toBe((costOf(evidence).series / evidence.pages.length) * shop.pages.length);
    expect(evidenceIn([], evidence)).toBe(evidence);
  });

  it('is none where the cluster has no such namespace', () => {
    expect(() => checkNamespaces(['shop', 'meshproof'], evidence)).not.toThrow();
    const refusal = (): HarnessError => {
      try {
        checkNamespaces(['shop', 'shpo'], evidence);
      } catch (error) {
        if (error instanceof HarnessError) return error;
      }
      throw new Error('it was accepted');
    };
    expect(refusal()).toMatchObject({
      ...{ code: 'UNKNOWN_NAMESPACE', message: 'the cluster has no namespace "shpo"', exitCode: 2 },
      hint: expect.stringMatching(/^it has linkerd, linkerd-viz, meshproof, shop$/),
    });
    // Whoever may not list them can't tell.
    const { cluster } = evidence;
    expect(() => checkNamespaces(['shpo'], { cluster: { ...cluster, namespaces: null } })).not.toThrow();
  });
});
