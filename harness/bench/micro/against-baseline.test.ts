import { describe, expect, test } from 'vitest';
import type { MicroResult } from '../../result/bench/types.ts';
import { exitCodeOf, standings } from './against-baseline.ts';
import { optionsOf } from './options.ts';
import { tableOf } from './table.ts';

/** Benchmarks by name: the ratio, and half of its interval. */
function result(benches: Record<string, [number, number]>): MicroResult {
  return {
    apiVersion: 'meshproof/v1',
    kind: 'MicroResult',
    startedAt: '2026-01-01T00:00:00.000Z',
    machine: { platform: 'linux x64', cpu: 'any', cores: 2, memoryBytes: 1, node: 'v24.0.0' },
    benches: Object.entries(benches).map(([name, [value, half]]) => ({
      ...{ name, unit: 'thing', unitsPerRun: 10, medianMs: 5, p99Ms: 6, runs: 100 },
      ratio: { value, low: value - half, high: value + half, level: 0.95 },
    })),
  };
}

const BEFORE = result({ a: [1, 0.02] });
const stand = (value: number, half: number) => standings(BEFORE, result({ a: [value, half] }))[0]!;

describe('against the baseline', () => {
  test.each([
    ['within the noise of both', 1.03, 0.05, 'as before', false],
    ['far off, but so noisy that nothing tells', 1.6, 0.9, 'as before', false],
    ['slower beyond the noise, but by less than a quarter', 1.15, 0.02, 'slower', false],
    ['slower by more than a quarter', 1.4, 0.05, 'slower', true],
    ['faster', 0.5, 0.05, 'faster', false],
  ])('%s', (_what, value, half, standing, regressed) => {
    expect(stand(value, half)).toMatchObject({ standing, regressed });
  });

  test('what only one of them has is new, or gone', () => {
    const found = standings(result({ a: [1, 0.1], b: [1, 0.1] }), result({ b: [1, 0.1], c: [9, 0.1] }));
    expect(Object.fromEntries(found.map((s) => [s.row.what, s.standing]))).toEqual({
      a: 'gone',
      b: 'as before',
      c: 'new',
    });
    expect(found.every((s) => !s.regressed)).toBe(true);
  });

  test('fails when it was asked to check, and something is slower', () => {
    const [slow, calm] = [stand(1.4, 0.05), stand(1, 0.05)];
    expect(exitCodeOf([calm, slow], true)).toBe(1);
    expect(exitCodeOf([calm, slow], false)).toBe(0);
    expect(exitCodeOf([calm], true)).toBe(0);
  });

  test('the table names what has become slower', () => {
    const now = result({ a: [1.4, 0.05], c: [2, 0.05] });
    const table = tableOf(now, standings(BEFORE, now));
    expect(table).toMatch(/^a .*500\.00 us \/ thing.*1\.40 \+-4%.*1\.00.*slower \+40% !$/m);
    expect(table).toMatch(/^c .*new$/m);
  });
});

describe('arguments', () => {
  test('are read', () => {
    expect(optionsOf(['--only', 'page', '--check'])).toEqual({ only: 'page', check: true, update: false });
  });

  test('that nobody knows are refused', () => {
    expect(() => optionsOf(['--chekc'])).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
