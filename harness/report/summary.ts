import type { Result, ScenarioResult, VerdictValue } from '../result/types.ts';
import { formatDuration, formatNumber } from './format.ts';

export interface Tally {
  pass: number;
  fail: number;
  inconclusive: number;
}

export function tally(scenarios: readonly { verdict: VerdictValue }[]): Tally {
  const counts: Tally = { pass: 0, fail: 0, inconclusive: 0 };
  for (const { verdict } of scenarios) counts[verdict]++;
  return counts;
}

/** `1 of 3 scenarios failed, 1 inconclusive, 1 passed, in 48.2 s`. */
export function summaryLine(result: Result): string {
  const counts = tally(result.scenarios);
  const words: string[] = [];
  const add = (count: number, word: string) => {
    if (count === 0) return;
    const total = words.length === 0 ? ` of ${formatNumber(result.scenarios.length)}` : '';
    const noun = words.length === 0 ? ` scenario${result.scenarios.length === 1 ? '' : 's'}` : '';
    words.push(`${formatNumber(count)}${total}${noun} ${word}`);
  };
  add(counts.fail, 'failed');
  add(counts.inconclusive, 'inconclusive');
  add(counts.pass, 'passed');
  if (words.length === 0) words.push('no scenario was run');
  return `${words.join(', ')}, in ${formatDuration(result.durationMs)}`;
}

/** `local, linkerd 2.20 (simulated, proxy v2.359.0), k6 v1.8.1, prometheus 3.15.0`. */
export function environmentLine({ environment: { name, mesh, tools } }: Pick<Result, 'environment'>): string {
  const linkerd = `linkerd ${mesh.version} (${mesh.kind}, proxy ${mesh.proxyVersion})`;
  return [name, linkerd, ...tools.map((t) => `${t.name} ${t.version}`)].join(', ');
}

/** Flows that agree, of all: `12/12`. */
export function flowCount(scenario: ScenarioResult): string {
  const good = scenario.flows.filter((f) => f.verdict === 'pass').length;
  return `${formatNumber(good)}/${formatNumber(scenario.flows.length)}`;
}

/** The run's own error, unless a scenario has said the same already. */
export function ownError(result: Result): Result['error'] {
  const { error } = result;
  const told = result.scenarios.some((s) => s.error?.code === error?.code && s.error?.message === error?.message);
  return error && !told ? error : undefined;
}
