import { describe, HarnessError } from '../core/errors.ts';
import type { ScenarioResult } from '../result/types.ts';
import { resultsNotWritable } from '../result/writable.ts';
import type { Scenario } from '../scenario/model.ts';

/** A result with nothing measured yet; no data is never a pass. */
export function emptyScenarioResult(scenario: Scenario): ScenarioResult {
  return {
    name: scenario.name,
    description: scenario.description,
    file: scenario.file,
    seed: scenario.seed,
    verdict: 'inconclusive',
    reasons: [],
    notes: [],
    startedAt: new Date().toISOString(),
    durationMs: 0,
    phases: [],
    steps: [],
    traffic: { requests: 0, failed: 0, droppedIterations: 0, ratePerSecond: 0 },
    clockMarginMs: 0,
    flows: [],
    quantiles: [],
    slo: [],
    queries: [],
    checks: [],
  };
}

/** What is left of a scenario that did not get to its end. */
export function failedScenarioResult(
  result: ScenarioResult,
  error: unknown,
  phases: { name: string; durationMs: number }[],
): ScenarioResult {
  const record = errorRecord(error);
  return {
    ...result,
    verdict: 'inconclusive',
    reasons: [...result.reasons, { code: record.code, verdict: 'inconclusive', message: record.message }],
    phases,
    durationMs: phases.reduce((sum, p) => sum + p.durationMs, 0),
    error: record,
  };
}

/** Of what the operating system says about files, what comes from the place and not from us. */
const PLACE_ERRORS = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO'];

/** Of several failures the first counts: the others came while its place was tidied up. */
export function errorRecord(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof SuppressedError) return errorRecord(error.suppressed);
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (!(error instanceof HarnessError) && PLACE_ERRORS.includes(code ?? '')) {
    return errorRecord(resultsNotWritable(path ?? 'the folder of the run', error));
  }
  if (error instanceof HarnessError) return { code: error.code, message: error.message, hint: error.hint };
  return {
    code: 'INTERNAL',
    message: describe(error),
    hint: 'this is a defect of meshproof; MESHPROOF_DEBUG=1 shows where',
  };
}
