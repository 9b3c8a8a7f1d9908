import type { LiveOutput, LiveView } from './live.ts';
import { LiveState } from './live-state.ts';
import { doneParts, noteText, paintDone, stepText, type Traffic, trafficText } from './live-text.ts';
import { createStyle } from './style.ts';
import { oneLine } from './text.ts';

/** Between two lines about traffic of one scenario: enough to see that it goes on, not enough to fill a log. */
const TRAFFIC_EVERY_MS = 10_000;
/** Of the last of it the verdict says more. */
const LEAST_LEFT_MS = 1000;

/** For logs and CI: a line for each step that has ended, some about traffic, and one with each verdict. */
export function plainView(out: LiveOutput, { color, now }: { color: boolean; now: () => number }): LiveView {
  const style = createStyle(color);
  const state = new LiveState(now());
  const lastTraffic = new Map<string, number>();
  let closed = false;
  const line = (text: string) => {
    if (!closed) out.write(`${text}\n`);
  };

  /** The first requests, and then now and again. */
  function traffic(scenario: string, event: Traffic): void {
    const last = lastTraffic.get(scenario);
    const due = last === undefined ? event.sent > 0 : now() - last >= TRAFFIC_EVERY_MS;
    if (!due || (last !== undefined && event.remainingMs < LEAST_LEFT_MS)) return;
    lastTraffic.set(scenario, now());
    line(`${oneLine(scenario)}: ${trafficText(event)}`);
  }

  return {
    plan(plan) {
      state.plan(plan);
    },
    event(scenario, event) {
      if (event.kind === 'traffic') return traffic(scenario, event);
      if (event.kind === 'phase') return;
      const ms = state.stepMs(scenario, event, now());
      state.event(scenario, event, now());
      if (event.state === 'done') line(`${oneLine(scenario)}: ${stepText(event, ms)}`);
    },
    scenarioDone(result) {
      state.scenarioDone(result);
      lastTraffic.delete(result.name);
      const { verdict, rest } = doneParts(result);
      const count = state.total > 1 ? ` [${state.done.length}/${state.total}]` : '';
      line(paintDone(result, `${verdict} ${rest}${count}`, style));
    },
    note(text) {
      line(noteText(text));
    },
    close() {
      closed = true;
    },
  };
}
