import type { ScenarioResult } from '../result/types.ts';
import { formatDuration } from './format.ts';
import type { LiveOutput, LiveView } from './live.ts';
import { doneParts, paintDone, type Step, stepText, type Traffic, trafficText } from './live-text.ts';
import { createStyle } from './style.ts';
import { oneLine, truncate } from './text.ts';

const FRAME_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';

interface Active {
  startedAt: number;
  /** Steps that run now, with their start. */
  running: { step: Step; startedAt: number }[];
  traffic: Traffic | null;
  /** When the traffic was last heard of, so that the time left goes on between two reports. */
  trafficAt: number;
}

/** For terminals: what has ended scrolls up, what goes on is drawn again below it. */
export function drawnView(out: LiveOutput, { color, now }: { color: boolean; now: () => number }): LiveView {
  const style = createStyle(color);
  const active = new Map<string, Active>();
  let drawn = 0;
  let closed = false;
  let hidden = false;
  // Elapsed times move without events; unref, since a picture must not keep a process alive.
  const timer = setInterval(() => draw(), FRAME_MS);
  timer.unref();
  let lastDraw = Number.NEGATIVE_INFINITY;

  // One column is left free: a full line wraps in some terminals.
  const width = () => Math.max(20, (out.columns ?? 80) - 1);
  const erase = () => (drawn > 0 ? `\u001b[${drawn}A\r${CLEAR_BELOW}` : '');

  function draw(above: string[] = []): void {
    if (closed) return;
    const cut = (line: string) => truncate(line, width());
    const lines = [...active].flatMap(([name, state]) => activeLines(name, state, now())).map(cut);
    // More than the screen holds can't be erased again.
    const room = Math.max(1, (out.rows ?? 24) - 1);
    const shown = lines.slice(0, room);
    const cursor = hidden ? '' : HIDE_CURSOR;
    hidden = true;
    out.write(`${cursor}${erase()}${[...above, ...shown].map((line) => `${line}\n`).join('')}`);
    drawn = shown.length;
    lastDraw = now();
  }

  function activeOf(scenario: string): Active {
    let state = active.get(scenario);
    if (!state) {
      state = { startedAt: now(), running: [], traffic: null, trafficAt: 0 };
      active.set(scenario, state);
    }
    return state;
  }

  return {
    event(scenario, event) {
      if (closed) return;
      const state = activeOf(scenario);
      if (event.kind === 'traffic') {
        state.traffic = event;
        state.trafficAt = now();
      } else {
        const index = state.running.findIndex(({ step }) => step.step === event.step);
        const [ended] = index >= 0 ? state.running.splice(index, 1) : [];
        if (event.state === 'start') {
          state.running.push({ step: event, startedAt: now() });
        } else {
          const ms = event.ms ?? (ended && now() - ended.startedAt);
          draw([style.dim(truncate(`  ${oneLine(scenario)}: ${stepText(event, ms)}`, width()))]);
          return;
        }
      }
      if (now() - lastDraw >= FRAME_MS) draw();
    },
    scenarioDone(result: ScenarioResult) {
      if (closed) return;
      active.delete(result.name);
      const { verdict, rest } = doneParts(result);
      draw([paintDone(result, truncate(`${verdict} ${rest}`, width()), style)]);
    },
    note(line) {
      draw([truncate(oneLine(line), width())]);
    },
    close() {
      if (closed) return;
      clearInterval(timer);
      if (hidden) out.write(`${erase()}${SHOW_CURSOR}`);
      closed = true;
    },
  };
}

function activeLines(name: string, state: Active, nowMs: number): string[] {
  const lines = [`> ${oneLine(name)} (${formatDuration(nowMs - state.startedAt)})`];
  for (const { step, startedAt } of state.running) {
    lines.push(`    ${stepText(step, nowMs - startedAt)}`);
  }
  if (state.traffic) {
    const remainingMs = Math.max(0, state.traffic.remainingMs - (nowMs - state.trafficAt));
    lines.push(`    ${trafficText({ ...state.traffic, remainingMs })}`);
  }
  return lines;
}
