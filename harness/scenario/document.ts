import { Composer, type CST, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, type Node, Parser } from 'yaml';
import { type Path, type Problem, type ScenarioIssue, shorten } from './error.ts';

export const MAX_BYTES = 1024 * 1024;
const MAX_TOKENS = 100_000;
const MAX_DEPTH = 32;
const MAX_ALIASES = 100;
const MAX_VALUES = 20_000;
const MAX_PROBLEMS = 20;

export interface Position {
  line: number;
  column: number;
}

/** A parsed file: plain values, and where each stands in the text. */
export interface SourceDocument {
  value: unknown;
  /** The place of the value, or of its key; of the nearest parent when it is not in the file. */
  locate(path: Path, atKey?: boolean): Position;
}

/** Without a document when the text can't be read any further. */
interface Outcome {
  document: SourceDocument | null;
  issues: ScenarioIssue[];
}

/**
 * Reads one YAML document. Hostile input (bombs of aliases, deep nesting, binary junk) ends in issues after a bounded
 * amount of work: the limits are checked before the step that they protect.
 */
export function readDocument(text: string, file: string): Outcome {
  const lines = new LineCounter();
  const fail = (offset: number, message: string, hint: string): Outcome => ({
    document: null,
    issues: [issueAt(file, position(lines, offset), message, hint)],
  });

  const tooBig = sizeProblem(Buffer.byteLength(text));
  if (tooBig) return { document: null, issues: [issueAt(file, { line: 0, column: 0 }, tooBig.message, tooBig.hint)] };
  const junk = /(?![\t\n\r\x85])[\p{Cc}\p{Cs}]/u.exec(text);
  if (junk) {
    const before = text.slice(0, junk.index).split('\n');
    const at = { line: before.length, column: before.at(-1)!.length + 1 };
    const message = 'this is no text file: it has control characters';
    return { document: null, issues: [issueAt(file, at, message, 'a scenario is YAML in UTF-8')] };
  }
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    if (++count > MAX_TOKENS) return fail(0, `the file has more than ${MAX_TOKENS} YAML tokens`, 'split the scenario');
  }
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = tooDeepAt(tokens);
  if (deep !== null) {
    return fail(deep, `values are nested deeper than ${MAX_DEPTH} levels`, 'a scenario needs about eight');
  }
  const documents = [...new Composer({ uniqueKeys: false }).compose(tokens)];
  const errors = documents.flatMap((d) => [...d.errors, ...d.warnings]).slice(0, MAX_PROBLEMS);
  if (errors.length > 0) {
    const hint = (message: string) =>
      /tab/i.test(message) ? 'indent with spaces, not with tabs' : 'check the indentation, the quotes and the brackets';
    return {
      document: null,
      issues: errors.map((e) =>
        issueAt(file, position(lines, e.pos[0]), `not YAML: ${shorten(e.message, 200)}`, hint(e.message)),
      ),
    };
  }
  const [first, second] = documents;
  if (second) {
    return fail(second.range[0], 'the file has several documents', 'write one scenario a file, without `---` between');
  }
  const root = first?.contents as Node | null | undefined;
  if (!root || (isScalar(root) && root.value === null)) {
    return fail(0, 'the file is empty', 'begin with `apiVersion: meshproof/v1`; docs/scenarios.md has examples');
  }
  const converter = new Converter(lines);
  const value = converter.convert(root, [], 0);
  return {
    document: converter.stopped ? null : { value, locate: (path, atKey) => converter.locate(path, atKey) },
    issues: converter.problems.map((p) => issueAt(file, p.at, p.message, p.hint)),
  };
}

/** The problem of a file that is too big to be read. */
export function sizeProblem(bytes: number): Omit<Problem, 'path'> | null {
  if (bytes <= MAX_BYTES) return null;
  const mib = (bytes / MAX_BYTES).toFixed(1);
  return { message: `the file has ${mib} MiB; a scenario has at most 1 MiB`, hint: 'is it the right file?' };
}

export function issueAt(file: string, at: Position, message: string, hint: string): ScenarioIssue {
  return { file, line: at.line, column: at.column, path: '', message, hint };
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return line === 0 ? { line: 1, column: 1 } : { line, column: col };
}

/** Offset of the first token nested too deep; null when there is none. No recursion, so that depth can't end us. */
function tooDeepAt(tokens: CST.Token[]): number | null {
  const stack = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return token.offset;
    if (token.type === 'document' && token.value) stack.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const item of token.items) {
      if (item.key) stack.push({ token: item.key, depth: depth + 1 });
      if (item.value) stack.push({ token: item.value, depth: depth + 1 });
    }
  }
  return null;
}

/** Turns nodes into plain values and writes down where each stood. */
class Converter {
  /** It gave up half-way, the value is not complete. */
  stopped = false;
  readonly problems: { at: Position; message: string; hint: string }[] = [];
  readonly #lines: LineCounter;
  readonly #values = new Map<string, Position>();
  readonly #keys = new Map<string, Position>();
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  #aliases = 0;
  #count = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  locate(path: Path, atKey = false): Position {
    for (let length = path.length; length >= 0; length--) {
      const id = idOf(path.slice(0, length));
      const exact = length === path.length;
      // Of a parent its key is shown: that is where the missing field would be added.
      const found = exact && !atKey ? this.#values.get(id) : (this.#keys.get(id) ?? this.#values.get(id));
      if (found) return found;
    }
    return { line: 1, column: 1 };
  }

  convert(node: Node, path: Path, depth: number): unknown {
    if (this.problems.length >= MAX_PROBLEMS) this.stopped = true;
    if (this.stopped) return null;
    if (++this.#count > MAX_VALUES || depth > MAX_DEPTH) {
      this.#problem(node, 'the file has too many values, counting what its aliases repeat', 'split the scenario');
      this.stopped = true;
      return null;
    }
    this.#values.set(idOf(path), position(this.#lines, node.range?.[0] ?? 0));
    if (isAlias(node)) return this.#alias(node, path, depth);
    if ('anchor' in node && node.anchor) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    try {
      if (isMap(node)) return this.#map(node.items, node, path, depth);
      if (isSeq(node)) return node.items.map((item, i) => this.#child(item, node, [...path, i], depth));
      const value = isScalar(node) ? node.value : undefined;
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
      this.#problem(node, 'this kind of YAML value has no meaning here', 'write text, a number, a list or fields');
      return null;
    } finally {
      this.#open.delete(node);
    }
  }

  #alias(node: Node & { source: string }, path: Path, depth: number): unknown {
    const target = this.#anchors.get(node.source);
    if (!target || this.#open.has(target)) {
      const what = target ? 'contains itself' : 'has no anchor before it';
      this.#problem(node, `the alias *${shorten(node.source)} ${what}`, `put &${shorten(node.source)} before a value`);
      return null;
    }
    if (++this.#aliases > MAX_ALIASES) {
      this.#problem(node, `aliases are followed more than ${MAX_ALIASES} times`, 'write the values out');
      this.stopped = true;
      return null;
    }
    return this.convert(target, path, depth);
  }

  #map(items: { key: unknown; value: unknown }[], node: Node, path: Path, depth: number): Record<string, unknown> {
    // Without a prototype, so that a field named __proto__ is a field like any other.
    const result: Record<string, unknown> = Object.create(null);
    for (const { key, value } of items) {
      if (!isScalar(key) || key.value === null || typeof key.value === 'object' || typeof key.value === 'symbol') {
        this.#problem((key as Node | null) ?? node, 'a field has no plain name', 'write `name: value`');
        continue;
      }
      const name = String(key.value);
      const child = [...path, name];
      const at = position(this.#lines, key.range?.[0] ?? 0);
      if (name in result) {
        const before = this.#keys.get(idOf(child))?.line;
        this.#problem(key, `\`${shorten(name)}\` is written twice`, `the first stands in line ${before}; remove one`);
        continue;
      }
      this.#keys.set(idOf(child), at);
      result[name] = value == null ? null : this.#child(value, key, child, depth);
    }
    return result;
  }

  #child(value: unknown, parent: Node, path: Path, depth: number): unknown {
    const node = value as Node | null;
    if (node) return this.convert(node, path, depth + 1);
    this.#values.set(idOf(path), position(this.#lines, parent.range?.[0] ?? 0));
    return null;
  }

  #problem(node: Node, message: string, hint: string): void {
    this.problems.push({ at: position(this.#lines, node.range?.[0] ?? 0), message, hint });
  }
}

function idOf(path: Path): string {
  return JSON.stringify(path);
}
