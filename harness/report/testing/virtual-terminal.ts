import { displayWidth } from '../text.ts';

interface Row {
  /** A grapheme a cell; the second cell of a wide one is empty. */
  cells: string[];
  /** It went on in the next row for want of room. */
  wrapped: boolean;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is read here
const TOKEN = /\u001b\[(\??)([\d;]*)([A-Za-z])|[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * What somebody at a terminal sees of what is written to it, scrolling, wrapping and reflow included. It knows the few
 * sequences that meshproof uses; any other, and any other control character, is an error. For tests.
 */
export class VirtualTerminal {
  columns: number;
  rows: number;
  /** How often it was written to. */
  writes = 0;
  cursorShown = true;
  /** All that was written. */
  text = '';
  #lines: Row[] = [{ cells: [], wrapped: false }];
  #x = 0;
  #y = 0;

  constructor(columns = 80, rows = 24) {
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string): void {
    this.writes += 1;
    this.text += text;
    for (const match of text.matchAll(TOKEN)) {
      const [token, mark, numbers = '', letter] = match;
      if (letter !== undefined) this.#sequence(mark ?? '', numbers, letter);
      else if (token === '\n') this.#newLine();
      else if (token === '\r') this.#x = 0;
      else if (token < ' ' || token === '\u007f') throw new Error(`control character ${JSON.stringify(token)}`);
      else for (const { segment } of graphemes.segment(token)) this.#put(segment);
    }
  }

  /** As a window does it: text that was broken is broken anew, and the cursor stays at its place in it. */
  resize(columns: number, rows: number = this.rows): void {
    const wholes: { cells: string[]; cursor: number | null }[] = [];
    let open = false;
    for (const [y, { cells, wrapped }] of this.#lines.entries()) {
      const whole = open ? wholes.at(-1)! : { cells: [], cursor: null };
      if (!open) wholes.push(whole);
      if (y === this.#y) whole.cursor = whole.cells.length + this.#x;
      whole.cells = [...whole.cells, ...cells];
      open = wrapped;
    }
    this.columns = columns;
    this.rows = rows;
    this.#lines = [];
    for (const { cells, cursor } of wholes) {
      const count = Math.max(1, Math.ceil(cells.length / columns));
      for (let i = 0; i < count; i++) {
        this.#lines.push({ cells: cells.slice(i * columns, (i + 1) * columns), wrapped: i < count - 1 });
      }
      if (cursor === null) continue;
      const row = Math.min(count - 1, Math.floor(cursor / columns));
      this.#y = this.#lines.length - count + row;
      this.#x = cursor - row * columns;
    }
  }

  /** All lines from the first, those that have left the screen included; no empty ones at the end. */
  get all(): string[] {
    const lines = this.#lines.map(({ cells }) => cells.join('').trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  /** What is on the screen. */
  get screen(): string[] {
    return this.all.slice(this.#top);
  }

  /** Row of the cursor on the screen, and its column. */
  get cursor(): { row: number; column: number } {
    return { row: this.#y - this.#top, column: this.#x };
  }

  get #top(): number {
    return Math.max(0, this.#lines.length - this.rows);
  }

  #sequence(mark: string, numbers: string, letter: string): void {
    const count = numbers === '' ? 1 : Number(numbers);
    if (mark === '?' && numbers === '25' && (letter === 'h' || letter === 'l')) this.cursorShown = letter === 'h';
    else if (mark === '' && letter === 'A') this.#y = Math.max(this.#top, this.#y - count);
    else if (mark === '' && letter === 'm' && /^\d+$/.test(numbers)) return;
    else if (mark === '' && letter === 'K' && numbers === '') this.#clearLine();
    else if (mark === '' && letter === 'J' && numbers === '') this.#clearBelow();
    else throw new Error(`unknown sequence ${mark}${numbers}${letter}`);
  }

  #clearLine(): void {
    const line = this.#lines[this.#y]!;
    line.cells = line.cells.slice(0, this.#x);
    line.wrapped = false;
  }

  #clearBelow(): void {
    this.#clearLine();
    for (const line of this.#lines.slice(this.#y + 1)) Object.assign(line, { cells: [], wrapped: false });
  }

  #newLine(): void {
    this.#x = 0;
    this.#y += 1;
    if (this.#y === this.#lines.length) this.#lines.push({ cells: [], wrapped: false });
  }

  #put(grapheme: string): void {
    const width = displayWidth(grapheme);
    if (this.#x + width > this.columns) {
      this.#lines[this.#y]!.wrapped = true;
      this.#newLine();
    }
    const { cells } = this.#lines[this.#y]!;
    while (cells.length < this.#x) cells.push(' ');
    if (width === 0) {
      cells[Math.max(0, this.#x - 1)] += grapheme;
      return;
    }
    cells.splice(this.#x, width, grapheme, ...(width === 2 ? [''] : []));
    this.#x += width;
  }
}
