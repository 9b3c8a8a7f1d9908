import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Result } from '../types.ts';
import { isFolderName } from './read.ts';

/** What a scenario was run with, as text; null: it was not kept, or can't be read. */
export interface Configuration {
  /** The scenario with its defaults filled in, YAML. */
  scenario: string | null;
  /** prometheus.yml. */
  prometheus: string | null;
}

export const SCENARIO_TEXT = 'config/scenario.yaml';
export const PROMETHEUS_TEXT = 'config/prometheus.yml';

/** More than anybody shows. */
const MOST_BYTES = 64 * 1024;

/**
 * The configuration of the scenarios of a run, by the scenario's name; of one that has no folder of its own, what stands in that
 * of the run. Those of which nothing was kept are left out.
 * @param runDir folder of the run's result.json
 */
export async function readConfigurations(
  runDir: string,
  { scenarios }: { scenarios: readonly Pick<Result['scenarios'][number], 'name'>[] },
): Promise<Map<string, Configuration>> {
  const found = new Map<string, Configuration>();
  for (const { name } of scenarios) {
    const own = isFolderName(name) ? await configurationIn(join(runDir, name)) : null;
    // A run that is part of something has no folder for its one scenario.
    const configuration = own ?? (scenarios.length === 1 ? await configurationIn(runDir) : null);
    if (configuration) found.set(name, configuration);
  }
  return found;
}

async function configurationIn(dir: string): Promise<Configuration | null> {
  const [scenario, prometheus] = await Promise.all(
    [SCENARIO_TEXT, PROMETHEUS_TEXT].map((name) => headOf(join(dir, name))),
  );
  return scenario == null && prometheus == null ? null : { scenario: scenario ?? null, prometheus: prometheus ?? null };
}

/** A page without it is a page all the same: what can't be read is not there. */
async function headOf(path: string): Promise<string | null> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, MOST_BYTES));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } catch {
    return null;
  }
}
