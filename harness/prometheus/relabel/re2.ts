/**
 * Prometheus' regular expressions are RE2's, and match a text as a whole, its line breaks included: `^(?s:...)$`. They are
 * translated to JavaScript's here, piece by piece. What RE2 refuses (back references, look-around) is refused; what differs is
 * one thing: a group that is repeated and does not take part in the last round is unset here, and keeps its text there.
 */
export interface AnchoredRegex {
  /** As it was given. */
  readonly source: string;
  /** Whether the whole of the text matches. */
  test(text: string): boolean;
  /**
   * The template with `$1`, `${1}`, `${name}` and `$$` replaced, as Go expands them; null when the text does not match.
   * `$1x` is the group called `1x`, which there is not: it expands to nothing.
   */
  expand(text: string, template: string): string | null;
}

const cache = new Map<string, AnchoredRegex>();

/** @throws SyntaxError when RE2 would not take it */
export function anchored(source: string): AnchoredRegex {
  const known = cache.get(source);
  if (known) return known;
  const { pattern, names } = translate(source);
  const regex = new RegExp(`^(?:${pattern})$`, 'u');
  const made: AnchoredRegex = {
    source,
    test: (text) => regex.test(text),
    expand(text, template) {
      const match = regex.exec(text);
      return match && expand(template, match, names);
    },
  };
  cache.set(source, made);
  return made;
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;

function expand(template: string, groups: readonly (string | undefined)[], names: readonly (string | null)[]): string {
  return template.replace(REFERENCE, (all, braced?: string, plain?: string) => {
    if (all === '$$') return '$';
    const name = braced ?? plain!;
    // A number with a leading zero is a name.
    if (/^(?:0|[1-9]\d{0,8})$/.test(name)) return groups[Number(name)] ?? '';
    const index = names.findIndex((one, i) => one === name && groups[i] !== undefined);
    return index < 0 ? '' : groups[index]!;
  });
}

interface Flags {
  i: boolean;
  m: boolean;
  s: boolean;
  /** Ungreedy: `a*` is `a*?`, and the reverse. */
  U: boolean;
}

/** @returns the pattern for flag u alone, and the names of its groups, null for those without; index 0 is the whole */
function translate(source: string): { pattern: string; names: (string | null)[] } {
  const names: (string | null)[] = [null];
  /** Of the groups around, to be restored when they end. */
  const outside: Flags[] = [];
  let flags: Flags = { i: false, m: false, s: true, U: false };
  let pattern = '';
  let at = 0;
  const fail: Fail = (problem) => {
    throw new SyntaxError(`${problem} in the regular expression ${JSON.stringify(source)}`);
  };
  // Piece by piece, so that `(?i)` may hold across a bar, to its group's end.
  const piece = (text: string) => {
    pattern += flags.i ? `(?i:${text})` : text;
  };

  while (at < source.length) {
    const c = source[at]!;
    const rest = source.slice(at);
    const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})(\??)/.exec(rest);
    if (rest.startsWith('\\Q')) {
      const end = rest.indexOf('\\E');
      for (const one of rest.slice(2, end < 0 ? undefined : end)) piece(escapeLiteral(one));
      at += end < 0 ? rest.length : end + 2;
    } else if (c === '\\') {
      const { text, next } = backslash(source, at, fail);
      piece(text);
      at = next;
    } else if (c === '[') {
      const { text, next } = characterClass(source, at, fail);
      piece(text);
      at = next;
    } else if (c === '(') {
      at += group(rest);
    } else if (c === ')') {
      flags = outside.pop() ?? fail('unexpected )');
      pattern += ')';
      at++;
    } else if (c === '|') {
      pattern += '|';
      at++;
    } else if (quantifier) {
      const lazy = quantifier[1] === '?';
      pattern += quantifier[0].slice(0, lazy ? -1 : undefined) + (lazy !== flags.U ? '?' : '');
      at += quantifier[0].length;
    } else {
      const one = String.fromCodePoint(source.codePointAt(at)!);
      if (one === '.') pattern += flags.s ? '[^]' : '[^\\n]';
      else if (one === '^') pattern += flags.m ? '(?:(?<![^\\n]))' : '(?:^)';
      else if (one === '$') pattern += flags.m ? '(?:(?![^\\n]))' : '(?:$)';
      else piece(escapeLiteral(one));
      at += one.length;
    }
  }
  if (outside.length > 0) fail('missing closing )');
  return { pattern, names };

  /** What an opening parenthesis begins; returns how much of it was read. */
  function group(rest: string): number {
    const named = /^\(\?P?<([\p{L}\p{Nd}_]+)>/u.exec(rest);
    const modified = /^\(\?([imsU]*)(-[imsU]+)?([:)])/.exec(rest);
    if (modified) {
      const [all, on = '', off = '', last] = modified;
      if (all === '(?)') fail('missing argument');
      if (last === ':') {
        outside.push(flags);
        pattern += '(?:';
      }
      flags = changed(flags, on, off);
      return all.length;
    }
    if (rest[1] === '?' && !named) fail('unsupported group');
    const name = named?.[1] ?? null;
    if (name !== null && names.includes(name)) fail(`duplicate group name ${name}`);
    names.push(name);
    outside.push(flags);
    pattern += '(';
    return named?.[0].length ?? 1;
  }
}

function changed(flags: Flags, on: string, off: string): Flags {
  const next = { ...flags };
  for (const flag of on) next[flag as keyof Flags] = true;
  for (const flag of off.slice(1)) next[flag as keyof Flags] = false;
  return next;
}

type Fail = (problem: string) => never;

const CONTROL: Record<string, number> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const PERL: Record<string, string> = { d: '0-9', s: '\\t\\n\\f\\r ', w: '0-9A-Za-z_' };
const POSIX: Record<string, string> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** What a backslash begins, outside a class. */
function backslash(source: string, at: number, fail: Fail): { text: string; next: number } {
  const c = source[at + 1] ?? fail('trailing backslash');
  if (c === 'A') return { text: '(?:^)', next: at + 2 };
  if (c === 'z') return { text: '(?:$)', next: at + 2 };
  if (c === 'b' || c === 'B') {
    // As RE2 does: by ASCII, whatever the flags are.
    const word = `[${PERL.w}]`;
    const [one, other] = c === 'b' ? ['!', '='] : ['=', '!'];
    return { text: `(?:(?<=${word})(?${one}${word})|(?<!${word})(?${other}${word}))`, next: at + 2 };
  }
  const perl = PERL[c.toLowerCase()];
  if (perl !== undefined) return { text: c === c.toLowerCase() ? `[${perl}]` : `[^${perl}]`, next: at + 2 };
  const property = unicodeProperty(source, at, fail);
  if (property) return property;
  const { code, next } = character(source, at, fail);
  return { text: codePoint(code), next };
}

/** `\pL`, `\p{Greek}`, `\P{^Lu}`. */
function unicodeProperty(source: string, at: number, fail: Fail): { text: string; next: number } | null {
  const match = /^\\([pP])(?:\{(\^?)([A-Za-z_]+)\}|([A-Za-z]))/.exec(source.slice(at));
  if (!match) return /^\\[pP]/.test(source.slice(at)) ? fail('bad \\p') : null;
  const [all, letter, caret, long, short] = match;
  const name = long ?? short!;
  const value = /^(?:[A-Z][a-z]?|Any)$/.test(name) ? name : `Script=${name}`;
  const negated = (letter === 'P') !== (caret === '^');
  // The form with p, negated by a class, means the same with (?i) as in RE2; the form with P does not.
  return { text: negated ? `[^\\p{${value}}]` : `\\p{${value}}`, next: at + all.length };
}

/** One character after a backslash. */
function character(source: string, at: number, fail: Fail): { code: number; next: number } {
  const rest = source.slice(at + 1);
  const hex = /^x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))/.exec(rest);
  if (hex) return { code: Number.parseInt(hex[1] ?? hex[2]!, 16), next: at + 1 + hex[0].length };
  const octal = /^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  if (octal) return { code: Number.parseInt(octal[0], 8), next: at + 1 + octal[0].length };
  const c = rest[0] ?? fail('trailing backslash');
  if (Object.hasOwn(CONTROL, c)) return { code: CONTROL[c]!, next: at + 2 };
  if (/^[!-/:-@[-`{-~]$/.test(c)) return { code: c.charCodeAt(0), next: at + 2 };
  return fail(`unknown escape \\${c}`);
}

/** From the opening bracket. */
function characterClass(source: string, from: number, fail: Fail): { text: string; next: number } {
  let at = from + 1;
  let text = '[';
  if (source[at] === '^') {
    text += '^';
    at++;
  }
  let first = true;
  while (first || source[at] !== ']') {
    if (at >= source.length) fail('missing closing ]');
    first = false;
    const named = /^\[:(\^?)(\w+):\]/.exec(source.slice(at));
    if (named) {
      const set = POSIX[named[2]!] ?? fail(`unknown class [:${named[2]}:]`);
      text += named[1] ? complement(set) : set;
      at += named[0].length;
      continue;
    }
    if (source[at] === '\\') {
      const c = source[at + 1] ?? fail('trailing backslash');
      const perl = PERL[c.toLowerCase()];
      if (perl) {
        text += c === c.toLowerCase() ? perl : complement(perl);
        at += 2;
        continue;
      }
      const property = unicodeProperty(source, at, fail);
      if (property) {
        text += property.text.replace(/^\[\^\\p(.*)\]$/, '\\P$1');
        at = property.next;
        continue;
      }
    }
    const low = classCharacter(source, at, fail);
    at = low.next;
    text += codePoint(low.code);
    if (source[at] === '-' && at + 1 < source.length && source[at + 1] !== ']') {
      const high = classCharacter(source, at + 1, fail);
      if (high.code < low.code) fail('a range that runs backwards');
      text += `-${codePoint(high.code)}`;
      at = high.next;
    }
  }
  return { text: `${text}]`, next: at + 1 };
}

function classCharacter(source: string, at: number, fail: Fail): { code: number; next: number } {
  if (source[at] === '\\') return character(source, at, fail);
  const code = source.codePointAt(at) ?? fail('missing closing ]');
  return { code, next: at + (code > 0xffff ? 2 : 1) };
}

/** All other characters, as ranges for a class: classes do not nest with flag u. */
function complement(set: string): string {
  const inside = new RegExp(`[${set}]`, 'u');
  const ranges: string[] = [];
  let from = 0;
  // The sets are of ASCII.
  for (let code = 0; code <= 0x80; code++) {
    if (code < 0x80 && !inside.test(String.fromCharCode(code))) continue;
    if (code < 0x80 && code > from) ranges.push(`${codePoint(from)}-${codePoint(code - 1)}`);
    if (code === 0x80) ranges.push(`${codePoint(from)}-\\u{10ffff}`);
    from = code + 1;
  }
  return ranges.join('');
}

const codePoint = (code: number) => `\\u{${code.toString(16)}}`;

function escapeLiteral(one: string): string {
  return /^[\^$\\.*+?()[\]{}|/]$/.test(one) ? `\\${one}` : one;
}
