import { describe, expect, it } from 'vitest';
import { parseScenario } from '../scenario/load.ts';
import type { Scenario } from '../scenario/model.ts';
import { withoutMesh } from './unmeshed.ts';

const MESHED = parseScenario(
  `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: one, description: One service. }
namespace: shop
mesh: { prometheus: meshed }
services: [{ name: web }]
traffic: [{ executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }]
routing:
  - { kind: HTTPRoute, name: all, service: web, rules: [{ matches: [{ path: / }] }] }
policies:
  - { kind: Server, name: web, service: web }
`,
  'one.yaml',
);
const UNMESHED: Scenario = { ...MESHED, unmeshed: true };

describe('withoutMesh', () => {
  it('leaves a scenario of the mesh as it is', () => {
    expect(withoutMesh(MESHED)).toBe(MESHED);
  });

  it('takes away what only proxies do, and leaves the rest', () => {
    const { routing, policies, ...rest } = UNMESHED;
    expect([routing, policies]).toEqual([expect.any(Array), expect.any(Array)]);
    expect(withoutMesh(UNMESHED)).toEqual({ ...rest, mesh: { ...MESHED.mesh, prometheus: 'unmeshed' } });
  });

  it.each<[string, Partial<Scenario>, string]>([
    [
      'a roll-out',
      { rollout: { toVersion: '2.20' } as NonNullable<Scenario['rollout']> },
      'one.yaml: without a mesh no proxies of 2.20 can be rolled out',
    ],
    [
      'faults',
      { faults: [{ type: 'pod-not-injected' }] as unknown as NonNullable<Scenario['faults']> },
      'one.yaml: without a mesh there is nothing for its faults to befall (pod-not-injected)',
    ],
  ])('refuses %s', (_, change, message) => {
    expect(() => withoutMesh({ ...UNMESHED, ...change })).toThrow(
      expect.objectContaining({ code: 'UNMESHED_NOT_POSSIBLE', message }),
    );
    expect(() => withoutMesh({ ...MESHED, ...change })).not.toThrow();
  });
});
