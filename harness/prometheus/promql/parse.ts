import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import type { Expr } from './ast.ts';
import { Converter } from './convert.ts';
import { PromqlError } from './error.ts';

/** Reads PromQL, by the grammar that Prometheus' own web page uses. @throws PromqlError PROMQL_SYNTAX */
export function parse(text: string): Expr {
  const tree = parser.parse(text);
  const broken = firstError(tree);
  if (broken) throw errorAt(text, broken);
  const root = tree.topNode.firstChild;
  if (!root || text.trim() === '') throw new PromqlError(text, 0, 'there is no expression', 'write a query');
  return new Converter(text).expr(significant(root)!);
}

/** Like `parse`; null where it is no PromQL. */
export function tryParse(text: string): Expr | null {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof PromqlError) return null;
    throw error;
  }
}

/** The node itself or the first after it that is no comment. */
function significant(node: SyntaxNode | null): SyntaxNode | null {
  return node?.name === 'LineComment' ? significant(node.nextSibling) : node;
}

function firstError(tree: Tree): { from: number; to: number } | null {
  let first: { from: number; to: number } | null = null;
  tree.iterate({
    enter(node) {
      if (node.type.isError && (first === null || node.from < first.from)) first = { from: node.from, to: node.to };
    },
  });
  return first;
}

function errorAt(text: string, { from }: { from: number }): PromqlError {
  if (text.trim() === '') return new PromqlError(text, 0, 'there is no expression', 'write a query');
  const variable = /\$\{?\w+\}?|\[\[\w+\]\]/.exec(text);
  if (variable && variable.index <= from + 1) {
    return new PromqlError(text, variable.index, `${variable[0]} is a variable of a dashboard`, 'put its value there');
  }
  const rest = text.slice(from);
  if (rest.trim() === '') {
    return new PromqlError(
      text,
      text.trimEnd().length,
      'it ends too early',
      open(text) === '' ? 'something is missing at its end' : `close what is open: ${open(text)}`,
    );
  }
  const called = /([a-zA-Z_:][\w:]*)\s*$/.exec(text.slice(0, from));
  if (called && rest.startsWith('(')) {
    return new PromqlError(
      text,
      called.index,
      `there is no function ${called[1]}`,
      'check its spelling, and the version of Prometheus',
    );
  }
  const token = /^\s*(\w+|\S)/.exec(rest)?.[1] ?? rest;
  return new PromqlError(
    text,
    from,
    `${token} can't stand here`,
    'prometheus.io/docs/prometheus/latest/querying/basics/',
  );
}

/** Brackets that are open at the end; those within strings and comments are none. */
function open(text: string): string {
  const closing: Record<string, string> = { '(': ')', '[': ']', '{': '}' };
  const stack: string[] = [];
  const bare = text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#.*/g, '');
  for (const char of bare) {
    if (char in closing) stack.push(closing[char]!);
    else if (char === stack.at(-1)) stack.pop();
  }
  return stack.reverse().join('');
}
