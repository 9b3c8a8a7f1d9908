/**
 * PromQL as the words it is written with, so that some of them can be changed and the rest stays as it is: line breaks, comments,
 * a dashboard's variables. It need not parse.
 */
export interface Token {
  kind: 'name' | 'string' | 'space' | 'other';
  text: string;
}

const TOKEN =
  /(?<space>\s+|#[^\n]*)|(?<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)|(?<other>=~|!~|!=|==|\d[\w.]*|\$\{?\w+(?::\w+)?\}?|[\s\S])/gy;

export function tokensOf(expr: string): Token[] {
  return [...expr.matchAll(TOKEN)].map(({ 0: text, groups }) => {
    const kind = (['space', 'string', 'name'] as const).find((one) => groups![one] !== undefined) ?? 'other';
    return { kind, text };
  });
}

export const textOfTokens = (tokens: readonly Token[]) => tokens.map(({ text }) => text).join('');

/** The next word that is no space, with where it stands; null: there is none. */
export function nextWord(tokens: readonly Token[], after: number): { at: number; token: Token } | null {
  for (let at = after + 1; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token.kind !== 'space') return { at, token };
  }
  return null;
}

/** A string's content changed, its quotes kept; escapes stay as they are written. */
export function withinQuotes(text: string, change: (content: string) => string): string {
  return text[0] + change(text.slice(1, -1)) + text.at(-1);
}

/** Names of the labels of `by`, `without`, `on`, `ignoring` and `group_*` stand in parentheses after these. */
export const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
