import { describe, expect, it } from 'vitest';
import type { CauseId } from '../../causes/ids.ts';
import { CATALOGUE } from '../../causes/index.ts';
import { forControlPlane } from '../../causes/placeholders.ts';
import { remedyOf } from './remedy.ts';

const about = (cause: CauseId, pods: string[]) => ({
  ...{ causes: [cause] as const, pods, subject: '', summary: '', evidence: [] },
});
const of = (cause: CauseId, ...pods: string[]) => remedyOf(about(cause, pods));
/** What is meant to be pasted into a shell. */
const COMMAND = /^(?:kubectl|linkerd|curl|promtool) .*|`[^`]*\b(?:kubectl|linkerd|curl|promtool) [^`]*`/g;

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

  it('names the namespace of the control plane, wherever that is', () => {
    const id = 'keep-rule-keeps-nothing';
    expect(remedyOf(about(id, []), 'l5d')).toEqual([
      'Let the rule name the namespace of this control plane: `regex: ^linkerd-proxy;linkerd-admin;l5d$`.',
      'For linkerd-viz: `linkerd viz install --set linkerdNamespace=l5d | kubectl apply -f -`.',
    ]);
    expect(remedyOf(about(id, []))[1]).toContain('linkerdNamespace=linkerd |');
    expect(remedyOf(about('pod-not-injected', ['shop/web-0']), 'l5d')[2]).toContain('kubectl -n l5d logs');
    expect(remedyOf({ ...about(id, []), remedy: ['in CONTROL_PLANE'] }, 'l5d')).toEqual(['in l5d']);
  });
});

describe.each(CATALOGUE)('what to do about $id', ({ id, remedy }) => {
  it("takes no mesh's control plane for granted", () => {
    for (const text of remedy) expect(text).not.toMatch(/-n linkerd\b(?!-)|=linkerd\b(?!-)|;linkerd\b(?!-)/);
  });

  it('is ready to be pasted', () => {
    const texts = of(id, 'shop/web-7d9c54f6b8-x2k5q');
    for (const command of texts.flatMap((text) => text.match(COMMAND) ?? [])) {
      expect(command).not.toMatch(/<[^>]*>|\b(?:NAMESPACE|POD|NAME|POD_IP|CONTROL_PLANE)\b/);
    }
    // Else nobody looked whether it is one.
    const bare = texts.join('\n').replaceAll(/`[^`]*`/g, '');
    expect(bare).not.toMatch(/\bkubectl (?:-n|get|logs|annotate|describe)\b.*<|<(?:namespace|name|pod)>/);
    expect(texts.map((text) => forControlPlane(text, 'x'))).toEqual(texts);
  });
});
