import type { ProgressEvent } from '../core/progress.ts';
import type { ScenarioResult } from '../result/types.ts';
import { drawnView } from './live-drawn.ts';
import { plainView } from './live-plain.ts';
import type { LivePlan } from './live-state.ts';

export type { LivePlan } from './live-state.ts';

/** What a run shows while it goes on. Nothing it does throws, and nothing comes after `close`. */
export interface LiveView {
  /** What is going to be run, as soon as that is known: without it there is no total and no estimate. */
  plan(plan: LivePlan): void;
  event(scenario: string, event: ProgressEvent): void;
  scenarioDone(result: ScenarioResult): void;
  /** A line that concerns no scenario alone. */
  note(line: string): void;
  close(): void;
}

/** Where it writes: a stream of a terminal, or of anything. */
export interface LiveOutput {
  write(text: string): unknown;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface LiveOptions {
  /** Redraw in place; else plain lines. */
  tty: boolean;
  color: boolean;
  /** Monotonic milliseconds. */
  now?: () => number;
}

export function createLive(out: LiveOutput, { tty, color, now = () => performance.now() }: LiveOptions): LiveView {
  return tty ? drawnView(out, { color, now }) : plainView(out, { color, now });
}
