import { EXIT, type ExitCode } from '../core/errors.ts';
import type { Result } from '../result/types.ts';
import type { UpgradeResult } from '../result/upgrade/types.ts';

/** How the process ends after a run: interrupted before all else; of a suite the worst, 1, then 4, then 3. */
export function exitCodeOf(result: Result): ExitCode {
  const errors = [result.error, ...result.scenarios.map((s) => s.error)].filter((error) => error !== undefined);
  if (errors.some((error) => error.code === 'INTERRUPTED')) return EXIT.interrupted;
  if (result.verdict === 'fail' || result.scenarios.some((s) => s.verdict === 'fail')) return EXIT.fail;
  if (errors.length > 0) return EXIT.environment;
  // Nothing that was run is no pass.
  const passed = result.scenarios.length > 0 && result.scenarios.every((s) => s.verdict === 'pass');
  return passed && result.verdict === 'pass' ? EXIT.pass : EXIT.inconclusive;
}

/** How the process ends after an upgrade was tried: interrupted before all else; no-go, then what broke off, then undecided. */
export function exitCodeOfUpgrade({ decision, error, scenarios }: UpgradeResult): ExitCode {
  if (error?.code === 'INTERRUPTED') return EXIT.interrupted;
  if (decision === 'no-go') return EXIT.fail;
  if (error || scenarios.some(({ runs }) => runs.some((run) => run.error))) return EXIT.environment;
  return decision === 'go' ? EXIT.pass : EXIT.inconclusive;
}
