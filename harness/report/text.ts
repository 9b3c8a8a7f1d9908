import { stripVTControlCharacters } from 'node:util';

/** Text for terminals: nothing in it moves the cursor, and its width is known. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g;
/** Invisible characters that change the order or the width of what stands around them. */
const INVISIBLE = /[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Regional_Indicator}|[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}])/u;
/** A column for each code unit: looked at first, since that is what nearly every line is made of. */
const NARROW = /^[\x20-\x7e…█░]*$/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * What GitHub Actions takes for a command to the runner: `::name ...::` at the beginning of a line (a text may come to stand there
 * when it is wrapped), and `##[name` anywhere. An address of IPv6 has only one `::`.
 */
const RUNNER_COMMAND = /::(?=[a-z-]+(?: [^\n]*?)?::)|##(?=\[)/gi;

/** One line of visible text that is no command to anyone: escape sequences and control characters removed, runs of white space made one. */
export function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .toWellFormed()
    .replace(CONTROLS, ' ')
    .replace(INVISIBLE, '')
    .replace(/\s+/g, ' ')
    .replace(RUNNER_COMMAND, ([sign]) => `${sign} ${sign}`)
    .trim();
}

/** Columns that a line takes in a terminal. */
export function displayWidth(line: string): number {
  if (NARROW.test(line)) return line.length;
  let width = 0;
  for (const { segment } of graphemes.segment(line)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (/^\p{Mark}/u.test(grapheme)) return 0;
  return WIDE.test(grapheme) || grapheme.includes('\ufe0f') ? 2 : 1;
}

/** Cut to `width` columns, with an ellipsis where something is missing. */
export function truncate(line: string, width: number): string {
  if (displayWidth(line) <= width) return line;
  if (width < 1) return '';
  let [kept, used] = ['', 0];
  for (const { segment } of graphemes.segment(line)) {
    const next = used + graphemeWidth(segment);
    if (next > width - 1) break;
    kept += segment;
    used = next;
  }
  return `${kept}…`;
}

/** Cut to `width` columns out of its middle, so that names that begin alike can still be told apart. */
export function truncateMiddle(line: string, width: number): string {
  if (displayWidth(line) <= width) return line;
  if (width < 4) return truncate(line, width);
  const all = [...graphemes.segment(line)].map(({ segment }) => segment);
  const head = taken(all, Math.ceil((width - 1) / 2));
  const tail = taken(all.toReversed(), width - 1 - displayWidth(head.join(''))).reverse();
  return `${head.join('')}…${tail.join('')}`;
}

/** The first that have room in `width` columns. */
function taken(segments: readonly string[], width: number): string[] {
  let used = 0;
  const end = segments.findIndex((segment) => {
    used += graphemeWidth(segment);
    return used > width;
  });
  return segments.slice(0, end < 0 ? segments.length : end);
}

export function padEnd(line: string, width: number): string {
  return line + ' '.repeat(Math.max(0, width - displayWidth(line)));
}

export function padStart(line: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(line))) + line;
}

/** Lines of at most `width` columns, broken at spaces, and within words that are longer. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(2, width);
  const lines: string[] = [];
  let line = '';
  for (const word of oneLine(text).split(' ')) {
    for (const piece of pieces(word, room)) {
      if (line && displayWidth(line) + 1 + displayWidth(piece) > room) {
        lines.push(line);
        line = piece;
      } else {
        line = line ? `${line} ${piece}` : piece;
      }
    }
  }
  if (line) lines.push(line);
  return lines;
}

function pieces(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const out: string[] = [];
  let [piece, used] = ['', 0];
  for (const { segment } of graphemes.segment(word)) {
    const next = graphemeWidth(segment);
    if (used + next > width) {
      out.push(piece);
      [piece, used] = ['', 0];
    }
    piece += segment;
    used += next;
  }
  return [...out, piece];
}
