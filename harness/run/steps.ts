import type { ProgressEvent } from '../core/progress.ts';
import type { StepTime } from '../result/types.ts';

/** Passes progress on, and remembers how long each step took. */
export function timed(next: (event: ProgressEvent) => void): {
  progress(event: ProgressEvent): void;
  steps: StepTime[];
} {
  const steps: StepTime[] = [];
  return {
    steps,
    progress(event) {
      if (event.kind === 'step' && event.state === 'done') {
        steps.push({ name: event.step, detail: event.detail ?? '', durationMs: Math.round(event.ms ?? 0) });
      }
      next(event);
    },
  };
}
