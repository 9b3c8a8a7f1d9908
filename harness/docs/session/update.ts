import type { Played } from './run.ts';

/** The document with the outputs of its commands as they were now. */
export function renewed(text: string, played: readonly Played[]): string {
  const lines = text.split('\n');
  // From the end, so that the places before stay where they are.
  for (const { step, now } of played.toReversed()) {
    if (step.shown.length > 0) lines.splice(step.line - 1 + step.height, step.shown.length, ...now);
  }
  return lines.join('\n');
}
