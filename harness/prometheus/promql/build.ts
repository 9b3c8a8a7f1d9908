import { promDuration } from '../duration.ts';
import type { Binary, Duration, Expr, Matcher, NumberLiteral, Selector } from './ast.ts';

/** A duration of so many milliseconds, 1 at least. */
export function durationOf(ms: number): Duration {
  const whole = Math.max(1, Math.round(ms));
  return { text: promDuration(whole), ms: whole };
}

export function numberOf(value: number): NumberLiteral {
  return { kind: 'number', text: String(value), value };
}

/** An operator between two expressions, without matching of labels. */
export function binary(op: Binary['op'], left: Expr, right: Expr): Binary {
  return { kind: 'binary', op, bool: false, matching: null, fill: [], left, right };
}

/** The expression in parentheses, unless it stands in some already. */
export function parenthesised(expr: Expr): Expr {
  return expr.kind === 'paren' ? expr : { kind: 'paren', expr };
}

/** The selector with one matcher more. */
export function withMatcher(selector: Selector, matcher: Matcher): Selector {
  return { ...selector, matchers: [...selector.matchers, matcher] };
}

/** The selector without its matchers of a label. */
export function withoutLabel(selector: Selector, label: string): Selector {
  return { ...selector, matchers: selector.matchers.filter((matcher) => matcher.label !== label) };
}

/** Whether a matcher lets a value pass; regular expressions are anchored. `null`: its expression is none of JavaScript's. */
export function matches({ op, value }: Matcher, text: string): boolean | null {
  if (op === '=' || op === '!=') return (text === value) === (op === '=');
  try {
    return new RegExp(`^(?:${value})$`, 's').test(text) === (op === '=~');
  } catch {
    return null;
  }
}
