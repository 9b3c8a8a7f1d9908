import type { ProgressEvent } from '../core/progress.ts';
import type { ScenarioResult } from '../result/types.ts';
import { formatDuration, formatNumber, plural } from './format.ts';
import type { Style } from './style.ts';
import { flowCount } from './summary.ts';
import { oneLine } from './text.ts';

export type Step = Extract<ProgressEvent, { kind: 'step' }>;
export type Traffic = Extract<ProgressEvent, { kind: 'traffic' }>;

/** Phases in words that say what goes on; one that is not here says so by its own name. */
const PHASES: Record<string, string> = {
  start: 'starting',
  settle: 'settling',
  ledgers: 'reading',
  verdict: 'comparing',
  stop: 'stopping',
};

export function phaseText(phase: string): string {
  return Object.hasOwn(PHASES, phase) ? PHASES[phase]! : oneLine(phase);
}

/** `1,200 requests, 3 failed, 8.0 s left`. */
export function trafficText({ sent, failed, remainingMs }: Traffic): string {
  const left = remainingMs > 0 ? `, ${formatDuration(remainingMs)} left` : '';
  return `${plural(sent, 'request')}, ${formatNumber(failed)} failed${left}`;
}

/** `prometheus: 3.15.0 (1.2 s)`. */
export function stepText(step: Step, ms: number | undefined): string {
  const detail = step.detail ? `: ${oneLine(step.detail)}` : '';
  return `${oneLine(step.step)}${detail}${ms === undefined ? '' : ` (${formatDuration(ms)})`}`;
}

/** Whole seconds: for times that are drawn again and again. `42 s`, `2 min 05 s`. */
export function secondsText(ms: number): string {
  const seconds = Math.ceil(Math.max(0, ms) / 1000);
  return seconds < 60 ? `${seconds} s` : formatDuration(seconds * 1000);
}

/** One line of a note; its indentation says what it belongs to. */
export function noteText(line: string): string {
  return `${/^ */.exec(line)![0]}${oneLine(line)}`;
}

/** `PASS baseline-chain: 12/12 flows agree, 1,200 requests (16.0 s)`, in parts, so that only the verdict has a colour. */
export function doneParts(result: ScenarioResult): { verdict: string; rest: string } {
  const why = result.verdict === 'pass' ? '' : `: ${whyText(result)}`;
  const numbers = `${flowCount(result)} flows agree, ${plural(result.traffic.requests, 'request')}`;
  return {
    verdict: result.verdict === 'inconclusive' ? 'inconclusive' : result.verdict.toUpperCase(),
    rest: `${oneLine(result.name)}: ${numbers} (${formatDuration(result.durationMs)})${why}`,
  };
}

/** Why a scenario is no pass, in one line; the answer goes before what it explains. */
export function whyText({ error, diagnoses, reasons }: ScenarioResult): string {
  return oneLine(error?.message ?? diagnoses?.[0]?.summary ?? reasons[0]?.message ?? '');
}

export function paintDone(result: ScenarioResult, line: string, style: Style): string {
  const { verdict } = doneParts(result);
  return line.startsWith(verdict) ? style.verdict(result.verdict, verdict) + line.slice(verdict.length) : line;
}
