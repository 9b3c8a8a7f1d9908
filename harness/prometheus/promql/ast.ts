/**
 * PromQL as a tree: what was written, without types and without positions. Trees are data: compare them by what `print` makes
 * of them, change them with `transform`.
 */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | Selector
  | Subquery
  | Call
  | Aggregation
  | Binary
  | Unary
  | Parenthesised;

/** A number, or a duration that stands for one (`5m` is 300). */
export interface NumberLiteral {
  kind: 'number';
  /** As written, without a sign. */
  text: string;
  /** Infinity and NaN are numbers, too. */
  value: number;
}

export interface StringLiteral {
  kind: 'string';
  /** Without quotes and escapes. */
  value: string;
}

/** An instant vector, or with `range` a range vector. */
export interface Selector {
  kind: 'selector';
  /** Empty: none is given (a matcher of `__name__` is a matcher). */
  name: string;
  matchers: Matcher[];
  /** `[5m]`; null: an instant vector. */
  range: Duration | null;
  time: TimeModifiers;
}

export interface Matcher {
  label: string;
  op: '=' | '!=' | '=~' | '!~';
  value: string;
}

/** `expr[range:step]`. */
export interface Subquery {
  kind: 'subquery';
  expr: Expr;
  range: Duration;
  /** null: the evaluation interval. */
  step: Duration | null;
  time: TimeModifiers;
}

export interface TimeModifiers {
  /** `offset 5m`, negative with a minus; null: none. */
  offset: Duration | null;
  /** After `@`: a number, `start()` or `end()`; empty: none. */
  at: string;
  /** Of ranges: `anchored` or `smoothed`; empty: none. */
  edges: '' | 'anchored' | 'smoothed';
}

export interface Duration {
  /** As written. */
  text: string;
  /** Milliseconds; null where it depends on the evaluation (`step()`). */
  ms: number | null;
}

export interface Call {
  kind: 'call';
  func: string;
  args: Expr[];
}

export interface Aggregation {
  kind: 'aggregation';
  /** In lower case: `sum`, `topk`, ... */
  op: string;
  /** Of topk, quantile and the like. */
  param: Expr | null;
  expr: Expr;
  grouping: { by: boolean; labels: string[] } | null;
}

export interface Binary {
  kind: 'binary';
  /** In lower case: `+`, `==`, `and`, `unless`, `atan2`, ... */
  op: string;
  /** `bool` of a comparison. */
  bool: boolean;
  matching: VectorMatching | null;
  /** `fill(0)`, `fill_left(0)`, as written. */
  fill: { side: '' | 'left' | 'right'; value: string }[];
  left: Expr;
  right: Expr;
}

export interface VectorMatching {
  on: boolean;
  labels: string[];
  group: { side: 'left' | 'right'; include: string[] } | null;
}

export interface Unary {
  kind: 'unary';
  op: '-' | '+';
  expr: Expr;
}

export interface Parenthesised {
  kind: 'paren';
  expr: Expr;
}

export const NO_TIME: TimeModifiers = { offset: null, at: '', edges: '' };

/** The metric's name, also when it is given as a matcher of `__name__`; empty where it is not one name. */
export function nameOf(selector: Selector): string {
  if (selector.name !== '') return selector.name;
  return selector.matchers.find((m) => m.label === '__name__' && m.op === '=')?.value ?? '';
}

/** The same expression without parentheses around all of it. */
export function bare(expr: Expr): Exclude<Expr, Parenthesised> {
  return expr.kind === 'paren' ? bare(expr.expr) : expr;
}
