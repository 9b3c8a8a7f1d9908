import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Comparison, ComparisonRow } from '../../result/bench/types.ts';
import { text } from '../../result/testing/arbitrary.ts';
import { displayWidth } from '../text.ts';
import { comparisonBlocks } from './compare.ts';
import { formatIn, formatNoise, formatRelative } from './compare-values.ts';
import { blocksToMarkdown, blocksToTerminal } from './document.ts';

const row = (change: Partial<ComparisonRow>): ComparisonRow => ({
  ...{ what: 'capacity, meshed', unit: '/s', a: 80, b: 60, change: -0.25, noise: 0.05 },
  ...{ says: 'differs', direction: 'worse', why: 'both intervals, at 95%', ...change },
});

const comparison = (rows: ComparisonRow[], caveats: string[] = []): Comparison => ({
  ...{ kind: 'Comparison', of: 'CapacityResult', a: 'before', b: 'after', caveats, rows },
});

const terminal = (it: Comparison, width = 80) => blocksToTerminal(comparisonBlocks(it), { color: false, width });

describe('a comparison', () => {
  it('says first what differs, then what makes it hard to compare, then every row, then why', () => {
    const page = terminal(
      comparison(
        [
          row({}),
          row({ what: 'meshed at 50/s: latency p99', unit: 'ms', a: 58, b: 59, change: 0.017, says: 'same', why: 'w' }),
          row({ what: 'meshed at 50/s: took', unit: 'ms', noise: null, says: 'unknown', why: 'one run a side' }),
        ],
        ['another seed: A 1, B 2'],
      ),
    );
    expect(page).toMatch(
      /^Two capacities: 1 row differs beyond the noise \(1 for the worse\); 1 within the\nnoise, 1 unknown\n/,
    );
    expect(page).toMatch(/^ {2}- another seed: A 1, B 2$/m);
    expect(page).toMatch(/^capacity, meshed +80\/s +60\/s +-25% +±5% +WORSE$/m);
    expect(page).toMatch(/^meshed at 50\/s\nWHAT .*\nlatency p99 +58 ms +59 ms +\+1\.7% +±5% +same\n/m);
    expect(page).toMatch(/^ {2}- differs \(both intervals, at 95%\): capacity, meshed$/m);
    expect(page).toMatch(/^ {2}- unknown \(one run a side\): meshed at 50\/s: took$/m);
  });

  it('says so when nothing differs, and when there is nothing', () => {
    expect(terminal(comparison([row({ says: 'same' })]))).toMatch(/^Two capacities: nothing differs beyond the noise/);
    expect(terminal(comparison([]))).toMatch(/^Two capacities: nothing of them can be compared/);
  });

  it('leaves out what is the same where there is too much', () => {
    const same = Array.from({ length: 500 }, (_, i) => row({ what: `row ${i}`, says: 'same', direction: 'neither' }));
    const page = terminal(comparison([...same, row({ what: 'the last' })]));
    expect(page.match(/^row \d+ /gm)).toHaveLength(119);
    expect(page).toMatch(/^the last .* WORSE$/m);
    expect(page).toMatch(/^… and 381 rows: --reporter json has all$/m);
  });

  it('writes words as words', () => {
    const page = terminal(
      comparison([row({ what: 'verdict', unit: 'verdict', a: 0, b: 2, change: null, noise: null })]),
    );
    expect(page).toMatch(/^verdict +pass +fail +WORSE$/m);
  });

  it('is Markdown of the same', () => {
    const page = blocksToMarkdown(comparisonBlocks(comparison([row({})])));
    expect(page).toMatch(/^# ❌ Two capacities: 1 row differs/);
    expect(page).toContain('| capacity, meshed | 80/s | 60/s | -25% | ±5% | WORSE |');
  });

  it('fits the width, whatever it is of', () => {
    const number = fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: null });
    const rows = fc.array(
      fc.record({
        ...{ what: text, unit: text, why: text, a: number, b: number, change: number },
        noise: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { nil: null }),
        says: fc.constantFrom('differs', 'same', 'unknown'),
        direction: fc.constantFrom('better', 'worse', 'neither'),
      }) as fc.Arbitrary<ComparisonRow>,
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(rows, fc.array(text, { maxLength: 3 }), fc.integer({ min: 20, max: 120 }), (them, caveats, width) => {
        const lines = terminal(comparison(them, caveats), width).split('\n');
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
      { numRuns: 200 },
    );
  });
});

describe('values', () => {
  it.each<[string, number | null, string]>([
    ['/s', 79.83, '79.8/s'],
    ['ms', 354.2, '354 ms'],
    ['ms', 19_656, '19.7 s'],
    ['bytes', 6050, '5.9 KiB'],
    ['ratio', 0.9975, '99.75%'],
    ['µs', 3.994, '3.99 µs'],
    ['', 1_500_000, '1.5 M'],
    ['', 0, '0'],
    ['decision', 1, 'undecided'],
    ['ms', null, '-'],
  ])('of %s: %s is %s', (unit, value, shown) => {
    expect(formatIn(unit, value)).toBe(shown);
  });

  it('of changes and noise are signed', () => {
    expect([0.031, -0.5, 0, 11].map(formatRelative)).toEqual(['+3.1%', '-50%', '0%', 'x12']);
    expect([0.029, 0.5, 0, 20].map(formatNoise)).toEqual(['±2.9%', '±50%', '±0%', '±x20']);
  });
});
