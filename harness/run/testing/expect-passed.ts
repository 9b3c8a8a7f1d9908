import { expect } from 'vitest';
import type { Reason, ScenarioResult } from '../../result/types.ts';

/**
 * For tests that bring up a real world and demand that it passes, on a machine that now and then stands still for a second.
 *
 * The product then says of itself that it could not look: a scrape timed out (TARGET_DOWN), or k6 was too late to send what was due
 * (DROPPED_ITERATIONS). Such a run has proved nothing, so the world is run once more, and has to pass without any reason. That is no
 * retry which hides what it should find: whatever is wrong about what was seen fails at once, in the first run as in the second (a
 * reason that says `fail`, a reason of any other code, an error, a flow that is not exact); a defect that makes scrapes fail makes
 * them fail twice; and the test's output says that, and why, there was a second run.
 */
export async function passing<T>(
  run: (attempt: Attempt) => Promise<T>,
  resultsOf: (seen: T) => readonly ScenarioResult[],
  /** Why what was seen can not decide what the test is about, although it passed: scrapes that came late, say. */
  doubtsOf: (seen: T) => readonly string[] = () => [],
): Promise<T> {
  const first = await run('first');
  const slow = resultsOf(first).flatMap(slowness);
  const doubts = slow.length > 0 ? slow : doubtsOf(first);
  if (doubts.length === 0) return first;
  sayOnceMore(doubts);
  const second = await run('again');
  for (const result of resultsOf(second)) expectPassed(result);
  return second;
}

/** For what must not be the same in both runs: the name of a folder, say. */
export type Attempt = 'first' | 'again';

/** The same for the run of one scenario. */
export function passingRun(run: (attempt: Attempt) => Promise<ScenarioResult>): Promise<ScenarioResult> {
  return passing(run, (result) => [result]);
}

/** By what the product says that the machine was too slow to look. */
const TOO_SLOW: ReadonlySet<string> = new Set(['TARGET_DOWN', 'DROPPED_ITERATIONS']);

/**
 * The reasons why this run proves nothing: none when it has passed. Fails on everything else than being too slow, and when a flow
 * is not exact: what is missed while traffic runs does not change where the counters end.
 */
export function tooSlow(result: ScenarioResult): Reason[] {
  const others = result.reasons.filter(({ code, verdict }) => verdict !== 'inconclusive' || !TOO_SLOW.has(code));
  const { name, error } = result;
  expect({ name, reasons: others, error }, JSON.stringify(result.reasons)).toEqual({
    name,
    reasons: [],
    error: undefined,
  });
  expect(result.verdict, name).toBe(result.reasons.length > 0 ? 'inconclusive' : 'pass');
  expectExactFlows(result);
  return result.reasons;
}

/** Passed without any reason, and Prometheus has exactly the truth on every flow. */
export function expectPassed(result: ScenarioResult): void {
  expect(tooSlow(result), result.name).toEqual([]);
}

/** What it is too slow for, in words. */
export function slowness(result: ScenarioResult): string[] {
  return tooSlow(result).map(({ code, message }) => `${result.name}: ${code}: ${message}`);
}

/** Says in the test's output why something is run once more. */
export function sayOnceMore(doubts: readonly string[]): void {
  process.stdout.write(`run once more, for the machine was too slow to look: ${doubts.join('; ')}\n`);
}

/** What died with a pod before it was scraped, and what its proxy has no family for, aside. */
function expectExactFlows({ name, flows }: ScenarioResult): void {
  expect(flows.length, name).toBeGreaterThan(0);
  for (const flow of flows) {
    const what = `${name}: ${flow.source} -> ${flow.destination} ${flow.status} ${flow.direction}`;
    expect(flow.verdict, what).toBe('pass');
    expect((flow.prometheus ?? Number.NaN) + flow.unobservable, what).toBe(flow.truth);
  }
}
