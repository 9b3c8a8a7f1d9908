import type { ScenarioResult, VerdictValue } from '../result/types.ts';

/** Of a suite the worst: a fail, else anything inconclusive or missing; no scenario is never a pass. */
export function suiteVerdict(results: ScenarioResult[], wanted: number): VerdictValue {
  if (results.some((r) => r.verdict === 'fail')) return 'fail';
  if (results.length < wanted || results.length === 0) return 'inconclusive';
  return results.every((r) => r.verdict === 'pass') ? 'pass' : 'inconclusive';
}
