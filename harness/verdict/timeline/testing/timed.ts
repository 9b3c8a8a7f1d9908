import type { Timeline } from '../../../result/timeline/types.ts';
import { type JudgeInput, type Judgement, judge } from '../../judge.ts';
import { Recording } from '../recording.ts';
import { type TimelineFacts, timelineOf } from '../timeline.ts';

/** A judgement, and the timeline of what was judged. */
export function timed(
  input: JudgeInput,
  more: Partial<TimelineFacts> = {},
): { judgement: Judgement; timeline: Timeline } {
  const recording = new Recording();
  const judgement = judge(input, recording);
  const mesh = { scrapeIntervalMs: input.window.scrapeIntervalMs ?? 1000 };
  const scenario = { name: 'simulated', mesh, timeline: [], restarts: [] };
  return { judgement, timeline: timelineOf({ scenario, input, judgement, recording, ...more }) };
}
