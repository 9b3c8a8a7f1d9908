import { describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../scenario/fault.ts';
import { packetRule } from './packets.ts';
import { clusterFaults, concerns } from './possible.ts';

const spec = (change: Partial<FaultSpec>): FaultSpec =>
  ({
    type: 'admin-refused',
    atMs: null,
    untilMs: null,
    service: 'shop/cart',
    replica: null,
    params: {},
    ...change,
  }) as FaultSpec;
const codeOf = (specs: FaultSpec[], mesh: 'simulated' | 'linkerd') => {
  try {
    clusterFaults(specs, mesh);
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('faults of a cluster', () => {
  it.each([
    ['rbac-denied', 'none', 'none'],
    ['not-injected', 'none', 'none'],
    ['admin-port-renamed', 'none', 'FAULT_NOT_HERE'],
    ['admin-dropped', 'none', 'none'],
    ['admin-refused', 'none', 'none'],
    ['page-malformed', 'FAULT_NOT_HERE', 'FAULT_NOT_HERE'],
    ['token-expired', 'FAULT_NOT_HERE', 'FAULT_NOT_HERE'],
  ] as const)('%s: simulated %s, linkerd %s', (type, simulated, linkerd) => {
    expect(codeOf([spec({ type } as FaultSpec)], 'simulated')).toBe(simulated);
    expect(codeOf([spec({ type } as FaultSpec)], 'linkerd')).toBe(linkerd);
  });

  it('begin and end while everything runs, but for what a pod is created with', () => {
    expect(codeOf([spec({ atMs: 1000 })], 'simulated')).toBe('none');
    expect(codeOf([spec({ type: 'not-injected', atMs: 1000 } as FaultSpec)], 'simulated')).toBe('FAULT_NOT_TIMED');
    expect(codeOf([spec({ type: 'admin-port-renamed', untilMs: 9 } as FaultSpec)], 'simulated')).toBe(
      'FAULT_NOT_TIMED',
    );
  });

  it('concern the pods of a service, or one of them', () => {
    const of = (change: Partial<FaultSpec>) =>
      (
        [
          ['shop/cart', 0],
          ['shop/cart', 1],
          ['shop/web', 0],
        ] as const
      ).map(([id, replica]) => concerns(spec(change), id, replica));
    expect(of({})).toEqual([true, true, false]);
    expect(of({ replica: 1 })).toEqual([false, true, false]);
    expect(of({ service: null })).toEqual([false, false, false]);
  });
});

describe('a rule for packets', () => {
  const to = { port: 4191, fate: 'drop', node: '10.244.0.1' } as const;

  it('lets the node in, whose kubelet asks how the proxy is, and the pod itself', () => {
    const rule = packetRule('insert', to).join(' ');
    expect(rule).toBe('-w 10 -I INPUT 1 -p tcp --dport 4191 ! -i lo ! -s 10.244.0.1 -j DROP');
  });

  it('is taken back by what it was put there with', () => {
    for (const fate of ['drop', 'refuse'] as const) {
      const [put, back] = (['insert', 'delete'] as const).map((change) =>
        packetRule(change, { ...to, fate }).join(' '),
      );
      expect(back).toBe(put!.replace('-I INPUT 1', '-D INPUT'));
    }
    expect(packetRule('insert', { ...to, fate: 'refuse' }).join(' ')).toMatch(/-j REJECT --reject-with tcp-reset$/);
  });
});
