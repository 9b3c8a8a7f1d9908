import { relative, sep } from 'node:path';
import { CAUSE_IDS, groupOf } from '../causes/ids.ts';
import { EXIT, HarnessError } from '../core/errors.ts';
import { projectFile } from '../core/project.ts';
import { loadScenarioFile } from '../scenario/load.ts';
import type { Scenario } from '../scenario/model.ts';
import { didYouMean } from '../scenario/suggest.ts';
import type { Bases } from './plan.ts';
import type { FaultCase } from './types.ts';

const SCENARIOS = projectFile('scenarios/');
/** The folder of the cases' scenarios. */
export const FAULT_SCENARIOS = `${SCENARIOS}faults/`;

export function scenarioFileOf(one: Pick<FaultCase, 'name'>): string {
  return `${FAULT_SCENARIOS}${one.name}.yaml`;
}

/**
 * The cases that are meant by names of cases, of causes (all of their cases) or of groups; all when there is no name. Each once,
 * in their order.
 * @throws HarnessError UNKNOWN_CASE
 */
export function selectCases(names: readonly string[], all: readonly FaultCase[]): FaultCase[] {
  if (names.length === 0) return [...all];
  const wanted = new Set<FaultCase>();
  const groups = Object.keys(CAUSE_IDS);
  for (const name of names) {
    const found = all.filter((one) => one.name === name || one.cause === name || groupOf(one.cause) === name);
    if (found.length === 0) {
      const known = [...new Set([...all.map((one) => one.name), ...all.map((one) => one.cause), ...groups])];
      throw new HarnessError('UNKNOWN_CASE', `there is no case ${name}`, {
        hint: didYouMean(name, known) || '`meshproof faults --list` shows what there is',
        exitCode: EXIT.invalidInput,
      });
    }
    for (const one of found) wanted.add(one);
  }
  return all.filter((one) => wanted.has(one));
}

/**
 * The scenarios that worlds are drawn from.
 * @throws ScenarioError
 */
export async function loadBases(cases: readonly FaultCase[]): Promise<Bases> {
  const scenarios = new Map<string, Scenario>();
  for (const one of cases) scenarios.set(one.name, await loadScenarioFile(asUserWrites(scenarioFileOf(one))));
  return {
    ofCase: ({ name }) => scenarios.get(name)!,
    clean: await loadScenarioFile(asUserWrites(`${SCENARIOS}baseline.yaml`)),
  };
}

/** From where the user stands, when it is below. */
function asUserWrites(file: string): string {
  const near = relative(process.cwd(), file);
  return near.split(sep)[0] === '..' ? file : near;
}
