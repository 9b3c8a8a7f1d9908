import { stripVTControlCharacters } from 'node:util';
import type { ScenarioResult } from '../result/types.ts';
import type { LiveOutput, LiveView } from './live.ts';
import { frameLines } from './live-frame.ts';
import { LiveState } from './live-state.ts';
import { doneParts, noteText, paintDone } from './live-text.ts';
import { createStyle } from './style.ts';
import { displayWidth, truncate } from './text.ts';

const FRAME_MS = 100;
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/**
 * For terminals: a picture that is drawn over itself. Each frame is one write that hides the cursor and shows it again, so
 * that whatever ends the process leaves a terminal that works.
 */
export function drawnView(out: LiveOutput, { color, now }: { color: boolean; now: () => number }): LiveView {
  const style = createStyle(color);
  const state = new LiveState(now());
  let drawn: string[] = [];
  let closed = false;
  // Elapsed times move without events; unref, since a picture must not keep a process alive.
  const timer = setInterval(() => draw(), FRAME_MS);
  timer.unref();
  let lastDraw = Number.NEGATIVE_INFINITY;

  // A terminal that was told no size says 0.
  const columns = () => out.columns || 80;
  // One column is left free: a full line wraps in some terminals.
  const width = () => Math.max(1, columns() - 1);
  const height = () => (out.rows || 24) - 1;

  /** Back to the first line of what was drawn: a terminal that became narrower has broken its lines anew. */
  function home(): string {
    const rows = drawn.reduce((sum, line) => {
      const used = displayWidth(stripVTControlCharacters(line));
      return sum + Math.max(1, Math.ceil(used / columns()));
    }, 0);
    // What has left the screen can't be reached: a terminal stops at its first line.
    return rows > 0 ? `\u001b[${rows}A\r` : '\r';
  }

  function draw(above: string[] = []): void {
    if (closed) return;
    lastDraw = now();
    const lines = frameLines(state, { width: width(), height: height() }, lastDraw, style);
    if (above.length === 0 && lines.length === drawn.length && lines.every((line, i) => line === drawn[i])) return;
    const text = [...above, ...lines].map((line) => `${line}${CLEAR_LINE}\n`).join('');
    out.write(`${HIDE_CURSOR}${home()}${text}${CLEAR_BELOW}${SHOW_CURSOR}`);
    drawn = lines;
  }

  return {
    plan(plan) {
      state.plan(plan);
    },
    event(scenario, event) {
      if (closed) return;
      state.event(scenario, event, now());
      if (now() - lastDraw >= FRAME_MS) draw();
    },
    scenarioDone(result: ScenarioResult) {
      if (closed) return;
      state.scenarioDone(result);
      if (state.isPlanned(result.name)) return draw();
      const { verdict, rest } = doneParts(result);
      draw([paintDone(result, truncate(`${verdict} ${rest}`, width()), style)]);
    },
    note(line) {
      // Whole, however long: it stays, and may be a command to copy.
      draw([noteText(line)]);
    },
    close() {
      if (closed) return;
      clearInterval(timer);
      if (drawn.length > 0) out.write(`${home()}${CLEAR_BELOW}`);
      closed = true;
    },
  };
}
