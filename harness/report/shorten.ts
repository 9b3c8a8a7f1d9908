import { oneLine, wrap } from './text.ts';

/** Where a text may end and still say something: after a sentence, a clause, a list's item. */
const CLAUSE_END = /[.;:,]$/;
/** A clause that leaves more than this of the room empty gives way to a cut at a word. */
const LEAST_FILLED = 0.5;

/**
 * Lines of at most `width` columns, no more than `most` of them: a text that is too long ends with a whole clause, else with a whole
 * word, and says with `…` that it went on.
 * @param suffix what stands behind it in any case, as the code of a reason
 */
export function shortened(text: string, width: number, most: number, suffix = ''): string[] {
  const end = oneLine(suffix);
  const join = (body: string) => wrap([body, end].filter(Boolean).join(' '), width);
  const plain = oneLine(text);
  const whole = join(plain);
  if (whole.length <= most) return whole;
  // Of a text of many pages only what could have room is looked at.
  const words = plain.slice(0, width * (most + 1)).split(' ');
  const fits = (count: number) => join(`${words.slice(0, count).join(' ')} …`).length <= most;
  let longest = words.length - 1;
  while (longest > 0 && !fits(longest)) longest -= 1;
  // Not even one word has room: wherever it is cut, it is cut within one.
  if (longest === 0) return join(`${plain.slice(0, width * most)} …`).slice(0, most);
  let clause = longest;
  while (clause > longest * LEAST_FILLED && !CLAUSE_END.test(words[clause - 1]!)) clause -= 1;
  const kept = words.slice(0, clause > longest * LEAST_FILLED ? clause : longest).join(' ');
  return join(`${kept.replace(/[;:,]$/, '')} …`);
}
