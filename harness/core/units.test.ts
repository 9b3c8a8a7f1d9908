import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDuration,
  formatPercent,
  formatRate,
  formatSize,
  parseDuration,
  parsePercent,
  parseRate,
  parseSize,
  UnitError,
} from './units.ts';

function refusal(read: () => unknown): { message: string; hint: string } {
  try {
    read();
  } catch (error) {
    if (error instanceof UnitError) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error('was accepted');
}

describe('durations', () => {
  it.each([
    ['500us', 0.5],
    ['500µs', 0.5],
    ['8ms', 8],
    ['1.1s', 1100],
    ['2s', 2000],
    ['1m30s', 90_000],
    ['1h0.5s', 3_600_500],
    ['0s', 0],
  ])('reads %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it('refuses a bare number and says what to write', () => {
    expect(refusal(() => parseDuration('8'))).toEqual({
      message: '8 is a number without a unit where a duration belongs',
      hint: 'write `8ms` or `8s`',
    });
  });

  it.each(['', 'ms', '8 ms', '8msx', '1s1m', '1s1s', '-1s', '1e3ms', '١s', `${'9'.repeat(400)}s`])(
    'refuses %j with a hint',
    (text) => {
      expect(refusal(() => parseDuration(text)).hint).toContain('`8ms` or `2s`');
    },
  );

  it('writes what it reads back to the microsecond', () => {
    expect([0, 0.25, 8, 1500, 90_000, 5_400_000].map(formatDuration)).toEqual([
      '0s',
      '250us',
      '8ms',
      '1.5s',
      '1m30s',
      '1h30m',
    ]);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000_000 }), (us) => {
        expect(parseDuration(formatDuration(us / 1000))).toBe(us / 1000);
      }),
    );
  });
});

describe('rates, percentages, sizes', () => {
  it('reads rates per second, minute and hour', () => {
    expect(['50/s', '30/m', '0.5/s', '7200/h', '0/s'].map(parseRate)).toEqual([50, 0.5, 0.5, 2, 0]);
    expect(formatRate(0.5)).toBe('0.5/s');
    expect(refusal(() => parseRate('50')).hint).toBe('write `50/s` or `50/m`');
    expect(refusal(() => parseRate('50rps')).message).toBe('`50rps` is not a rate');
    expect(refusal(() => parseRate('-1/s')).message).toBe('`-1/s` is negative');
  });

  it('reads percentages as ratios and refuses more than all', () => {
    expect(['2%', '0.5%', '100%', '7 %'].map(parsePercent)).toEqual([0.02, 0.005, 1, 0.07]);
    expect(formatPercent(0.07)).toBe('7%');
    expect(refusal(() => parsePercent('100.1%')).message).toBe('`100.1%` is over 100 %');
    expect(refusal(() => parsePercent('0.02')).hint).toBe('write `2%` or `0.02%`');
  });

  it('reads sizes in whole bytes', () => {
    expect(['512B', '2KiB', '10KB', '1.5KiB', '1MiB', '2MB'].map(parseSize)).toEqual([
      512, 2048, 10_000, 1536, 1_048_576, 2_000_000,
    ]);
    expect([512, 2048, 10_000, 1_048_576, 12_345].map(formatSize)).toEqual(['512B', '2KiB', '10KB', '1MiB', '12.1KiB']);
    expect(refusal(() => parseSize('0.3B')).message).toBe('`0.3B` is no whole number of bytes');
    expect(refusal(() => parseSize('10')).hint).toBe('write `10B` or `10KiB`');
    expect(refusal(() => parseSize('10kb')).message).toBe('`10kb` is not a size');
  });
});
