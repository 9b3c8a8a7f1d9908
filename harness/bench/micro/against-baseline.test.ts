import { describe, expect, test } from 'vitest';
import type { MicroResult } from '../../result/bench/types.ts';
import { exitCodeOf, remarksOf, standings } from './against-baseline.ts';
import { checkable, updated } from './baseline.ts';
import { optionsOf, selected } from './options.ts';
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

  test('fails when one of the baseline was not measured, and says which', () => {
    const now = result({ b: [1, 0.1] });
    const stands = standings(result({ a: [1, 0.1], b: [1, 0.1] }), now);
    expect([exitCodeOf(stands, true), exitCodeOf(stands, false)]).toEqual([1, 0]);
    expect(remarksOf(stands, BEFORE, now)).toEqual(['in the baseline, and not measured any more: a']);
    expect(remarksOf(standings(result({ b: [1, 0.1] }), result({ b: [1, 0.1], c: [1, 0.1] })), null, now)).toEqual([
      'not in the baseline, and compared with nothing: c',
    ]);
  });

  test('says when the machine is another one', () => {
    const now = { ...BEFORE, machine: { ...BEFORE.machine, cpu: 'another' } };
    expect(remarksOf(standings(BEFORE, now), BEFORE, now).join()).toMatch(/any.*another/);
  });

  test('is not checked without a baseline', () => {
    expect(() => checkable(BEFORE)).not.toThrow();
    for (const none of [null, result({})]) {
      expect(() => checkable(none)).toThrowError(expect.objectContaining({ code: 'NO_BASELINE', exitCode: 2 }));
    }
  });

  test('the table names what has become slower', () => {
    const now = result({ a: [1.4, 0.05], c: [2, 0.05] });
    const table = tableOf(now, standings(BEFORE, now));
    expect(table).toMatch(/^a .*500\.00 us \/ thing.*1\.40 \+-4%.*1\.00.*slower \+40% !$/m);
    expect(table).toMatch(/^c .*new$/m);
  });
});

describe('a baseline that is written', () => {
  const elsewhere = { ...BEFORE.machine, cpu: 'another' };
  const all = ['a', 'b', 'c'].map((name) => ({ name }));

  test('keeps what was not measured anew, in the order of all, and leaves out what is gone', () => {
    const written = updated(result({ b: [1, 0.1], z: [1, 0.1] }), result({ a: [2, 0.1] }), all);
    expect(written.benches.map(({ name, ratio }) => [name, ratio.value])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(written.machine).toEqual(BEFORE.machine);
  });

  test('is of the machine that measured all of it, and else says that they were several', () => {
    const now = { ...result({ a: [2, 0.1] }), machine: elsewhere };
    expect(updated(BEFORE, now, all).machine).toEqual(elsewhere);
    const mixed = updated(result({ a: [1, 0.1], b: [1, 0.1] }), now, all);
    expect(mixed.machine.cpu).toBe('several machines: any; another');
    expect(updated(mixed, now, all).machine.cpu).toBe('several machines: any; another');
  });
});

describe('arguments', () => {
  test('are read', () => {
    expect(optionsOf(['--only', 'page', '--check'])).toEqual({ only: 'page', check: true, update: false });
  });

  test('that select nothing are refused', () => {
    const benches = [{ name: 'parse: a page' }, { name: 'render' }];
    expect(selected(benches)).toEqual(benches);
    expect(selected(benches, 'page')).toEqual([benches[0]]);
    expect(() => selected(benches, 'nosuch')).toThrowError(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', exitCode: 2, hint: 'there are: parse: a page; render' }),
    );
  });

  test('that nobody knows are refused', () => {
    expect(() => optionsOf(['--chekc'])).toThrowError(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
