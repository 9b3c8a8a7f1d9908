import { describe, expect, it } from 'vitest';
import { sampleResult } from '../../../result/testing/sample.ts';
import type { Result } from '../../../result/types.ts';
import { compared, row } from '../testing.ts';

describe('runs', () => {
  const run = (change: (scenario: Result['scenarios'][0]) => void): Result => {
    const result = sampleResult();
    result.scenarios = [structuredClone(result.scenarios[0]!)];
    change(result.scenarios[0]!);
    return result;
  };
  const failing = (failed: number) => run(({ traffic }) => Object.assign(traffic, { requests: 1000, failed }));

  it('differ in their success rate by more than chance, or they do not', () => {
    const rate = 'baseline-chain: success rate';
    expect(row(compared(failing(0), failing(40)), rate)).toMatchObject({ says: 'differs', direction: 'worse' });
    expect(row(compared(failing(40), failing(0)), rate)).toMatchObject({ says: 'differs', direction: 'better' });
    expect(row(compared(failing(10), failing(14)), rate)).toMatchObject({ says: 'same' });
    expect(row(compared(failing(0), failing(1)), rate)).toMatchObject({ says: 'same' });
  });

  it('do not differ in latency by one run a side: what exceeds sampling may be the machine', () => {
    const slow = (truthMs: number) => run(({ quantiles }) => Object.assign(quantiles[0]!, { truthMs }));
    const p99 = 'baseline-chain: p99 meshproof/load -> shop/web';
    expect(row(compared(slow(48), slow(480)), p99)).toMatchObject({ says: 'unknown', noise: null });
    expect(row(compared(slow(48), slow(48.5)), p99)).toMatchObject({ says: 'same' });
  });

  it('differ in whatever is counted exactly', () => {
    const violated = run(({ checks, flows }) => {
      checks[0]!.violations = 1;
      flows[0]!.verdict = 'fail';
      flows[0]!.prometheus = flows[0]!.truth - 3;
    });
    const comparison = compared(
      run(() => {}),
      violated,
    );
    expect(row(comparison, 'baseline-chain: bounds that did not hold')).toMatchObject({ says: 'differs', b: 1 });
    expect(row(comparison, 'baseline-chain: flows that are not right')).toMatchObject({ direction: 'worse' });
    expect(row(comparison, 'baseline-chain: largest deviation of a count')).toMatchObject({ b: 3, direction: 'worse' });
  });

  it.each([
    ['pass', 'fail', 'differs', 'worse'],
    ['fail', 'pass', 'differs', 'better'],
    ['pass', 'inconclusive', 'unknown', 'neither'],
  ] as const)('say of %s and %s: %s', (x, y, says, direction) => {
    const of = (verdict: 'pass' | 'fail' | 'inconclusive') => run((scenario) => Object.assign(scenario, { verdict }));
    expect(row(compared(of(x), of(y)), 'baseline-chain: verdict')).toMatchObject({ says, direction });
  });

  it('name scenarios that only one has, and other seeds', () => {
    const { caveats, rows } = compared(
      sampleResult(),
      run((scenario) => Object.assign(scenario, { seed: 99 })),
    );
    expect(caveats).toContain('another seed of baseline-chain: A 7, B 99');
    expect(caveats.filter((caveat) => caveat.startsWith('only A has the scenario'))).toHaveLength(2);
    expect(rows.filter(({ why }) => why === 'only A has it').length).toBeGreaterThanOrEqual(2);
  });
});
