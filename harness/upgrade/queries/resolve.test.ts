// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of dashboards look like that
import { describe, expect, it } from 'vitest';
import { type Binding, builtIns, resolveText, sampleText, variablesIn } from './resolve.ts';
import { queryOf } from './testing/answers.ts';

const BINDINGS: Record<string, Binding> = {
  ns: { kind: 'values', values: ['shop'] },
  pods: { kind: 'values', values: ['a.1', 'b'] },
  none: { kind: 'values', values: [] },
  all: { kind: 'text', text: '.*' },
  window: { kind: 'text', text: '5m' },
  nested: { kind: 'text', text: '$window' },
  host: { kind: 'text', text: 'a.b' },
  odd: { kind: 'unknown', why: 'metrics(x) is not supported' },
  quote: { kind: 'values', values: ['say "hi"'] },
};
const resolve = (text: string) => resolveText(text, (name) => BINDINGS[name]);

describe('resolveText', () => {
  it.each([
    ['rate(x[$window])', 'rate(x[5m])'],
    ['rate(x[$nested])', 'rate(x[5m])'],
    ['rate(x[${window}])', 'rate(x[5m])'],
    ['rate(x[[[window]]])', 'rate(x[5m])'],
    ['x{a="$ns"}', 'x{a="shop"}'],
    ["x{a='$ns'}", "x{a='shop'}"],
    ['x{a="$ns-viz"}', 'x{a="shop-viz"}'],
    ['x{a="$quote"}', String.raw`x{a="say \"hi\""}`],
    // Several values where one is matched: a pattern.
    ['x{a="$pods"}', String.raw`x{a=~"(a\\.1|b)"}`],
    ['x{a!="$pods"}', String.raw`x{a!~"(a\\.1|b)"}`],
    ['x{a = "my.$pods"}', String.raw`x{a =~"my\\.(a\\.1|b)"}`],
    ['x{a="$host/$pods"}', String.raw`x{a=~"a\\.b/(a\\.1|b)"}`],
    ['x{a=~"$pods"}', String.raw`x{a=~"(a\\.1|b)"}`],
    ['x{a=~`$pods`}', 'x{a=~`(a\\.1|b)`}'],
    ['x{a=~"${pods:pipe}"}', 'x{a=~"(a.1|b)"}'],
    ['x{a=~"${pods:regex}"}', String.raw`x{a=~"(a\\.1|b)"}`],
    ['x{a=~"[[pods:regex]].*"}', String.raw`x{a=~"(a\\.1|b).*"}`],
    ['x{a="$all"}', 'x{a=~".*"}'],
    ['x{a=~"$all"}', 'x{a=~".*"}'],
    ['x{a="$none"}', 'x{a=~"__no_value__"}'],
    ['x{a=~"$odd"}', 'x{a=~".*"}'],
    ['x{a="$odd"}', 'x{a=~".*"}'],
    ['sum by ($pods) (x)', 'sum by (a.1) (x)'],
    ['sum by (${pods:csv}) (x)', 'sum by (a.1,b) (x)'],
    // What is no variable of the dashboard stays.
    ['label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")'],
    ['x{a=~"b$"}', 'x{a=~"b$"}'],
    ['x{a=~"b$$ns"}', 'x{a=~"b$shop"}'],
    ['x # of $ns\n', 'x # of $ns\n'],
  ])('%s', (text, resolved) => {
    expect(resolve(text)).toBe(resolved);
  });

  it('says which variable has no value where one is needed', () => {
    expect(() => resolve('rate(x[$odd])')).toThrow('variable $odd has no value here: metrics(x) is not supported');
    expect(() => resolve('x > $none')).toThrow('variable $none has no value here');
  });

  it('does not go on for ever', () => {
    const lookup = () => ({ kind: 'text', text: '$a' }) as const;
    expect(resolveText('$a', lookup)).toBe('$a');
  });
});

describe('builtIns', () => {
  it("are Grafana's, of the world's own time", () => {
    const text = '$__interval $__rate_interval ${__range} $__range_s ${__range_ms} $__from $__interval_ms $__user';
    const lookup = builtIns({ intervalMs: 2000, fromMs: 10_000, toMs: 22_400 });
    expect(resolveText(text, lookup)).toBe('2s 8s 12s 12 12400 10000 2000 $__user');
    expect(resolveText('$__interval', builtIns({ intervalMs: 500, fromMs: 0, toMs: 1 }))).toBe('500ms');
  });
});

it('names the variables of a text once', () => {
  expect(variablesIn('$a ${b:regex} [[c]] $a "$d" $1')).toEqual(['a', 'b', 'c', 'd', '1']);
});

it('gives every variable some value, for the parser', () => {
  const variables = {
    w: { kind: 'value', value: '1m' },
    ns: { kind: 'label-values', selector: '', label: 'namespace', regex: '', pick: 'first' },
    odd: { kind: 'unsupported', text: '' },
  } as const;
  const query = queryOf('rate(x{ns="$ns", o=~"$odd"}[$w]) > rate(y[$__rate_interval])', { variables });
  expect(sampleText(query)).toBe('rate(x{ns="x", o=~"x"}[1m]) > rate(y[60s])');
});
