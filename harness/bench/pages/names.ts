/**
 * Names on a template's page: placeholders of fixed width, so that every pod's page has its own names at the same places.
 * A placeholder is `qxj`, its number in two digits of base 36, and filling; nothing else on a page looks like that.
 */
const MARK = 'qxj';
const FILLING = 'k';
const SHORTEST = MARK.length + 2;
export const MOST_NAMES = 36 ** 2;

/** Widths of what names stand for; every such name of a fleet has exactly this many characters. */
export const WIDTH = { ip: 15, clusterIp: 14, workload: 8, hash: 10, suffix: SHORTEST } as const;

export type NameKind = keyof typeof WIDTH;

/** Gives out placeholders and knows what each stands for. */
export class NameTable {
  /** All that were given out. */
  readonly placeholders: string[] = [];

  /** A new placeholder. */
  add(kind: NameKind): string {
    const index = this.placeholders.length;
    if (index >= MOST_NAMES) throw new RangeError(`a page of more than ${MOST_NAMES} names`);
    const added = `${MARK}${index.toString(36).padStart(2, '0')}`.padEnd(WIDTH[kind], FILLING);
    this.placeholders.push(added);
    return added;
  }

  /** Where placeholders stand in a text, from its beginning. */
  find(text: string): { at: number; index: number }[] {
    const found: { at: number; index: number }[] = [];
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, at + 1)) {
      found.push({ at, index: Number.parseInt(text.slice(at + MARK.length, at + SHORTEST), 36) });
    }
    return found;
  }
}
