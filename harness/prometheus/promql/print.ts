import { type Binary, bare, type Expr, type Matcher, type Selector, type TimeModifiers } from './ast.ts';
import { bindingOf, POSTFIX, sidesOf, UNARY } from './precedence.ts';
import { quote } from './text.ts';

/** The tree as PromQL, on one line. Parentheses that a tree needs are written even where it has none. */
export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'number':
      return expr.text;
    case 'string':
      return quote(expr.value);
    case 'selector':
      return printSelector(expr);
    case 'subquery': {
      const step = expr.step === null ? '' : expr.step.text;
      return `${operand(expr.expr, POSTFIX)}[${expr.range.text}:${step}]${printTime(expr.time)}`;
    }
    case 'call':
      return `${expr.func}(${expr.args.map(print).join(', ')})`;
    case 'aggregation': {
      const { grouping, param } = expr;
      const by = grouping ? ` ${grouping.by ? 'by' : 'without'} (${grouping.labels.map(labelName).join(', ')}) ` : '';
      return `${expr.op}${by}(${param ? `${print(param)}, ` : ''}${print(expr.expr)})`;
    }
    case 'binary':
      return printBinary(expr);
    case 'unary':
      return `${expr.op}${operand(expr.expr, UNARY + 1)}`;
    case 'paren':
      return `(${print(expr.expr)})`;
  }
}

function operand(expr: Expr, atLeast: number): string {
  const binding = expr.kind === 'binary' ? bindingOf(expr.op) : expr.kind === 'unary' ? UNARY : POSTFIX;
  return binding < atLeast ? `(${print(expr)})` : print(expr);
}

function printBinary(expr: Binary): string {
  const sides = sidesOf(expr.op);
  const left = operand(expr.left, sides.left);
  const right = expr.right.kind === 'unary' ? print(expr.right) : operand(expr.right, sides.right);
  return `${left} ${expr.op}${expr.bool ? ' bool' : ''}${printMatching(expr)} ${right}`;
}

function printMatching({ matching, fill }: Binary): string {
  let text = '';
  if (matching) {
    text += ` ${matching.on ? 'on' : 'ignoring'} (${matching.labels.map(labelName).join(', ')})`;
    if (matching.group) {
      text += ` group_${matching.group.side} (${matching.group.include.map(labelName).join(', ')})`;
    }
  }
  return text + fill.map(({ side, value }) => ` fill${side ? `_${side}` : ''} (${value})`).join('');
}

function printSelector({ name, matchers, range, time }: Selector): string {
  const plain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
  const inside = [...(name === '' || plain ? [] : [quote(name)]), ...matchers.map(printMatcher)];
  const braces = inside.length > 0 || name === '' ? `{${inside.join(', ')}}` : '';
  return `${plain ? name : ''}${braces}${range ? `[${range.text}]` : ''}${printTime(time)}`;
}

function printMatcher({ label, op, value }: Matcher): string {
  return `${labelName(label)}${op}${quote(value)}`;
}

function labelName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quote(name);
}

function printTime({ offset, at, edges }: TimeModifiers): string {
  return `${edges ? ` ${edges}` : ''}${at ? ` @ ${at}` : ''}${offset ? ` offset ${offset.text}` : ''}`;
}

/** Whether two expressions are the same but for parentheses around the whole. */
export function same(a: Expr, b: Expr): boolean {
  return print(bare(a)) === print(bare(b));
}
