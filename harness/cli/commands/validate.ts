import { EXIT, type ExitCode } from '../../core/errors.ts';
import { formatDuration, plural } from '../../report/format.ts';
import { oneLine } from '../../report/text.ts';
import { loadScenarios } from '../../scenario/load.ts';
import { trafficDurationMs } from '../../scenario/model.ts';
import type { CliContext } from '../context.ts';
import { scenarioPaths } from '../shipped.ts';

/** `meshproof validate`: every problem of every file, or one line a scenario. */
export async function validate(paths: string[], context: CliContext): Promise<ExitCode> {
  for (const scenario of await loadScenarios(scenarioPaths(paths))) {
    const size = `${plural(scenario.services.length, 'service')}, ${formatDuration(trafficDurationMs(scenario))} of traffic`;
    context.stdout.write(`${oneLine(`ok ${scenario.file}: ${scenario.name} (${size})`)}\n`);
  }
  return EXIT.pass;
}
