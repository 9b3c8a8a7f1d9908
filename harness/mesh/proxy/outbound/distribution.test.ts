import { describe, expect, it } from 'vitest';
import type { Balancer } from '../balancer.ts';
import { seededRandom } from '../random.ts';
import { chooseBackend, type WeightedBackend } from './distribution.ts';

const backend = (name: string, weight: number, isShut = false): WeightedBackend => ({
  ref: { namespace: 'shop', name, port: 80, clusterIp: '' },
  balancer: { isShut } as Balancer,
  weight,
});

function shares(backends: WeightedBackend[], rounds = 10_000): Record<string, number> {
  const random = seededRandom('shares');
  const counts: Record<string, number> = {};
  for (let i = 0; i < rounds; i++) {
    const name = chooseBackend(backends, random)?.ref.name ?? 'none';
    counts[name] = (counts[name] ?? 0) + 1 / rounds;
  }
  return counts;
}

describe('chooseBackend', () => {
  it('by weight', () => {
    const { a, b, c, d } = shares([backend('a', 90), backend('b', 9), backend('c', 0), backend('d', 1)]);
    expect(a).toBeCloseTo(0.9, 1);
    expect(b).toBeCloseTo(0.09, 2);
    expect(d).toBeCloseTo(0.01, 2);
    expect(c).toBeUndefined();
  });

  it('leaves out what has no endpoint, and gives its share to the others', () => {
    const { a, b, c } = shares([backend('a', 90, true), backend('b', 3), backend('c', 1)]);
    expect(a).toBeUndefined();
    expect(b).toBeCloseTo(0.75, 1);
    expect(c).toBeCloseTo(0.25, 1);
  });

  it('of none that can take it, none', () => {
    expect(shares([backend('a', 1, true), backend('b', 1, true)], 10)).toEqual({ none: expect.closeTo(1) });
    expect(chooseBackend([backend('a', 1, true)], () => 0)).toBeNull();
  });

  it('a Service that does not exist is chosen as any other', () => {
    const absent = { ...backend('x', 1), balancer: null };
    expect(chooseBackend([absent, backend('a', 1, true)], () => 0.99)?.ref.name).toBe('x');
  });

  it('the ends of the random numbers', () => {
    const both = [backend('a', 1), backend('b', 1)];
    expect(chooseBackend(both, () => 0)?.ref.name).toBe('a');
    expect(chooseBackend(both, () => 0.5)?.ref.name).toBe('b');
    expect(chooseBackend(both, () => 1 - Number.EPSILON)?.ref.name).toBe('b');
  });
});
