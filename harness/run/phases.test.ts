import { describe, expect, it, vi } from 'vitest';
import type { ScenarioResult, VerdictValue } from '../result/types.ts';
import { Phases } from './phases.ts';
import { suiteVerdict } from './suite.ts';

describe('phases', () => {
  it('follow one another without a gap, each with its time', () => {
    const now = vi.spyOn(performance, 'now');
    const at = (ms: number) => now.mockReturnValue(ms);
    at(100);
    const phases = new Phases();
    at(110);
    phases.begin('start');
    at(160);
    phases.begin('traffic');
    at(1160.4);
    expect(phases.end()).toEqual([
      { name: 'start', durationMs: 50 },
      { name: 'traffic', durationMs: 1000 },
    ]);
    expect(phases.totalMs).toBe(1060);
    // The last is not counted twice.
    at(2000);
    expect(phases.end()).toHaveLength(2);
    now.mockRestore();
  });

  it('are none before the first began', () => {
    expect(new Phases().end()).toEqual([]);
  });
});

describe('the verdict of a suite', () => {
  const results = (...verdicts: VerdictValue[]) => verdicts.map((verdict) => ({ verdict }) as ScenarioResult);
  it.each<[string, VerdictValue[], number, VerdictValue]>([
    ['all pass', ['pass', 'pass'], 2, 'pass'],
    ['one fails', ['pass', 'fail', 'inconclusive'], 3, 'fail'],
    ['one is inconclusive', ['pass', 'inconclusive'], 2, 'inconclusive'],
    ['one is missing', ['pass'], 2, 'inconclusive'],
    ['one fails and one is missing', ['fail'], 2, 'fail'],
    ['nothing was run', [], 2, 'inconclusive'],
    ['nothing was wanted', [], 0, 'inconclusive'],
  ])('%s', (_, verdicts, wanted, expected) => {
    expect(suiteVerdict(results(...verdicts), wanted)).toBe(expected);
  });
});
