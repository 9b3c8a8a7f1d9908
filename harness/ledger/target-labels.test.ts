import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TargetIndex } from './target-labels.ts';

/** What Prometheus does when it stores a series of a target that does not honour labels. */
function store(own: Record<string, string>, target: Record<string, string>): Record<string, string> {
  const stored: Record<string, string> = { ...target };
  for (const [name, value] of Object.entries(own)) {
    let free = name;
    while (Object.hasOwn(target, free) || (free !== name && Object.hasOwn(own, free))) free = `exported_${free}`;
    stored[free] = value;
  }
  return stored;
}

describe('TargetIndex', () => {
  it('tells targets apart whose labels differ in number', () => {
    const small = { job: 'linkerd-proxy', pod: 'web-1' };
    const large = { ...small, version: 'v1' };
    const index = new TargetIndex([small, large]);
    expect(index.resolve({ ...small, __name__: 'up' })).toEqual({ target: 0, labels: {} });
    expect(index.resolve({ ...large, a: 'b' })).toEqual({ target: 1, labels: { a: 'b' } });
    expect(index.resolve({ job: 'linkerd-proxy', pod: 'web-2' })).toBeUndefined();
  });

  it('gives a label back to the proxy that the target had taken', () => {
    const index = new TargetIndex([{ job: 'linkerd-proxy', pod: 'web-1', version: 'v1' }]);
    expect(
      index.resolve({
        job: 'linkerd-proxy',
        pod: 'web-1',
        version: 'v1',
        exported_version: '2.366.0',
        exported_other: 'x',
      }),
    ).toEqual({ target: 0, labels: { version: '2.366.0', exported_other: 'x' } });
  });

  it('leaves the exported_ label of the proxy alone that stood in the way', () => {
    const target = { instance: '1', version: 'v1' };
    const own = { version: '2.366.0', exported_version: 'x' };
    const stored = store(own, target);
    expect(stored).toEqual({ ...target, exported_version: 'x', exported_exported_version: '2.366.0' });
    expect(new TargetIndex([target]).resolve(stored)).toEqual({ target: 0, labels: own });
  });

  it("undoes Prometheus' storing for any labels", () => {
    const name = fc.constantFrom('job', 'pod', 'version', 'tls', 'direction', 'le', 'zone');
    const labels = fc.dictionary(name, fc.string({ minLength: 1 }), { maxKeys: 5 });
    fc.assert(
      fc.property(labels, labels, labels, (own, a, b) => {
        const targets = [
          { ...a, instance: '1' },
          { ...b, instance: '2' },
        ];
        const index = new TargetIndex(targets);
        for (const [target, its] of targets.entries()) {
          expect(index.resolve(store(own, its))).toEqual({ target, labels: own });
        }
      }),
    );
  });
});
