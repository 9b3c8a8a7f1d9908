/** Pairs of names that differ in one word are one name with both words. */
const PAIRS: readonly (readonly string[])[] = [
  ['grpc', 'http'],
  ['tcp', 'tls'],
  ['close', 'open'],
  ['receive', 'transmit'],
  ['inbound', 'outbound'],
  ['backend_response', 'request'],
  ['stop', 'start'],
];
const FEW = 3;

/**
 * Names of families in the fewest words that still tell which they are: `outbound_{grpc,http}_route_retry_* (8 families)`,
 * `request_total, response_total`.
 * @param counted how many they are is said where not all are named
 */
export function namesText(names: readonly string[], counted = true): string {
  const sorted = [...new Set(names)].sort();
  const folded = PAIRS.reduce(fold, sorted);
  if (folded.length <= FEW) return folded.join(', ');
  const count = counted ? ` (${sorted.length} families)` : '';
  const prefix = commonWords(folded);
  if (prefix.length >= 2) return `${prefix.join('_')}_*${count}`;
  const first = [...new Set(folded.map((name) => wordsOf(name)[0]!))];
  const groups = first.map((word) => {
    const of = folded.filter((name) => wordsOf(name)[0] === word);
    return of.length === 1 ? of[0]! : `${commonWords(of).join('_')}_*`;
  });
  return groups.join(', ') + count;
}

function fold(names: readonly string[], words: readonly string[]): string[] {
  let folded = [...names];
  const [first, second] = words as [string, string];
  for (const name of names) {
    const twin = swapped(name, first, second);
    if (twin === null || !folded.includes(name) || !folded.includes(twin)) continue;
    const both = swapped(name, first, `{${first},${second}}`)!;
    folded = folded.filter((one) => one !== twin).map((one) => (one === name ? both : one));
  }
  return folded.sort();
}

/** With the first of the words in the stead of the other; null: it does not have it. */
function swapped(name: string, word: string, by: string): string | null {
  const found = new RegExp(`(^|_)${word}(?=_|$)`).exec(name);
  if (!found) return null;
  const at = found.index + found[1]!.length;
  return name.slice(0, at) + by + name.slice(at + word.length);
}

/** Words that all begin with; of each name one at least is left. */
function commonWords(names: readonly string[]): string[] {
  const all = names.map(wordsOf);
  const [first = []] = all;
  let length = 0;
  while (all.every((words) => words.length > length + 1 && words[length] === first[length])) length++;
  return first.slice(0, length);
}

/** `a_{b,c}_d` has three words. */
const wordsOf = (name: string) => name.split(/_(?![^{]*\})/);

/** Whether a text that namesText (and ofText) made may stand for this name, too. */
export function namesMatch(text: string, name: string): boolean {
  const names = text.replace(/ \(\d+ families\)/, '').replace(/\{[^}]*="[^}]*\}$/, '');
  return names.split(/, (?![^{]*\})/).some((one) => {
    const pattern = one
      .replaceAll('*', '\\w*')
      .replace(/\{([^}]*)\}/g, (_all, words: string) => `(?:${words.replaceAll(',', '|')})`);
    return new RegExp(`^${pattern}$`).test(name);
  });
}

/** `{direction="inbound"}`, or nothing. */
export function ofText(of: Record<string, string>): string {
  const pairs = Object.entries(of).map(([name, value]) => `${name}="${value}"`);
  return pairs.length > 0 ? `{${pairs.join(', ')}}` : '';
}
