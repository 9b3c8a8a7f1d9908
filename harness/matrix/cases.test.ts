import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ALL_CAUSE_IDS, groupOf } from '../causes/ids.ts';
import { FAULT_KINDS } from '../scenario/fault-kinds.ts';
import { loadScenarios } from '../scenario/load.ts';
import { LOAD_WORKLOAD, type Scenario, trafficDurationMs } from '../scenario/model.ts';
import { ALL_CASES } from './cases/index.ts';
import { FAULT_SCENARIOS, scenarioFileOf, selectCases } from './load.ts';
import { randomFrom } from './random.ts';
import type { ExpectedPods, Varied } from './types.ts';

const scenarios = await loadScenarios([FAULT_SCENARIOS]);
const byName = new Map(scenarios.map((scenario) => [scenario.name, scenario]));
const scenarioOf = (name: string): Scenario => structuredClone(byName.get(name)!);

describe('the cases', () => {
  it('are as many as the scenarios in scenarios/faults/, each with one of its name', () => {
    const files = readdirSync(FAULT_SCENARIOS).map((file) => file.replace(/\.yaml$/, ''));
    expect(ALL_CASES.map(({ name }) => name).toSorted()).toEqual(files.toSorted());
    for (const { name, file } of scenarios) expect(file).toBe(scenarioFileOf({ name }));
  });

  it('provoke every cause', () => {
    const provoked = new Set(ALL_CASES.map(({ cause }) => cause));
    expect(ALL_CAUSE_IDS.filter((id) => !provoked.has(id))).toEqual([]);
  });

  it('use every type of fault', () => {
    const used = new Set(scenarios.flatMap(({ faults = [] }) => faults.map(({ type }) => type)));
    expect(Object.keys(FAULT_KINDS).filter((type) => !(used as Set<string>).has(type))).toEqual([]);
  });

  it('are found by name, cause and group', () => {
    const [first] = ALL_CASES;
    expect(selectCases([first!.name], ALL_CASES)).toEqual([first]);
    expect(selectCases([first!.cause], ALL_CASES)).toEqual(ALL_CASES.filter(({ cause }) => cause === first!.cause));
    expect(selectCases(['queries', first!.name], ALL_CASES)).toEqual(
      ALL_CASES.filter((one) => one === first || groupOf(one.cause) === 'queries'),
    );
    expect(selectCases([], ALL_CASES)).toEqual(ALL_CASES);
    expect(() => selectCases(['admin-port-renmaed'], ALL_CASES)).toThrow('there is no case admin-port-renmaed');
  });
});

describe.each(ALL_CASES)('$name', (one) => {
  const draws = (vary: (scenario: Scenario, i: number) => Varied) =>
    Array.from({ length: 10 }, (_, i) => vary(scenarioOf(one.name), i));
  const varied = draws((scenario, i) => one.vary(scenario, randomFrom(one.name, i)));

  it('has a scenario that is quick, and says what to look at', () => {
    const scenario = scenarioOf(one.name);
    expect(scenario.description).toMatch(/look at/i);
    expect(trafficDurationMs(scenario)).toBeLessThanOrEqual(15_000);
    expect(readFileSync(scenarioFileOf(one), 'utf8').split('\n')[0]).toBe(
      '# yaml-language-server: $schema=../meshproof-scenario.schema.json',
    );
  });

  it('draws the same from the same seed, and leaves what it is given', () => {
    const scenario = scenarioOf(one.name);
    expect(one.vary(scenario, randomFrom(one.name, 0))).toEqual(varied[0]);
    expect(scenario).toEqual(scenarioOf(one.name));
  });

  it('expects its cause, of pods that are there', () => {
    for (const { scenario, expected } of varied) {
      expect(expected.cause).toBe(one.cause);
      checkPods(expected.pods, scenario);
      checkFaults(scenario);
    }
  });

  const { addTo } = one;
  // Those that are made of services, traffic or queries of their own can't be added to anything.
  if (!addTo) return;
  it('adds its faults alone to another world', () => {
    for (const other of ALL_CASES.filter((case_) => case_.addTo)) {
      const before = scenarioOf(other.name);
      const { scenario, expected } = addTo(before, randomFrom(one.name, other.name));
      expect(before).toEqual(scenarioOf(other.name));
      expect({ ...scenario, faults: [] }).toEqual({ ...before, faults: [] });
      expect(scenario.faults!.length).toBeGreaterThan(before.faults?.length ?? 0);
      expect(scenario.faults!.slice(0, before.faults?.length ?? 0)).toEqual(before.faults ?? []);
      expect(expected.cause).toBe(one.cause);
      checkPods(expected.pods, scenario);
      checkFaults(scenario);
    }
  });
});

function replicasOf(scenario: Scenario, service: string): number | undefined {
  return service === LOAD_WORKLOAD.id ? 1 : scenario.services.find(({ id }) => id === service)?.replicas;
}

function checkPods(pods: ExpectedPods, scenario: Scenario): void {
  if (pods.of !== 'services') return;
  for (const { service, replica } of pods.pods) expect(replicasOf(scenario, service)).toBeGreaterThan(replica ?? 0);
}

/** What a file with these faults would have been refused for. */
function checkFaults({ faults = [], ...scenario }: Scenario): void {
  for (const { type, service, replica, atMs, untilMs } of faults) {
    const { concerns, at } = FAULT_KINDS[type];
    expect(service === null, `${type} ${service}`).toBe(concerns === 'none');
    if (service !== null) expect(replicasOf(scenario, service)).toBeGreaterThan(replica ?? 0);
    if (concerns !== 'pods') expect(replica).toBeNull();
    if (at === 'never') expect([atMs, untilMs]).toEqual([null, null]);
    if (at === 'once') expect([atMs === null, untilMs]).toEqual([false, null]);
    expect(atMs ?? 0).toBeLessThan(trafficDurationMs(scenario));
  }
}
