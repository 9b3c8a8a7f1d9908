import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { text } from '../result/testing/arbitrary.ts';
import { RUNNER_COMMAND } from './testing/forbidden.ts';
import { displayWidth, oneLine, truncate, wrap } from './text.ts';

describe('text', () => {
  it.each([
    ['::error::no', ': :error::no'],
    ['x ::Set-Output name=a::b', 'x : :Set-Output name=a::b'],
    ['::a::b::c::d', ': :a: :b: :c::d'],
    ['a##[group]b', 'a# #[group]b'],
    ['::1', '::1'],
    ['fe80::a:b 10.0.0.1', 'fe80::a:b 10.0.0.1'],
    ['job:rate5m', 'job:rate5m'],
  ])('of %j makes no command to the runner of a pipeline', (from, to) => {
    expect(oneLine(from)).toBe(to);
    expect(oneLine(oneLine(from))).toBe(to);
    for (const line of wrap(`${'x'.repeat(7)} ${from}`, 8)) expect(line).not.toMatch(RUNNER_COMMAND);
  });

  it('knows how wide a terminal shows it', () => {
    expect(['abc', '漢字', 'e\u0301', '👩‍👩‍👧', '🇩🇪', '✔', ''].map(displayWidth)).toEqual([3, 4, 1, 2, 2, 1, 0]);
    expect(truncate('漢字かな', 5)).toBe('漢字…');
    expect(wrap('aa bb cc', 5)).toEqual(['aa bb', 'cc']);
    expect(wrap('abcdefg', 3)).toEqual(['abc', 'def', 'g']);
    expect(oneLine('\u001b[31mred\u001b[0m\tand\r\nmore\u202e')).toBe('red and more');
  });

  it('loses nothing when it wraps', () => {
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 40 }), (value, width) => {
        const squeeze = (s: string) => oneLine(s).replaceAll(' ', '');
        expect(squeeze(wrap(value, width).join(''))).toBe(squeeze(value));
      }),
    );
  });
});
