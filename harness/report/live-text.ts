import type { ProgressEvent } from '../core/progress.ts';
import type { ScenarioResult } from '../result/types.ts';
import { formatDuration, formatNumber, plural } from './format.ts';
import type { Style } from './style.ts';
import { flowCount } from './summary.ts';
import { oneLine } from './text.ts';

export type Step = Extract<ProgressEvent, { kind: 'step' }>;
export type Traffic = Extract<ProgressEvent, { kind: 'traffic' }>;

/** `1,200 requests, 3 failed, 8.0 s left`. */
export function trafficText({ sent, failed, remainingMs }: Traffic): string {
  const left = remainingMs > 0 ? `, ${formatDuration(remainingMs)} left` : '';
  return `${plural(sent, 'request')}, ${formatNumber(failed)} failed${left}`;
}

/** `Prometheus is ready: v3.15.0 (1.2 s)`. */
export function stepText(step: Step, ms: number | undefined): string {
  const detail = step.detail ? `: ${oneLine(step.detail)}` : '';
  return `${oneLine(step.step)}${detail}${ms === undefined ? '' : ` (${formatDuration(ms)})`}`;
}

/** `PASS baseline-chain: 12/12 flows agree, 1,200 requests (16.0 s)`, in parts, so that only the verdict has a colour. */
export function doneParts(result: ScenarioResult): { verdict: string; rest: string } {
  const why =
    result.verdict === 'pass' ? '' : `: ${oneLine(result.error?.message ?? result.reasons[0]?.message ?? '')}`;
  const numbers = `${flowCount(result)} flows agree, ${plural(result.traffic.requests, 'request')}`;
  return {
    verdict: result.verdict === 'inconclusive' ? 'inconclusive' : result.verdict.toUpperCase(),
    rest: `${oneLine(result.name)}: ${numbers} (${formatDuration(result.durationMs)})${why}`,
  };
}

export function paintDone(result: ScenarioResult, line: string, style: Style): string {
  const { verdict } = doneParts(result);
  return line.startsWith(verdict) ? style.verdict(result.verdict, verdict) + line.slice(verdict.length) : line;
}
