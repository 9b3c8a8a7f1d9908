import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { draftOf } from '../../environment/local/draft.ts';
import { planLocal } from '../../environment/local/plan.ts';
import { paperSpace } from '../../environment/local/testing/space.ts';
import { withFaults } from '../../faults/apply.ts';
import { loadScenarioFile } from '../../scenario/load.ts';
import type { FaultSpec, Scenario } from '../../scenario/model.ts';
import { faultEntry } from '../../scenario/schema/faults.ts';
import { scenarioFileOf } from '../load.ts';
import { randomFrom } from '../random.ts';
import type { ExpectedPods } from '../types.ts';
import { DISCOVERY_CASES } from './discovery.ts';
import { SCRAPE_CASES } from './scrapes.ts';

const CASES = [...DISCOVERY_CASES, ...SCRAPE_CASES];
const SEEDS = Array.from({ length: 25 }, (_, seed) => seed);
/** Their parameters are called otherwise in a file. */
const OTHER_UNITS = new Set(['scrape-limits', 'prometheus-clock']);

const planned = async (scenario: Scenario) => draftOf(scenario, await planLocal(scenario, '/results/x', paperSpace()));

/** As the file would have it. */
function entryOf({ type, service, replica, params }: FaultSpec): unknown {
  return { type, ...(service && { service }), ...(replica !== null && { replica }), ...params };
}

function expectKnown(pods: ExpectedPods, { services }: Scenario): void {
  if (pods.of !== 'services') return;
  for (const { service, replica } of pods.pods) {
    const replicas = [...services, { id: 'meshproof/load', replicas: 1 }].find(({ id }) => id === service)?.replicas;
    expect(replicas).toBeGreaterThan(replica ?? 0);
  }
}

describe.each(CASES.map((one) => [one.name, one] as const))('%s', (_name, one) => {
  it('draws faults that a file could have, that change something, and pods that there are', async () => {
    const base = await loadScenarioFile(scenarioFileOf(one));
    const before = JSON.stringify(base);
    const draft = await planned(base);
    for (const seed of SEEDS) {
      const { scenario, expected } = one.vary(base, randomFrom(seed));
      expect(expected.cause).toBe(one.cause);
      expectKnown(expected.pods, scenario);
      expect(scenario.faults?.length).toBeGreaterThan(0);
      for (const fault of scenario.faults!) {
        if (!OTHER_UNITS.has(fault.type)) expect(faultEntry.safeParse(entryOf(fault)).error).toBeUndefined();
        expect(isDeepStrictEqual(withFaults(draft, [fault]), draft)).toBe(false);
      }
    }
    expect(JSON.stringify(base)).toBe(before);
  });

  it('draws not always the same, where there is something to draw', async () => {
    const base = await loadScenarioFile(scenarioFileOf(one));
    const { type, service } = base.faults![0]!;
    const drawn = new Set(SEEDS.map((seed) => JSON.stringify(one.vary(base, randomFrom(seed)).scenario.faults)));
    const fixed = new Set(['rbac-denied', 'token-expired', 'api-ca-untrusted', 'sidecars-filtered', 'https-job']);
    if (fixed.has(type) && service === null) expect(drawn.size).toBe(1);
    else expect(drawn.size).toBeGreaterThan(3);
  });
});

describe.each(CASES.filter(({ addTo }) => addTo).map((one) => [one.name, one] as const))(
  'faults of %s',
  (_name, one) => {
    it('go into a world of others, whose faults stay', async () => {
      const base = await loadScenarioFile(scenarioFileOf(CASES[0]!));
      const { scenario } = one.addTo!(base, randomFrom('add'));
      expect(scenario.faults?.slice(0, base.faults!.length)).toEqual(base.faults);
      expect(scenario.faults?.length).toBeGreaterThan(base.faults!.length);
    });
  },
);

it('a file shows the type of fault that its case draws', async () => {
  for (const one of CASES) {
    const base = await loadScenarioFile(scenarioFileOf(one));
    const drawn = one.vary(base, randomFrom(1)).scenario;
    expect([one.name, base.faults!.map(({ type }) => type)]).toEqual([one.name, drawn.faults!.map(({ type }) => type)]);
    expect(base.name).toBe(one.name);
  }
});
