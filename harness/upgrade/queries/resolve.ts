import { EXIT, HarnessError } from '../../core/errors.ts';
import type { Query } from '../types.ts';

/** What stands for a variable. */
export type Binding =
  /** Put in as it is: a constant, an interval, a pattern. */
  | { kind: 'text'; text: string }
  /** Values that it may have: an alternation where it is matched, the first one elsewhere. */
  | { kind: 'values'; values: readonly string[] }
  /** It can't be known: anything where it is matched, an error elsewhere. */
  | { kind: 'unknown'; why: string };

/** undefined: there is no such variable, and the text stays as it is. */
export type Lookup = (name: string) => Binding | undefined;

/** As Grafana has them: `$name`, `${name}`, `${name:format}`, `[[name]]`, `[[name:format]]`. */
const VARIABLE = /\$(\w+)|\$\{(\w+)(?:\.[^:}]+)?(?::([^}]+))?\}|\[\[(\w+?)(?::(\w+))?\]\]/g;
/** A string, a comment, or anything else: one step through PromQL that still has variables in it. */
const STEP = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*|[^"'`#]+|["'`]/g;
/** Matches no label of anybody. */
const NOTHING = '__no_value__';
const MAX_DEPTH = 5;

/** Names of variables in a text, each once. */
export function variablesIn(text: string): string[] {
  return [...new Set([...text.matchAll(VARIABLE)].map((match) => (match[1] ?? match[2] ?? match[4])!))];
}

/**
 * Puts values in the stead of variables as Grafana does, with one difference: where a matcher for equality (`=`, `!=`) names a
 * variable that has other than one value here, it becomes one for a pattern (`=~`, `!~`). A dashboard shows one value at a time
 * there (it is chosen, or the panel is repeated); the comparison is of all of them.
 * @throws HarnessError VARIABLE_UNKNOWN where a variable without a value stands outside of a matcher
 */
export function resolveText(text: string, lookup: Lookup, depth = 0): string {
  if (depth > MAX_DEPTH || !VARIABLE_ONCE.test(text)) return text;
  const deeper = (inner: string) => resolveText(inner, lookup, depth + 1);
  let done = '';
  for (const [step] of text.matchAll(STEP)) {
    const quoted = step.length > 1 && /^["'`]/.test(step);
    const op = quoted ? /(=~|!~|!=|=)\s*$/.exec(done) : null;
    if (op) {
      const matcher = resolveMatcher(op[1]!, step, lookup, deeper);
      done = done.slice(0, op.index) + matcher;
    } else done += step.startsWith('#') ? step : replaced(step, lookup, deeper, plain);
  }
  return done;
}

const VARIABLE_ONCE = new RegExp(VARIABLE.source);

/** The text of a query with some value for each of its variables: good enough to be parsed. */
export function sampleText({ expr, variables }: Pick<Query, 'expr' | 'variables'>): string {
  const builtIn = builtIns({ intervalMs: 15_000, fromMs: 0, toMs: 3_600_000 });
  return resolveText(expr, (name) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (!variable) return builtIn(name);
    return variable.kind === 'value' ? { kind: 'text', text: variable.value } : { kind: 'values', values: ['x'] };
  });
}

/** Grafana's own variables, for a dashboard that shows `fromMs` to `toMs` of targets that are scraped each `intervalMs`. */
export function builtIns(world: { intervalMs: number; fromMs: number; toMs: number }): Lookup {
  const { intervalMs, fromMs, toMs } = world;
  const rangeMs = Math.max(1, Math.round(toMs - fromMs));
  const seconds = Math.max(1, Math.round(rangeMs / 1000));
  const values: Record<string, string> = {
    __interval: durationText(intervalMs),
    __interval_ms: String(intervalMs),
    // max($__interval + scrape interval, 4 * scrape interval)
    __rate_interval: durationText(4 * intervalMs),
    __rate_interval_ms: String(4 * intervalMs),
    __range: `${seconds}s`,
    __range_s: String(seconds),
    __range_ms: String(rangeMs),
    __from: String(Math.round(fromMs)),
    __to: String(Math.round(toMs)),
  };
  return (name) => (Object.hasOwn(values, name) ? { kind: 'text', text: values[name]! } : undefined);
}

function durationText(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${Math.round(ms)}ms`;
}

type Write = (binding: Binding, format: string, whole: string) => string;

function replaced(text: string, lookup: Lookup, deeper: (text: string) => string, write: Write): string {
  return text.replace(VARIABLE, (whole, bare, braced, format, old, oldFormat) => {
    const binding = lookup((bare ?? braced ?? old) as string);
    if (!binding) return whole;
    const text = write(binding, (format ?? oldFormat ?? '') as string, whole);
    return binding.kind === 'text' ? deeper(text) : text;
  });
}

/** Outside of matchers. */
function plain(binding: Binding, format: string, whole: string): string {
  if (binding.kind === 'text') return binding.text;
  if (binding.kind === 'unknown') throw unknown(whole, binding.why);
  const { values } = binding;
  if (values.length === 0) throw unknown(whole, 'it has no value');
  if (format === 'csv' || format === 'raw') return values.join(',');
  if (format === 'pipe' || format === 'regex') return values.join('|');
  return values[0]!;
}

function resolveMatcher(op: string, literal: string, lookup: Lookup, deeper: (text: string) => string): string {
  const quote = literal[0]!;
  const inner = literal.slice(1, -1);
  const bindings = variablesIn(inner).flatMap((name) => lookup(name) ?? []);
  if (bindings.length === 0) return op + literal;
  const isPattern = op === '=~' || op === '!~';
  const become = !isPattern && bindings.some(needsPattern);
  // What stands in a string has its backslashes and quotes escaped; between backticks nothing is.
  const escaped = (text: string) =>
    quote === '`' ? text : text.replace(/[\\"']/g, (c) => (c === '\\' || c === quote ? `\\${c}` : c));
  const asPattern = isPattern || become;
  const write: Write = (binding, format) => {
    if (binding.kind === 'text')
      return become && !isPatternText(binding.text) ? escaped(escapeRegex(binding.text)) : binding.text;
    if (binding.kind === 'unknown') return '.*';
    const { values } = binding;
    if (values.length === 0) return NOTHING;
    if (!asPattern) return escaped(values[0]!);
    const each = format === 'pipe' || format === 'raw' ? [...values] : values.map(escapeRegex);
    return escaped(each.length === 1 ? each[0]! : `(${each.join('|')})`);
  };
  const text = replaced(become ? escapeAround(inner, escaped) : inner, lookup, deeper, write);
  const newOp = become ? (op === '=' ? '=~' : '!~') : op;
  return newOp + quote + text + quote;
}

/** The text of a matcher for equality as a pattern, its variables left as they are. */
function escapeAround(inner: string, escaped: (text: string) => string): string {
  let done = '';
  let from = 0;
  for (const match of inner.matchAll(VARIABLE)) {
    done += escaped(escapeRegex(inner.slice(from, match.index))) + match[0];
    from = match.index + match[0].length;
  }
  return done + escaped(escapeRegex(inner.slice(from)));
}

function needsPattern(binding: Binding): boolean {
  if (binding.kind === 'values') return binding.values.length !== 1;
  return binding.kind === 'unknown' || isPatternText(binding.text);
}

/** `.*` for all, or what several values become. */
function isPatternText(text: string): boolean {
  return /^\.[*+]$|^\(.*\|.*\)$/s.test(text);
}

export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function unknown(variable: string, why: string): HarnessError {
  return new HarnessError('VARIABLE_UNKNOWN', `variable ${variable} has no value here: ${why}`, {
    hint: 'save the dashboard with a value chosen for it',
    exitCode: EXIT.invalidInput,
  });
}
