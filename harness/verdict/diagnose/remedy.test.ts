import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../causes/ids.ts';
import { remedyOf } from './remedy.ts';

const of = (cause: CauseId, ...pods: string[]) =>
  remedyOf({ causes: [cause], pods, subject: '', summary: '', evidence: [] });

describe('what to do', () => {
  it("has this mesh's names in place of the catalogue's", () => {
    const [first, second] = of('admin-port-refused', 'shop/web-7d9c54f6b8-x2k5q');
    expect(first).toMatch(/^`kubectl -n shop get pod web-7d9c54f6b8-x2k5q -o yaml \|/);
    expect(second).toBe('`kubectl -n shop rollout restart deploy/web` lets the injector set both.');
  });

  it('says so where it is not the same for every pod', () => {
    const pods = ['shop/web-7d9c54f6b8-x2k5q', 'shop/web-7d9c54f6b8-abcde', 'shop/api-7d9c54f6b9-abcde'];
    const [first, second] = of('admin-port-refused', ...pods);
    expect(first).toMatch(/^`kubectl -n shop get pod api-7d9c54f6b9-abcde .*; the same for the other pods\.$/);
    expect(second).toMatch(/deploy\/api` lets the injector set both; the same for the other pods\.$/);
    expect(of('admin-port-denied', ...pods)[0]).toBe(
      '`linkerd viz allow-scrapes --namespace shop | kubectl apply -f -` lets the Prometheus of linkerd-viz in.',
    );
    expect(of('admin-port-refused', ...pods.slice(0, 2))[1]).not.toContain('the same for');
  });

  it('leaves a name that a pod does not tell', () => {
    expect(of('admin-port-refused', 'shop/web-0')[1]).toContain('kubectl -n shop rollout restart deploy/NAME');
    expect(of('rbac-denied')).toEqual(of('rbac-denied', 'shop/web-0'));
  });

  it('is what the rule says, where it says anything', () => {
    const finding = { causes: ['admin-port-refused'] as const, pods: [], subject: '', summary: '', evidence: [] };
    expect(remedyOf({ ...finding, remedy: ['NAMESPACE'] })).toEqual(['NAMESPACE']);
  });
});
