import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseScenario } from '../scenario/load.ts';
import { trafficDurationMs } from '../scenario/model.ts';
import { checkVersions, PACES, planStages, turns } from './plan.ts';
import { rolloutMs, stretched } from './stretch.ts';
import { smallScenario } from './testing/worlds.ts';

const options = {
  repeat: 3,
  linkerd: { from: '2.17', to: '2.18' },
  pace: PACES.local,
  interleaved: true,
  rules: null,
};
const order = (repeat: number) =>
  turns(repeat)
    .map(({ phase }) => (phase === 'before' ? 'A' : 'B'))
    .join('');

describe('turns', () => {
  it('are by turns: A B B A A B, and end with an after', () => {
    expect([1, 2, 3, 4].map(order)).toEqual(['AB', 'BAAB', 'ABBAAB', 'BAABBAAB']);
  });

  it('are balanced, and each is run once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), (repeat) => {
        const all = turns(repeat);
        for (const phase of ['before', 'after'] as const) {
          const repeats = all.filter((turn) => turn.phase === phase).map((turn) => turn.repeat);
          expect(repeats.toSorted((a, b) => a - b)).toEqual(Array.from({ length: repeat }, (_, i) => i + 1));
        }
        // A drift that grows with time is in both alike, but for half a turn.
        const sum = (phase: string) => all.reduce((total, turn, at) => total + (turn.phase === phase ? at : 0), 0);
        expect(Math.abs(sum('before') - sum('after'))).toBeLessThanOrEqual(repeat % 2);
      }),
    );
  });
});

describe('the plan of a scenario', () => {
  const names = (stages: ReturnType<typeof planStages>) => stages.map((stage) => stage.map(({ dir }) => dir));

  it('has before and after by turns, the last alone, then the roll-out', () => {
    const stages = planStages(smallScenario('2.20'), options);
    expect(names(stages)).toEqual([
      ['small/before-1', 'small/after-1', 'small/after-2', 'small/before-2', 'small/before-3'],
      ['small/after-3'],
      ['small/during'],
    ]);
    const [before, after, during] = stages.map(([first]) => first);
    expect(before!.scenario.mesh.version).toBe('2.17');
    expect(before!.scenario.rollout).toBeUndefined();
    expect(after!.scenario.mesh.version).toBe('2.18');
    expect(during!.scenario.mesh.version).toBe('2.17');
    expect(during!.scenario.rollout).toMatchObject({ toVersion: '2.18' });
  });

  it('has the roll-out in between where the mesh does not go back', () => {
    expect(names(planStages(smallScenario(), { ...options, repeat: 2, interleaved: false }))).toEqual([
      ['small/before-1', 'small/before-2'],
      ['small/during'],
      ['small/after-1'],
      ['small/after-2'],
    ]);
  });

  it('has no roll-out where the mesh stays as it is', () => {
    const stages = planStages(smallScenario('2.19'), { ...options, repeat: 1, linkerd: null });
    expect(names(stages)).toEqual([['small/before-1'], ['small/after-1']]);
    expect(stages.flat().map(({ scenario }) => scenario.mesh.version)).toEqual(['2.19', '2.19']);
  });

  it('gives every run the rules', () => {
    const stages = planStages(smallScenario(), { ...options, rules: 'groups: []' });
    expect(new Set(stages.flat().map(({ scenario }) => scenario.rules))).toEqual(new Set(['groups: []']));
    expect(planStages(smallScenario(), options).flat()[0]!.scenario).not.toHaveProperty('rules');
  });
});

describe('versions', () => {
  it.each([
    ['2.18', '2.18'],
    ['2.20', 'v2.359.0'],
    ['edge-26.8.3', 'v2.366.0'],
  ])('refuses %s to %s, which are the same', (from, to) => {
    expect(() => checkVersions({ from, to }, true)).toThrow(
      expect.objectContaining({ code: 'EQUAL_VERSIONS', exitCode: 2 }),
    );
  });

  it('says which have the profile of another one', () => {
    expect(checkVersions({ from: '2.17', to: '2.18' }, true)).toEqual([]);
    expect(checkVersions({ from: 'stable-2.14.9', to: '2.18.1' }, true)).toEqual([
      expect.stringMatching(/^stable-2\.14\.9 is taken as 2\.14 /),
      expect.stringMatching(/^2\.18\.1 is taken as 2\.18 /),
    ]);
    expect(checkVersions({ from: 'stable-2.14.9', to: '2.18.1' }, false)).toEqual([]);
    expect(() => checkVersions({ from: '2.18', to: '2.18.1' }, true)).toThrow(
      /^there is nothing to upgrade: 2\.18 and 2\.18\.1 are the same version, v2\.294\.0; 2\.18\.1 is taken as 2\.18 /,
    );
  });

  it('refuses one that no profile has, where there are profiles alone', () => {
    const unknown = { from: '2.18', to: '3.0' };
    expect(() => checkVersions(unknown, true)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_MESH_VERSION', exitCode: 2, message: expect.stringContaining('2.18') }),
    );
    expect(() => checkVersions(unknown, false)).not.toThrow();
  });

  it('knows by its name alone that a release is the same, where there are no profiles', () => {
    expect(() => checkVersions({ from: 'stable-2.14.10', to: '2.14.10' }, false)).toThrow(/nothing to upgrade/);
  });
});

describe('a scenario with a roll-out', () => {
  const long = (shape: string) =>
    parseScenario(
      `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: shaped, description: Shaped. }
namespace: shop
seed: 5
mesh: { scrapeInterval: 2s }
services: [{ name: web, replicas: 3 }]
traffic:
  - ${shape}
  - { executor: constant-vus, target: web, vus: 2, start: 3s, duration: 5s }
timeline:
  - { at: 2s, for: 4s, service: web, latency: 30ms }
restarts:
  - { at: 5s, service: web, replica: 0, down: 1s }
`,
      'shaped.yaml',
    );
  const ramp =
    '{ executor: ramping-arrival-rate, target: web, startRate: 5/s, stages: [{ rate: 40/s, duration: 4s }, { rate: 10/s, duration: 6s }] }';

  it('has traffic for all of it, with some before and after, at the same rates', () => {
    const scenario = long(ramp);
    const during = stretched(scenario, '2.18', PACES.local);
    const { rollout } = during;
    const end = rollout!.atMs + rolloutMs(scenario, PACES.local, rollout!.restMs);
    expect(rollout!.atMs).toBeGreaterThanOrEqual(2 * 2000);
    expect(trafficDurationMs(during)).toBeGreaterThanOrEqual(end + 4000);
    const factor = trafficDurationMs(during) / trafficDurationMs(scenario);
    expect(factor).toBeGreaterThan(1);
    const [ramping, vus] = during.traffic;
    expect(ramping!.shape).toMatchObject({
      startRatePerSecond: 5,
      stages: [{ ratePerSecond: 40 }, { ratePerSecond: 10 }],
    });
    const stages = (ramping!.shape as { stages: { durationMs: number }[] }).stages;
    expect(stages[0]!.durationMs / stages[1]!.durationMs).toBeCloseTo(4 / 6, 3);
    expect(vus).toMatchObject({ shape: { executor: 'constant-vus', vus: 2 } });
    expect(vus!.startMs / 3000).toBeCloseTo(factor, 3);
    // What happens in the scenario happens in the same part of its traffic.
    expect(during.timeline[0]!.atMs / 2000).toBeCloseTo(factor, 3);
    expect(during.timeline[0]!.untilMs! / 6000).toBeCloseTo(factor, 3);
    expect(during.restarts[0]!.atMs / 5000).toBeCloseTo(factor, 3);
    expect(during.restarts[0]!.downMs).toBe(1000);
  });

  it('stays as long as it is when that is long enough', () => {
    const scenario = long('{ executor: constant-arrival-rate, target: web, rate: 5/s, duration: 300s }');
    const { rollout, ...rest } = stretched(scenario, '2.18', PACES.local);
    expect(rollout).toBeDefined();
    expect(rest).toEqual(scenario);
  });

  it('takes its time by the pods that there are', () => {
    const one = rolloutMs({ services: [{ replicas: 1 }] } as never, PACES.local, 1000);
    const four = rolloutMs({ services: [{ replicas: 3 }, { replicas: 1 }] } as never, PACES.local, 1000);
    expect(four - one).toBe(3 * (PACES.local.podMs + 1000));
  });
});
