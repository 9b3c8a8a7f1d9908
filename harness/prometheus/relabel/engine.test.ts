// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${1}` is what Prometheus expands.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relabel } from './engine.ts';
import { anchored } from './re2.ts';
import { anyLabels, anyRule, rule } from './testing/rules.ts';

const one = (labels: Record<string, string>, ...rules: Parameters<typeof rule>[0][]) =>
  relabel(labels, rules.map(rule));

describe('relabel', () => {
  it('says which rule dropped a target, and what it saw', () => {
    const keep = { action: 'keep', sourceLabels: ['a', 'none', 'b'], regex: 'x;;z' };
    expect(one({ a: 'x', b: 'y', c: '' }, { targetLabel: 't', replacement: '1' }, keep)).toEqual({
      kept: false,
      labels: { a: 'x', b: 'y', t: '1' },
      by: {
        index: 1,
        rule: rule(keep),
        sources: [
          { name: 'a', value: 'x' },
          { name: 'none', value: '' },
          { name: 'b', value: 'y' },
        ],
        value: 'x;;y',
        target: null,
      },
    });
    const equal = one({ a: 'x', b: 'x' }, { action: 'dropequal', sourceLabels: ['a'], targetLabel: 'b' });
    expect(equal).toMatchObject({ kept: false, by: { value: 'x', target: 'x' } });
  });

  it('hashes as Prometheus does', () => {
    // The last eight bytes of the MD5 sum of `baz`, modulo 1000.
    expect(one({ c: 'baz' }, { action: 'hashmod', sourceLabels: ['c'], modulus: 1000, targetLabel: 'd' })).toEqual({
      kept: true,
      labels: { c: 'baz', d: '976' },
    });
  });

  it('takes an empty replacement for the end of a label', () => {
    expect(one({ a: 'x' }, { sourceLabels: ['a'], targetLabel: 'a', replacement: '' })).toEqual({
      kept: true,
      labels: {},
    });
    expect(one({ a: 'x' }, { sourceLabels: ['b'], targetLabel: 'a' })).toEqual({ kept: true, labels: {} });
    expect(one({ a: 'x' }, { sourceLabels: ['b'], regex: '(.+)', targetLabel: 'a' })).toEqual({
      kept: true,
      labels: { a: 'x' },
    });
  });

  it('maps names as they were when the rule began', () => {
    const twice = { action: 'labelmap', regex: '(.*)x', replacement: '$1' };
    expect(one({ axx: '1', b: '2' }, twice)).toEqual({ kept: true, labels: { axx: '1', ax: '1', b: '2' } });
  });

  it('refuses what is no rule', () => {
    expect(() => one({}, { action: 'rename' })).toThrow(RangeError);
    expect(() => one({}, { action: 'hashmod', targetLabel: 'a' })).toThrow(RangeError);
    expect(() => one({}, { action: 'keep', regex: '(' })).toThrow(SyntaxError);
  });

  it('never leaves a label without a value, and never changes what it was given', () => {
    fc.assert(
      fc.property(anyLabels, fc.array(anyRule, { maxLength: 4 }), (labels, rules) => {
        const before = JSON.stringify(labels);
        const { labels: after } = relabel(labels, rules);
        expect(Object.values(after)).not.toContain('');
        expect(JSON.stringify(labels)).toBe(before);
      }),
    );
  });

  it('drops by a rule that drops alone, given the labels that it saw', () => {
    fc.assert(
      fc.property(anyLabels, fc.array(anyRule, { maxLength: 6 }), (labels, rules) => {
        const whole = relabel(labels, rules);
        if (whole.kept) return;
        expect(relabel(labels, rules.slice(0, whole.by.index)).kept).toBe(true);
        expect(relabel(whole.labels, [whole.by.rule]).kept).toBe(false);
      }),
    );
  });
});

describe('regular expressions of Prometheus', () => {
  it.each([
    ['a|b', 'ab', false],
    ['.*', 'a\nb', true],
    ['(?-s).*', 'a\nb', false],
    ['(?i)a|b', 'B', true],
    ['((?i)a)b', 'aB', false],
    ['(?i:a|b)c', 'BC', false],
    ['\\w+', 'é', false],
    ['\\s', '\u00a0', false],
    ['[[:upper:]]+', 'AB', true],
    ['\\p{Greek}', 'β', true],
    ['\\PL', 'a', false],
    ['(?i)\\P{Lu}', 'a', false],
    ['[\\D]', '1', false],
    ['\\Q.*\\E', '.*', true],
    ['x{,3}', 'x{,3}', true],
    ['[]-]+', ']-', true],
    ['\\_\\-\\:', '_-:', true],
    ['😀+', '😀😀', true],
  ])('%s with %j: %s', (source, text, matches) => {
    expect(anchored(source).test(text)).toBe(matches);
  });

  it.each([
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    '(a)\\1',
    'a**',
    '(',
    ')',
    '[a',
    '[b-a]',
    '\\',
    '\\y',
    '\\p{Nope}',
    '(?P<a>x)(?P<a>y)',
    '(?z)',
  ])('RE2 refuses %s', (source) => {
    expect(() => anchored(source)).toThrow(SyntaxError);
  });

  it('expands as Go does', () => {
    const { expand } = anchored('(?P<first>a)(b)?');
    const all = (template: string) => expand('a', template);
    expect(['$1', '${1}x', '$1x', '${first}', '$2', '$3', '$0', '$$1', '$', '$-', '${', '${1', '$01'].map(all)).toEqual(
      ['a', 'ax', '', 'a', '', '', 'a', '$1', '$', '$-', '${', '${1', ''],
    );
    expect(expand('b', 'x')).toBeNull();
  });
});
