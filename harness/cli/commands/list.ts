import { EXIT, type ExitCode } from '../../core/errors.ts';
import { formatDuration } from '../../report/format.ts';
import { renderTable } from '../../report/table.ts';
import { loadScenarios } from '../../scenario/load.ts';
import { trafficDurationMs } from '../../scenario/model.ts';
import { type CliContext, widthOf } from '../context.ts';
import { scenarioPaths, shippedScenarios } from '../shipped.ts';

/** `meshproof list`: what scenarios there are. Only a terminal cuts the descriptions. */
export async function list(paths: string[], context: CliContext): Promise<ExitCode> {
  const scenarios = await loadScenarios(paths.length > 0 ? scenarioPaths(paths) : [shippedScenarios()]);
  const columns = [
    { title: 'SCENARIO' },
    { title: 'TRAFFIC', align: 'right' as const },
    { title: 'DESCRIPTION', flexible: true },
  ];
  const rows = scenarios.map((s) =>
    [s.name, formatDuration(trafficDurationMs(s)), s.description].map((text) => ({ text })),
  );
  const width = context.stdout.isTTY ? widthOf(context.stdout) : Number.MAX_SAFE_INTEGER;
  const lines = renderTable(columns, rows, width) ?? renderTable(columns, rows, Number.MAX_SAFE_INTEGER)!;
  context.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.pass;
}
