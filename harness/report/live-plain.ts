import type { LiveOutput, LiveView } from './live.ts';
import { doneParts, paintDone, stepText, trafficText } from './live-text.ts';
import { createStyle } from './style.ts';
import { oneLine } from './text.ts';

/** Between two lines about traffic of one scenario: enough to see that it goes on, not enough to fill a log. */
const TRAFFIC_EVERY_MS = 5000;

/** One line a step that has ended, for logs and CI. */
export function plainView(out: LiveOutput, { color, now }: { color: boolean; now: () => number }): LiveView {
  const style = createStyle(color);
  const started = new Map<string, number>();
  const lastTraffic = new Map<string, number>();
  let closed = false;
  const line = (text: string) => {
    if (!closed) out.write(`${text}\n`);
  };
  return {
    event(scenario, event) {
      const name = oneLine(scenario);
      if (event.kind === 'traffic') {
        const last = lastTraffic.get(scenario) ?? Number.NEGATIVE_INFINITY;
        if (now() - last < TRAFFIC_EVERY_MS) return;
        lastTraffic.set(scenario, now());
        line(`${name}: ${trafficText(event)}`);
        return;
      }
      const key = JSON.stringify([scenario, event.step]);
      if (event.state === 'start') {
        started.set(key, now());
        return;
      }
      const since = started.get(key);
      started.delete(key);
      line(`${name}: ${stepText(event, event.ms ?? (since === undefined ? undefined : now() - since))}`);
    },
    scenarioDone(result) {
      lastTraffic.delete(result.name);
      const { verdict, rest } = doneParts(result);
      line(paintDone(result, `${verdict} ${rest}`, style));
    },
    note(text) {
      line(oneLine(text));
    },
    close() {
      closed = true;
    },
  };
}
