import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Duration, type Expr, NO_TIME, parse, print, type Selector, transform } from './index.ts';

const word = fc.stringMatching(/^[a-z_][a-z0-9_]{0,5}$/).filter((text) => !KEYWORDS.has(text));
const KEYWORDS = new Set([
  'bool',
  'on',
  'inf',
  'nan',
  'offset',
  'by',
  'and',
  'or',
  'unless',
  'sum',
  'max',
  'min',
  'avg',
]);
const anyText = fc.string({ unit: 'binary', maxLength: 6 });
const duration: fc.Arbitrary<Duration> = fc
  .constantFrom(['5m', 300_000], ['1h30m', 5_400_000], ['500ms', 500], ['7', 7000])
  .map(([text, ms]) => ({ text: text as string, ms: ms as number }));
const number: fc.Arbitrary<Expr> = fc
  .constantFrom(['1', 1], ['0.5', 0.5], ['1e3', 1000], ['5m', 300], ['Inf', Number.POSITIVE_INFINITY])
  .map(([text, value]) => ({ kind: 'number', text: text as string, value: value as number }));
const matcher = fc.record({
  label: fc.oneof(word, fc.constant('k8s.pod')),
  op: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
  value: anyText,
});
const time = fc.record({
  offset: fc.option(duration, { nil: null }),
  at: fc.constantFrom('', 'start()', '1609746000'),
  edges: fc.constant('' as const),
});
const selector: fc.Arbitrary<Selector> = fc.record({
  kind: fc.constant('selector' as const),
  name: fc.oneof(word, fc.constant('http.requests')),
  matchers: fc.array(matcher, { maxLength: 3 }),
  range: fc.constant(null),
  time: fc.oneof(fc.constant(NO_TIME), time),
});
const labels = fc.array(word, { maxLength: 2 });

const { expr } = fc.letrec<{ expr: Expr }>((tie) => ({
  expr: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    anyText.map((value): Expr => ({ kind: 'string', value })),
    selector,
    fc.record({ kind: fc.constant('paren' as const), expr: tie('expr') }),
    fc.record({
      kind: fc.constant('unary' as const),
      op: fc.constantFrom('-' as const, '+' as const),
      expr: tie('expr'),
    }),
    fc.record({
      kind: fc.constant('call' as const),
      func: fc.constantFrom('abs', 'rate'),
      args: fc.array(tie('expr'), { maxLength: 2 }),
    }),
    fc.record({
      kind: fc.constant('subquery' as const),
      expr: tie('expr'),
      range: duration,
      step: fc.option(duration, { nil: null }),
      time,
    }),
    fc.record({
      kind: fc.constant('aggregation' as const),
      op: fc.constant('sum'),
      param: fc.constant(null),
      expr: tie('expr'),
      grouping: fc.option(fc.record({ by: fc.boolean(), labels }), { nil: null }),
    }),
    fc.record({
      kind: fc.constant('binary' as const),
      op: fc.constantFrom('+', '-', '*', '/', '%', '^', '==', '>', 'and', 'or', 'unless', 'atan2'),
      bool: fc.constant(false),
      matching: fc.option(
        fc.record({
          on: fc.boolean(),
          labels,
          group: fc.option(fc.record({ side: fc.constantFrom('left' as const, 'right' as const), include: labels }), {
            nil: null,
          }),
        }),
        { nil: null },
      ),
      fill: fc.constant<{ side: '' | 'left' | 'right'; value: string }[]>([]),
      left: tie('expr'),
      right: tie('expr'),
    }),
  ),
}));

/** Without the parentheses: those that a tree needs are printed even where it has none. */
function stripped(tree: Expr): Expr {
  return transform(tree, (one) => (one.kind === 'paren' ? one.expr : one));
}

describe('printing and reading', () => {
  it("are each other's reverse, but for parentheses", () => {
    fc.assert(
      fc.property(expr, (tree) => {
        expect(stripped(parse(print(tree)))).toEqual(stripped(tree));
      }),
      { numRuns: 300 },
    );
  });

  it('come to rest after one turn', () => {
    fc.assert(
      fc.property(expr, (tree) => {
        const read = parse(print(tree));
        expect(parse(print(read))).toEqual(read);
        expect(print(read)).toBe(print(parse(print(read))));
      }),
      { numRuns: 300 },
    );
  });
});
