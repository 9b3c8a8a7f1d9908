import type { SyntaxNode } from '@lezer/common';
import {
  type Aggregation,
  type Binary,
  type Duration,
  type Expr,
  type Matcher,
  NO_TIME,
  type Selector,
  type Subquery,
  type TimeModifiers,
  type VectorMatching,
} from './ast.ts';
import { PromqlError } from './error.ts';
import { parseDuration, parseNumber, unquote } from './literals.ts';
import { assemble, type Item } from './precedence.ts';

/** Aggregations whose first argument is a parameter. */
const WITH_PARAM = new Set(['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio']);

/** From the parser's tree to ours, with the checks that its grammar leaves out. */
export class Converter {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws PromqlError */
  expr(node: SyntaxNode): Expr {
    return assemble(this.#items(node));
  }

  /**
   * The grammar lets a range, an offset and a sign reach over operators (`a + b offset 5m`), where Prometheus has them bind more
   * tightly. So its binary expressions are taken apart, and put together anew.
   */
  #items(node: SyntaxNode): Item[] {
    const parts = childrenOf(node);
    switch (node.name) {
      case 'BinaryExpr':
        return [...this.#items(parts[0]!), { operator: this.#operator(parts) }, ...this.#items(parts.at(-1)!)];
      case 'UnaryExpr':
        return [{ sign: this.#of(parts.slice(0, 1)) as '-' | '+' }, ...this.#items(parts[1]!)];
      case 'NumberDurationLiteral':
        return this.#number(node);
      case 'MatrixSelector':
        return this.#onLast(parts[0]!, (expr) => this.#matrix(expr, parts[1]!));
      case 'SubqueryExpr':
        return this.#onLast(parts[0]!, (expr) => this.#subquery(expr, parts[1]!, parts[2]));
      case 'OffsetExpr':
        return this.#timed(parts, () => ({ offset: this.#duration(parts[2]!) }));
      case 'StepInvariantExpr':
        return this.#timed(parts, () => ({ at: this.#at(parts[2]!) }));
      case 'AnchoredExpr':
        return this.#timed(parts, () => ({ edges: 'anchored' }));
      case 'SmoothedExpr':
        return this.#timed(parts, () => ({ edges: 'smoothed' }));
      default:
        return [{ operand: this.#operand(node) }];
    }
  }

  #onLast(node: SyntaxNode, change: (expr: Expr) => Expr): Item[] {
    const items = this.#items(node);
    const last = items.pop() as { operand: Expr };
    return [...items, { operand: change(last.operand) }];
  }

  #operand(node: SyntaxNode): Expr {
    const parts = childrenOf(node);
    switch (node.name) {
      case 'StringLiteral':
        return { kind: 'string', value: this.#string(node) };
      case 'VectorSelector':
        return this.#selector(node);
      case 'ParenExpr':
        return { kind: 'paren', expr: this.expr(parts[0]!) };
      case 'FunctionCall':
        return {
          kind: 'call',
          func: this.#of(parts.slice(0, 1)),
          args: childrenOf(parts[1]!).map((child) => this.expr(child)),
        };
      case 'AggregateExpr':
        return this.#aggregation(node);
      default:
        throw this.#error(node, `${this.#of([node])} can't stand here`);
    }
  }

  /** The grammar takes a sign for a part of a number, where Prometheus takes it for an operator. */
  #number(node: SyntaxNode): Item[] {
    const written = this.#of([node]);
    const sign = written[0] === '-' || written[0] === '+' ? written[0] : null;
    const text = sign ? written.slice(1).trimStart() : written;
    const literal: Item = { operand: { kind: 'number', text, value: parseNumber(text) } };
    return sign ? [{ sign }, literal] : [literal];
  }

  #string(node: SyntaxNode): string {
    const value = unquote(this.#of([node]));
    if (value === null)
      throw this.#error(node, `${this.#of([node])} is no whole string`, 'close it; escapes are those of Go');
    return value;
  }

  #selector(node: SyntaxNode): Selector {
    const parts = childrenOf(node);
    const names = parts.filter((part) => part.name === 'Identifier').map((part) => this.#of([part]));
    const matchers: Matcher[] = [];
    for (const matcher of parts.filter((part) => part.name === 'LabelMatchers').flatMap(childrenOf)) {
      const [label, op, value] = childrenOf(matcher);
      if (matcher.name === 'QuotedLabelName') names.push(this.#string(label!));
      else {
        const text = { op: this.#of([op!]) as Matcher['op'], value: this.#string(value!) };
        matchers.push({ label: this.#labelName(label!), ...text });
      }
    }
    if (names.length > 1) throw this.#error(node, `a metric has one name, not ${names.join(' and ')}`);
    return { kind: 'selector', name: names[0] ?? '', matchers, range: null, time: NO_TIME };
  }

  /** After `@`. */
  #at(node: SyntaxNode): string {
    const text = this.#of([node]).replaceAll(/\s/g, '');
    return node.name === 'AtModifierPreprocessors' ? `${text.toLowerCase()}()` : text;
  }

  #labelName(node: SyntaxNode): string {
    return node.name === 'QuotedLabelName' ? this.#string(childrenOf(node)[0]!) : this.#of([node]);
  }

  #labels(node: SyntaxNode): string[] {
    return childrenOf(node).map((label) => this.#labelName(label));
  }

  #matrix(selector: Expr, range: SyntaxNode): Selector {
    if (selector.kind !== 'selector' || selector.range !== null || selector.time !== NO_TIME) {
      throw this.#error(
        range,
        'a range can only stand right after a selector',
        'for other expressions, write a subquery: [5m:]',
      );
    }
    return { ...selector, range: this.#duration(range) };
  }

  #subquery(expr: Expr, range: SyntaxNode, step: SyntaxNode | undefined): Subquery {
    const times = { range: this.#duration(range), step: step ? this.#duration(step) : null };
    return { kind: 'subquery', expr, ...times, time: NO_TIME };
  }

  #timed([inner, keyword]: SyntaxNode[], change: () => Partial<TimeModifiers>): Item[] {
    return this.#onLast(inner!, (expr) => {
      if (expr.kind === 'selector' || expr.kind === 'subquery') return { ...expr, time: { ...expr.time, ...change() } };
      throw this.#error(keyword!, `${this.#of([keyword!])} can only stand after a selector or a subquery`);
    });
  }

  #duration(node: SyntaxNode): Duration {
    const text = this.#of([node]).replaceAll(/\s+/g, ' ');
    const number = /^([-+]?) ?(.*)$/.exec(text)!;
    const unsigned = parseDuration(number[2]!) ?? seconds(number[2]!);
    return { text, ms: unsigned === null ? null : number[1] === '-' ? -unsigned : unsigned };
  }

  #aggregation(node: SyntaxNode): Aggregation {
    const parts = childrenOf(node);
    const op = this.#of(parts.slice(0, 1)).toLowerCase();
    const args = childrenOf(parts.find((part) => part.name === 'FunctionCallBody')!).map((arg) => this.expr(arg));
    const wanted = WITH_PARAM.has(op) ? 2 : 1;
    if (args.length !== wanted) {
      throw this.#error(node, `${op} takes ${wanted} argument${wanted > 1 ? 's' : ''}, not ${args.length}`);
    }
    const modifier = parts.find((part) => part.name === 'AggregateModifier');
    const [by, labels] = modifier ? childrenOf(modifier) : [];
    return {
      kind: 'aggregation',
      op,
      param: wanted === 2 ? args[0]! : null,
      expr: args.at(-1)!,
      grouping: by && labels ? { by: by.name === 'By', labels: this.#labels(labels) } : null,
    };
  }

  #operator(parts: SyntaxNode[]): Omit<Binary, 'kind' | 'left' | 'right'> {
    const matching = parts.find((part) => part.name === 'MatchingModifierClause');
    const fill = parts.find((part) => part.name === 'FillModifier');
    return {
      op: this.#of(parts.slice(1, 2)).toLowerCase(),
      bool: parts.some((part) => part.name === 'BoolModifier'),
      matching: matching ? this.#matching(childrenOf(matching)) : null,
      fill: fill ? childrenOf(fill).map((clause) => this.#fill(clause)) : [],
    };
  }

  #matching(parts: SyntaxNode[]): VectorMatching {
    const side = parts.find((part) => part.name === 'GroupLeft' || part.name === 'GroupRight');
    return {
      on: parts[0]!.name === 'On',
      labels: this.#labels(parts[1]!),
      group: side
        ? { side: side.name === 'GroupLeft' ? 'left' : 'right', include: parts[3] ? this.#labels(parts[3]) : [] }
        : null,
    };
  }

  #fill(clause: SyntaxNode): Binary['fill'][number] {
    const value = this.#of([clause.getChild('NumberDurationLiteral')!]);
    return {
      side: clause.name === 'FillLeftClause' ? 'left' : clause.name === 'FillRightClause' ? 'right' : '',
      value,
    };
  }

  /** The text that some nodes, which follow one another, stand for. */
  #of(nodes: SyntaxNode[]): string {
    return nodes.length === 0 ? '' : this.#text.slice(nodes[0]!.from, nodes.at(-1)!.to);
  }

  #error(node: SyntaxNode, what: string, hint = 'prometheus.io/docs/prometheus/latest/querying/basics/'): PromqlError {
    return new PromqlError(this.#text, node.from, what, hint);
  }
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}

/** Since Prometheus 3 a number of seconds is a duration. */
function seconds(text: string): number | null {
  const value = parseNumber(text);
  return text !== '' && Number.isFinite(value) ? value * 1000 : null;
}
