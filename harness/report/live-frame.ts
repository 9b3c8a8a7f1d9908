import { formatNumber, plural } from './format.ts';
import { type Active, type DoneScenario, type LiveState, trafficLeftMs } from './live-state.ts';
import { phaseText, secondsText } from './live-text.ts';
import type { Style } from './style.ts';
import { displayWidth, oneLine, padEnd, padStart, truncate, truncateMiddle } from './text.ts';

export interface FrameSize {
  /** Columns; no line is wider. */
  width: number;
  /** Lines; there are no more. */
  height: number;
}

const FULL = '█';
const EMPTY = '░';
const GAP = '  ';
const LONGEST_BAR = 24;
const SHORTEST_BAR = 8;
/** From so many lines on there is room for a bar over all. */
const ROOM_FOR_BAR = 7;

/**
 * The picture of a run that goes on: how far it is, what runs, what has not passed, and how many the others are. It fits
 * `size` whatever the number of scenarios.
 */
export function frameLines(state: LiveState, size: FrameSize, nowMs: number, style: Style): string[] {
  const running = state.running();
  const { width, height } = size;
  if (height < 1) return [];
  // Without a plan, or of one scenario alone, there is nothing to sum up.
  if (state.total <= 1) {
    return limited(runningLines(running, width, nowMs, style), height, (more) =>
      moreLine(more, 'running', width, style),
    );
  }
  const lines = [headLine(state, width, nowMs, style)];
  if (height >= ROOM_FOR_BAR) lines.push(style.dim(barOf(state.fraction(nowMs), width)));
  const foot = height >= 3 ? [footLine(state, running, width, style)] : [];
  const room = () => height - lines.length - foot.length;
  lines.push(
    ...limited(runningLines(running, width, nowMs, style), room(), (more) => moreLine(more, 'running', width, style)),
  );
  const bad = state.done.filter(({ verdict }) => verdict !== 'pass');
  const shown = bad.map((one) => badLine(one, width, style));
  lines.push(...limited(shown, room(), (more) => moreLine(more, 'not passed', width, style)));
  return [...lines, ...foot];
}

/** As many lines as there is room for; the last says how many are left out. */
function limited(lines: string[], room: number, rest: (more: number) => string): string[] {
  if (lines.length <= room) return lines;
  if (room <= 0) return [];
  return [...lines.slice(0, room - 1), rest(lines.length - room + 1)];
}

/** `7 of 30 scenarios done, 1 not passed        42 s so far, about 2 min 10 s left`; less of it where there is no room. */
function headLine(state: LiveState, width: number, nowMs: number, style: Style): string {
  const done = `${formatNumber(state.done.length)} of ${plural(state.total, 'scenario')} done`;
  const bad = state.done.filter(({ verdict }) => verdict !== 'pass').length;
  const failed = bad > 0 ? `${formatNumber(bad)} not passed` : '';
  const left: Part[] = [[done, style.bold], ...(failed ? ([[', '], [failed, style.red]] as Part[]) : [])];
  const used = displayWidth(left.map(([text]) => text).join(''));
  const spent = secondsText(nowMs - state.startedAt);
  const leftMs = state.leftMs(nowMs) ?? 0;
  const times = [leftMs > 0 ? `${spent} so far, about ${secondsText(leftMs)} left` : `${spent} so far`, spent];
  const fitting = times.find((text) => used + GAP.length + displayWidth(text) <= width);
  if (fitting === undefined) return fitted(left, width);
  return fitted([...left, [padStart(fitting, width - used), style.dim]], width);
}

function barOf(fraction: number, width: number): string {
  const full = Math.max(0, Math.min(width, Math.round(fraction * width)));
  return FULL.repeat(full) + EMPTY.repeat(width - full);
}

/** `6 passed, 21 waiting`. */
function footLine(state: LiveState, running: Active[], width: number, style: Style): string {
  const passed = state.done.filter(({ verdict }) => verdict === 'pass').length;
  const planned = running.filter(({ name }) => state.isPlanned(name)).length;
  const waiting = Math.max(0, state.total - state.done.length - planned);
  const words = [`${formatNumber(passed)} passed`, ...(waiting > 0 ? [`${formatNumber(waiting)} waiting`] : [])];
  return style.dim(truncate(words.join(', '), width));
}

function badLine({ name, verdict, why }: DoneScenario, width: number, style: Style): string {
  const word = verdict === 'fail' ? 'FAIL' : verdict;
  return fitted([[word, (text) => style.verdict(verdict, text)], [` ${oneLine(name)}${why ? `: ${why}` : ''}`]], width);
}

function moreLine(more: number, what: string, width: number, style: Style): string {
  return style.dim(truncate(`and ${formatNumber(more)} more ${what}`, width));
}

/** A line each, in columns: name, phase, and how far it is. */
function runningLines(running: Active[], width: number, nowMs: number, style: Style): string[] {
  const rows = running.map((one) => ({
    name: oneLine(one.name) || '(no name)',
    phase: one.phase === null ? '' : phaseText(one.phase),
    // What is in its traffic, as long as that lasts.
    left: trafficLeftMs(one, nowMs) > 0 ? `${secondsText(trafficLeftMs(one, nowMs))} left` : '',
    fraction: one.trafficMs > 0 ? 1 - trafficLeftMs(one, nowMs) / one.trafficMs : 0,
    sent: one.traffic ? plural(one.traffic.sent, 'request') : '',
    failed: one.traffic && one.traffic.failed > 0 ? `${formatNumber(one.traffic.failed)} failed` : '',
    doing: doingText(one, nowMs),
  }));
  const widest = (texts: string[]) => Math.max(0, ...texts.map(displayWidth));
  const nameWidth = Math.min(widest(rows.map(({ name }) => name)), Math.max(8, Math.floor(width * 0.35)));
  const phaseWidth = widest(rows.map(({ phase }) => phase));
  const leftWidth = widest(rows.map(({ left }) => left));
  const before = nameWidth + (phaseWidth > 0 ? GAP.length + phaseWidth : 0);
  const numbers = widest(rows.map((row) => numbersText(row.sent, row.failed)));
  const free = width - before - 3 * GAP.length - leftWidth - numbers;
  const bar = free < SHORTEST_BAR ? 0 : Math.min(LONGEST_BAR, free);
  return rows.map((row) => {
    const parts: Part[] = [[padEnd(truncateMiddle(row.name, nameWidth), nameWidth), style.bold]];
    if (phaseWidth > 0) parts.push([GAP], [padEnd(row.phase, phaseWidth), style.dim]);
    if (!row.left) return fitted([...parts, [`${GAP}${row.doing}`]], width);
    if (bar > 0) parts.push([GAP], [barOf(row.fraction, bar), style.green]);
    parts.push([`${GAP}${padStart(row.left, leftWidth)}`], [`${GAP}${row.sent}`]);
    if (row.failed) parts.push([', '], [row.failed, style.yellow]);
    return fitted(parts, width);
  });
}

const numbersText = (sent: string, failed: string) => (failed ? `${sent}, ${failed}` : sent);

/** What goes on outside of traffic: the steps that run, else how long this phase has taken and what was sent. */
function doingText({ running, traffic, phaseAt }: Active, nowMs: number): string {
  if (running.length > 0) {
    const names = running.map(({ step }) => oneLine(step.step)).join(', ');
    const longest = Math.max(...running.map(({ startedAt }) => nowMs - startedAt));
    return longest >= 1000 ? `${names} (${secondsText(longest)})` : names;
  }
  const inPhase = nowMs - phaseAt >= 1000 ? secondsText(nowMs - phaseAt) : '';
  const sent = traffic ? plural(traffic.sent, 'request') : '';
  return [sent, inPhase].filter(Boolean).join(', ');
}

/** Text, and what is put around it. */
type Part = [text: string, paint?: (text: string) => string];

/** One line of at most `width` columns: what does not fit is cut before it is painted. */
function fitted(parts: Part[], width: number): string {
  let used = 0;
  let line = '';
  for (const [i, [text, paint = (t: string) => t]] of parts.entries()) {
    const rest = parts.slice(i + 1).some(([later]) => later !== '');
    // Where something follows that has no room, the cut must show.
    const room = width - used;
    const whole = displayWidth(text) <= room && !(rest && displayWidth(text) === room);
    const cut = whole ? text : truncate(`${text}${rest ? '…' : ''}`, room);
    line += cut && paint(cut);
    used += displayWidth(cut);
    if (!whole) break;
  }
  return line;
}
