import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Scenario } from '../scenario/model.ts';

/** What was run, to be read by people: `config/scenario.yaml` in a scenario's folder. */
export async function keepScenario(dir: string, scenario: Scenario): Promise<void> {
  await mkdir(join(dir, 'config'), { recursive: true });
  await writeFile(join(dir, 'config', 'scenario.yaml'), scenarioText(scenario));
}

const HEAD = `# The scenario as it was run: defaults filled in, times in ms, names qualified. It is not written as scenario files are.
`;

/** As the harness understood it: every default filled in, units in the names. */
export function scenarioText(scenario: Scenario): string {
  return HEAD + stringify(scenario, { lineWidth: 120, aliasDuplicateObjects: false });
}
