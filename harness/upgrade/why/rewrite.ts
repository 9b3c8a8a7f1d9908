import type { AppliedChange } from '../../changes/index.ts';
import type { SchemaChange } from '../../result/upgrade/types.ts';
import { GROUPING, nextWord, type Token, textOfTokens, tokensOf, withinQuotes } from './tokens.ts';

/** What is called otherwise after the step. */
export type Edit =
  | { kind: 'family'; from: string; to: string; having?: Readonly<Record<string, string>> }
  | { kind: 'label-value'; label: string; from: string; to: string }
  | { kind: 'function'; from: string; to: string }
  | { kind: 'le-float'; back: boolean };

/** The edits of known renames, and of guessed ones, in the order in which they are made. */
export function editsOf(changes: readonly AppliedChange[], guessed: readonly SchemaChange[] = []): Edit[] {
  const known = changes.flatMap(({ change: { rewrite }, reversed }): Edit[] => {
    if (!rewrite) return [];
    if (rewrite.kind === 'le-float') return [{ kind: 'le-float', back: reversed }];
    const [from, to] = reversed ? [rewrite.to, rewrite.from] : [rewrite.from, rewrite.to];
    if (rewrite.kind === 'rename-family') {
      return [{ kind: 'family', from, to, ...(rewrite.having && !reversed && { having: rewrite.having }) }];
    }
    if (rewrite.kind === 'rename-function') return [{ kind: 'function', from, to }];
    return [{ kind: 'label-value', label: rewrite.label, from, to }];
  });
  const renamed = guessed
    .filter(({ kind, what, guessed: is }) => kind === 'renamed' && what === 'family' && is)
    .map(({ before, after }): Edit => ({ kind: 'family', from: before, to: after }));
  return [...known, ...renamed];
}

/** The expression with these edits, as it is written otherwise; null: none of them concerns it. It need not parse. */
export function rewritten(expr: string, edits: readonly Edit[]): string | null {
  const tokens = edits.reduce(apply, tokensOf(expr));
  const text = textOfTokens(tokens);
  return text === expr ? null : text;
}

function apply(tokens: Token[], edit: Edit): Token[] {
  if (edit.kind === 'family') return renameFamily(tokens, edit);
  if (edit.kind === 'function') {
    return tokens.map((token, at) => {
      const called = token.kind === 'name' && token.text === edit.from && nextWord(tokens, at)?.token.text === '(';
      return called ? { ...token, text: edit.to } : token;
    });
  }
  const change =
    edit.kind === 'label-value'
      ? { labels: [edit.label], of: (value: string) => (value === edit.from ? edit.to : value) }
      : { labels: ['le', 'quantile'], of: edit.back ? withoutFraction : withFraction };
  return changeValues(tokens, change.labels, change.of);
}

const withFraction = (value: string) => (/^\d+$/.test(value) ? `${value}.0` : value);
const withoutFraction = (value: string) => value.replace(/^(\d+)\.0$/, '$1');

/** Values of matchers, also those among the alternatives of a regular expression. */
function changeValues(tokens: Token[], labels: readonly string[], of: (value: string) => string): Token[] {
  const result = [...tokens];
  tokens.forEach((token, at) => {
    if (token.kind !== 'name' || !labels.includes(token.text)) return;
    const op = nextWord(tokens, at);
    const value = op && nextWord(tokens, op.at);
    if (!op || !value || value.token.kind !== 'string' || !['=', '!=', '=~', '!~'].includes(op.token.text)) return;
    const isRegex = op.token.text.endsWith('~');
    const content = (text: string) => (isRegex ? alternatives(text, of, value.token.text[0] === '`') : of(text));
    result[value.at] = { ...value.token, text: withinQuotes(value.token.text, content) };
  });
  return result;
}

/** Only plain alternatives: `1|2|\\+Inf`. What is no plain text stays. */
function alternatives(text: string, of: (value: string) => string, raw: boolean): string {
  const dot = raw ? '\\.' : '\\\\.';
  return text
    .split('|')
    .map((one) => {
      const plain = one.replaceAll(dot, '.');
      const changed = of(plain);
      return changed === plain ? one : changed.replaceAll('.', dot);
    })
    .join('|');
}

type FamilyEdit = Extract<Edit, { kind: 'family' }>;

function renameFamily(tokens: Token[], { from, to, having = {} }: FamilyEdit): Token[] {
  const result = tokens.map((token) => [token]);
  const matchers = Object.entries(having).map(([label, value]) => `${label}="${value}"`);
  tokens.forEach((token, at) => {
    const renamed = renamedSeries(token, from, to);
    if (renamed !== null && isMetric(tokens, at)) {
      result[at] = [{ ...token, text: renamed }];
      const brace = nextWord(tokens, at);
      if (matchers.length === 0) return;
      if (brace?.token.text === '{') {
        const more = nextWord(tokens, brace.at)?.token.text !== '}';
        result[brace.at] = [brace.token, ...tokensOf(matchers.join(', ') + (more ? ', ' : ''))];
      } else result[at]!.push(...tokensOf(`{${matchers.join(', ')}}`));
    }
    if (token.kind !== 'name' || token.text !== '__name__') return;
    const op = nextWord(tokens, at);
    const value = op && nextWord(tokens, op.at);
    if (value?.token.kind !== 'string') return;
    const change = (one: string) => renamedSeries({ kind: 'name', text: one }, from, to) ?? one;
    const text = withinQuotes(value.token.text, (content) => content.split('|').map(change).join('|'));
    result[value.at] = [{ ...value.token, text }];
  });
  return result.flat();
}

/** The name of a series, with the ending of a histogram's; null: it is another. */
function renamedSeries({ kind, text }: Token, from: string, to: string): string | null {
  if (kind !== 'name' || !text.startsWith(from)) return null;
  const ending = text.slice(from.length);
  return ['', '_bucket', '_count', '_sum'].includes(ending) ? to + ending : null;
}

/** Neither a label of a matcher nor one of a grouping, nor a function. */
function isMetric(tokens: readonly Token[], at: number): boolean {
  const next = nextWord(tokens, at)?.token.text ?? '';
  if (['=', '!=', '=~', '!~', '('].includes(next)) return false;
  return !isInGrouping(tokens, at);
}

function isInGrouping(tokens: readonly Token[], at: number): boolean {
  for (let i = at - 1; i >= 0; i--) {
    const { text } = tokens[i]!;
    if (text === ')' || text === '}' || text === '{') return false;
    if (text !== '(') continue;
    const before = tokens.slice(0, i).findLast(({ kind }) => kind !== 'space');
    return before !== undefined && GROUPING.has(before.text.toLowerCase());
  }
  return false;
}
