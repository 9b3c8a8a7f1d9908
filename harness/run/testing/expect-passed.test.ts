import { describe, expect, it, vi } from 'vitest';
import { passingScenario, sampleFlow } from '../../result/testing/sample.ts';
import type { FlowResult, Reason, ScenarioResult } from '../../result/types.ts';
import { type Attempt, expectPassed, passing, passingRun, slowness } from './expect-passed.ts';

const reason = (code: string, verdict: Reason['verdict'] = 'inconclusive'): Reason => ({
  code,
  verdict,
  message: code,
});
const told = (...reasons: Reason[]): ScenarioResult => {
  const verdict = reasons.some((one) => one.verdict === 'fail') ? 'fail' : reasons.length > 0 ? 'inconclusive' : 'pass';
  return { ...passingScenario(), verdict, reasons };
};
const passed = told();
const slow = told(reason('TARGET_DOWN'), reason('DROPPED_ITERATIONS'));
const withFlow = (result: ScenarioResult, change: Partial<FlowResult>) => ({ ...result, flows: [sampleFlow(change)] });

/** A world that goes like this, run after run; how often it was run. */
function world(...results: ScenarioResult[]) {
  const run = vi.fn(async () => results.shift()!);
  return { run, times: () => run.mock.calls.length };
}

describe('a run that passes', () => {
  it('is run once', async () => {
    const { run, times } = world(passed);
    expect(await passingRun(run)).toBe(passed);
    expect(times()).toBe(1);
  });
});

describe('a run in which nothing could be seen', () => {
  it('is run once more, which the output says, and has to pass then', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const { run, times } = world(slow, passed);
    expect(await passingRun(run)).toBe(passed);
    expect(times()).toBe(2);
    expect(written.mock.calls.join()).toMatch(/^run once more, .*: baseline-chain: TARGET_DOWN: .*DROPPED_ITERATIONS/);
    written.mockRestore();
  });

  it('fails when it is like that again, and is run no third time', async () => {
    const { run, times } = world(slow, told(reason('TARGET_DOWN')), passed);
    await expect(passingRun(run)).rejects.toThrow(/TARGET_DOWN/);
    expect(times()).toBe(2);
  });

  it('is one whose order of events nobody knows, too: the judge accepts what both have counted', async () => {
    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const unknown = withFlow(passed, { truth: 5, proxy: 6, prometheus: 6 });
    const { run, times } = world(unknown, passed);
    expect(await passingRun(run)).toBe(passed);
    expect(times()).toBe(2);
    expect(written.mock.calls.join()).toContain('counted 6 times, where the truth has 5');
    await expect(passingRun(world(unknown, unknown).run)).rejects.toThrow(/counted 6 times/);
    written.mockRestore();
  });

  it('is found among several', async () => {
    const rounds = [
      [passed, slow],
      [passed, passed],
    ];
    expect(
      await passing(
        async () => rounds.shift()!,
        (all) => all,
      ),
    ).toEqual([passed, passed]);
    expect(rounds).toEqual([]);
    await expect(
      passing(
        async () => [passed, told(reason('NO_DATA'))],
        (all) => all,
      ),
    ).rejects.toThrow(/NO_DATA/);
  });
});

describe('a run that passes, and can not decide what a test is about', () => {
  it('is run once more, the second time as it may be', async () => {
    const run = vi.fn(async (attempt: Attempt) => ({ attempt, result: passed }));
    const seen = await passing(
      run,
      ({ result }) => [result],
      () => ['a scrape is missing'],
    );
    expect(seen.attempt).toBe('again');
    expect(run.mock.calls).toEqual([['first'], ['again']]);
  });
});

describe('a defect is no lack of speed', () => {
  const flaws: [string, ScenarioResult][] = [
    ['a reason that says fail', told(reason('NOT_EQUAL_AT_END', 'fail'))],
    ['one beside others', told(reason('TARGET_DOWN'), reason('BOUND_VIOLATED', 'fail'))],
    ['a slow code that says fail', told(reason('TARGET_DOWN', 'fail'))],
    ['missing data', told(reason('TARGET_DOWN'), reason('NO_DATA'))],
    ['an error', { ...slow, error: { code: 'CHILD_DIED', message: 'k6', hint: '' } }],
    ['a verdict without a reason', { ...passed, verdict: 'inconclusive' }],
    ['a flow that is off', withFlow(slow, { truth: 5, proxy: 5, prometheus: 4 })],
    [
      'a flow that is off for what died unseen',
      withFlow(passed, { truth: 5, proxy: 3, prometheus: 3, unobservable: 1, verdict: 'fail' }),
    ],
    ['a flow that nobody has seen', withFlow(slow, { truth: 0, proxy: null, prometheus: null })],
    ['a flow that fails', withFlow(slow, { verdict: 'fail' })],
    ['no flow at all', { ...slow, flows: [] }],
  ];
  it.each(flaws)('%s fails at once', async (_, result) => {
    const { run, times } = world(result, passed);
    await expect(passingRun(run)).rejects.toThrow();
    expect(times()).toBe(1);
    expect(() => slowness(result)).toThrow();
    expect(() => expectPassed(result)).toThrow();
  });
});
