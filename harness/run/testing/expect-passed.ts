import { expect } from 'vitest';
import type { FlowResult, ScenarioResult } from '../../result/types.ts';

/**
 * For tests that bring up a real world and demand that it passes, on a machine that now and then stands still for a second.
 *
 * The product then says of itself that it could not look: a scrape timed out (TARGET_DOWN), or k6 was too late to send what was due
 * (DROPPED_ITERATIONS). Such a run has proved nothing, so the world is run once more, and has to pass without any reason. That is no
 * retry which hides what it should find: whatever is wrong about what was seen fails at once, in the first run as in the second (a
 * reason that says `fail`, a reason of any other code, an error, a flow that is not exact); a defect that makes scrapes fail makes
 * them fail twice; and the test's output says that, and why, there was a second run, in which every flow has to be exact.
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
 * Why this run proves nothing, in words: empty when it has passed, and Prometheus has exactly the truth on every flow. Fails on
 * everything else than being too slow, and when a flow is not exact: what is missed while traffic runs does not change where the
 * counters end.
 */
export function slowness(result: ScenarioResult): string[] {
  const { name, error, reasons } = result;
  const others = reasons.filter(({ code, verdict }) => verdict !== 'inconclusive' || !TOO_SLOW.has(code));
  expect({ name, reasons: others, error }, JSON.stringify(reasons)).toEqual({ name, reasons: [], error: undefined });
  expect(result.verdict, name).toBe(reasons.length > 0 ? 'inconclusive' : 'pass');
  expect(result.flows.length, name).toBeGreaterThan(0);
  return [
    ...reasons.map(({ code, message }) => `${name}: ${code}: ${message}`),
    ...result.flows.flatMap((flow) => undecided(name, flow)),
  ];
}

/** Passed without any reason, and Prometheus has exactly the truth on every flow. */
export function expectPassed(result: ScenarioResult): void {
  const doubts = slowness(result);
  expect(doubts, doubts.join('; ')).toEqual([]);
}

/**
 * Fails when the flow is not exact: what died with a pod before it was scraped, and what its proxy has no family for, aside.
 * @returns that it is not, where the judge accepts what proxies and Prometheus agree on: a caller that was to leave half-way came too
 *   late, say, and the answer had ended before; by the journals nobody can tell
 */
function undecided(name: string, flow: FlowResult): string[] {
  const what = `${name}: ${flow.source} -> ${flow.destination} ${flow.status} ${flow.direction}`;
  const { truth, proxy, prometheus, unobservable } = flow;
  expect(flow.verdict, what).toBe('pass');
  if (prometheus !== null && prometheus + unobservable === truth) return [];
  expect(prometheus, `${what}: the truth is ${truth}, of which ${unobservable} can't be seen`).toBe(proxy);
  expect(prometheus, what).not.toBeNull();
  return [`${what}: counted ${prometheus} times, where the truth has ${truth}`];
}

/** Says in the test's output why something is run once more. */
export function sayOnceMore(doubts: readonly string[]): void {
  process.stdout.write(`run once more, for the machine was too slow to look: ${doubts.join('; ')}\n`);
}
