import { readdirSync } from 'node:fs';
import { ROOT, read } from '../files.ts';

export interface SourceFile {
  /** From the root of the checkout. */
  path: string;
  text: string;
}

/** Modules that run in the product: no tests, no helpers of tests. */
export function sources(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/').slice(ROOT.length))
      .filter((path) => !/(?:\.(?:test|bench)\.ts$|\/testing\.ts$|\/testing\/|\/testdata\/)/.test(path))
      .toSorted()
      .map((path) => ({ path, text: read(path) })),
  );
}

/**
 * What stands between brackets, as it is written: the arguments of a call, the properties of an object.
 * @param from where the bracket opens
 * @returns null when it does not close
 */
export function argumentsAt(text: string, from: number): string[] | null {
  const found: string[] = [];
  let depth = 0;
  let start = from + 1;
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if (c === "'" || c === '"' || c === '`') {
      i = endOfString(text, i);
      continue;
    }
    if (c === '/' && text[i + 1] === '/') {
      const end = text.indexOf('\n', i);
      if (end < 0) return null;
      i = end;
      continue;
    }
    if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c)) depth--;
    if ((depth === 0 && i > from) || (depth === 1 && c === ',')) {
      const argument = text.slice(start, i).trim();
      if (argument !== '') found.push(argument);
      start = i + 1;
    }
    if (depth === 0) return found;
  }
  return null;
}

/** Where the string that begins at `from` ends; of a template what is filled in is passed over. */
function endOfString(text: string, from: number): number {
  const quote = text[from]!;
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === quote) return i;
    else if (quote === '`' && text[i] === '$' && text[i + 1] === '{') i = endOfHole(text, i + 1);
  }
  return text.length;
}

function endOfHole(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const c = text[i]!;
    if (c === "'" || c === '"' || c === '`') i = endOfString(text, i);
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return i;
  }
  return text.length;
}

/** What a string literal says, `...` where something is filled in; null: it is none. */
export function literal(expression: string): string | null {
  const quote = expression[0];
  if (quote !== "'" && quote !== '"' && quote !== '`') return null;
  if (endOfString(expression, 0) !== expression.length - 1) return null;
  let said = '';
  for (let i = 1; i < expression.length - 1; i++) {
    if (expression[i] === '\\') said += expression[++i] === 'n' ? ' ' : expression[i];
    else if (quote === '`' && expression[i] === '$' && expression[i + 1] === '{') {
      i = endOfHole(expression, i + 1);
      said += '...';
    } else said += expression[i];
  }
  return said;
}
