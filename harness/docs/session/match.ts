/** Lines that are left out. */
export const ELIDED = '...';

/** What was looked for, and how much of it was found. */
export class Mismatch extends Error {}

/**
 * Whether an output is what a document shows of it: the same words in the same order, where numbers, times, run ids and the
 * random parts of pod names may be any, and lines may be broken elsewhere. `...` in the document stands for any lines.
 * @returns the shown lines as they are in the output now, `...` kept
 * @throws Mismatch
 */
export function matchOutput(shown: readonly string[], output: string): string[] {
  const lines = output.replace(/\n+$/, '').split('\n');
  const now: string[] = [];
  let at = 0;
  let free = false;
  const parts = segments(shown);
  for (const [i, part] of parts.entries()) {
    if (part === null) {
      free = true;
      now.push(ELIDED);
      continue;
    }
    const found = find(part, lines, at, free);
    if (!found) throw mismatch(part, lines.slice(at), free);
    now.push(...lines.slice(found.from, found.to));
    at = found.to;
    free = false;
    if (i === parts.length - 1 && lines.slice(at).some((line) => line.trim() !== '')) {
      throw new Mismatch(`the output goes on:\n${lines.slice(at).join('\n')}`);
    }
  }
  return now;
}

/** Runs of lines, and null for what is left out between them. */
function segments(shown: readonly string[]): (string[] | null)[] {
  const parts: (string[] | null)[] = [];
  for (const line of shown) {
    const last = parts.at(-1);
    if (line.trim() === ELIDED) parts.push(null);
    else if (last) last.push(line);
    else parts.push([line]);
  }
  return parts;
}

/** The lines that hold the words of a segment: from the next one on or, where lines are left out, from any later one. */
function find(part: readonly string[], lines: readonly string[], at: number, free: boolean) {
  const wanted = words(part.join(' '));
  if (wanted.length === 0) return { from: at, to: at };
  for (let from = at; from < lines.length; from++) {
    const to = endOf(wanted, lines, from);
    if (to !== null) return { from, to };
    if (!free && lines[from]!.trim() !== '') return null;
  }
  return null;
}

/** The line after the last that is needed for these words, when they begin at the start of line `from`. */
function endOf(wanted: readonly string[], lines: readonly string[], from: number): number | null {
  if (lines[from]!.trim() === '') return null;
  const there = lines.slice(from).flatMap((line, i) => words(line).map((word) => ({ word, line: from + i })));
  let [i, j] = [0, 0];
  while (i < wanted.length) {
    if (wanted[i] === there[j]?.word) [i, j] = [i + 1, j + 1];
    else {
      // A text that was cut to its width is cut elsewhere when a number in it is longer.
      const [cut, cutThere] = [nextCut(wanted.slice(i)), nextCut(there.slice(j).map(({ word }) => word))];
      if (cut === null || cutThere === null) return null;
      [i, j] = [i + cut, j + cutThere];
    }
  }
  return there[j - 1]!.line + 1;
}

/** How many words to the end of a text that was cut, that word included; null: none of the next few is one. */
function nextCut(list: readonly string[]): number | null {
  const at = list.slice(0, CUT_WITHIN).findIndex((word) => word.endsWith('…'));
  return at < 0 ? null : at + 1;
}

const CUT_WITHIN = 3;

const ANY: [RegExp, string][] = [
  [/\b\d{8}T\d{6}Z-[0-9a-f]{6}\b/g, 'RUN'],
  [/-[0-9a-f]{8,10}-[a-z0-9]{5}\b/g, '-POD'],
  // How far off: its sign may change.
  [/(?<=^|\s)[+-](?=\d)/g, ''],
  [/\d[\d,]*(?:\.\d+)?/g, '0'],
  // A duration, whatever its unit.
  [/\b0 ?(?:us|ms|s)(?![\w/])/g, '0s'],
  [/\b0 min(?: 0s)?(?!\w)/g, '0s'],
  [/[▁-█]+/g, '#'],
  [/[-─═]{3,}/g, '---'],
];

function words(text: string): string[] {
  const plain = ANY.reduce((t, [pattern, by]) => t.replace(pattern, by), text);
  return plain.split(/\s+/).filter((word) => word !== '');
}

function mismatch(part: readonly string[], lines: readonly string[], free: boolean): Mismatch {
  const where = free ? 'nowhere in the rest of the output' : 'not what comes next in the output';
  return new Mismatch(`${where}:\n${part.join('\n')}\n--- the output:\n${lines.join('\n')}`);
}
