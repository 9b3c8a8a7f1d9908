import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../causes/index.ts';
import { createStyle } from '../report/style.ts';
import { displayWidth } from '../report/text.ts';
import { troubleLines } from '../report/trouble.ts';
import { failingScenario, inconclusiveScenario, passingScenario, sampleDiagnosis } from '../result/testing/sample.ts';
import type { ScenarioResult } from '../result/types.ts';
import { FAMILIES } from '../verdict/families.ts';
import { judge } from '../verdict/judge.ts';
import { MUTATIONS } from '../verdict/testing/mutants.ts';
import { simulate } from '../verdict/testing/simulate.ts';
import { grpcWorld, policyWorld, randomWorld } from '../verdict/testing/worlds.ts';

/** What stands between the heading and where to read on. */
const answers = (scenario: ScenarioResult) => troubleLines(scenario, createStyle(false), 80).slice(1);

/** Every failure that a proxy which counts wrong brings about in three worlds: what the judge says of it, undiagnosed. */
function failures(): { name: string; scenario: ScenarioResult }[] {
  const worlds = [randomWorld(100, 40), grpcWorld(104, 40), policyWorld(102, 40)];
  return worlds.flatMap((world, w) => {
    const input = simulate(world);
    return FAMILIES.flatMap(({ name }) => {
      const series = input.prometheus.series.find((s) => s.name === name && (s.samples.at(-1)?.v ?? 0) > 0);
      if (!series) return [];
      const { namespace, pod } = input.prometheus.targets[series.target]!;
      const fromMs = series.samples[Math.floor(series.samples.length / 2)]!.t;
      const victim = { namespace, pod, name, labels: series.labels, fromMs };
      return MUTATIONS.flatMap((mutation, i) => {
        const prometheus = mutation.apply(input.prometheus, victim);
        if (!prometheus) return [];
        // Some are seen by the proxies' own pages too, some only by Prometheus.
        const proxy = i % 2 === 0 ? (mutation.apply(input.proxy, victim) ?? input.proxy) : input.proxy;
        const judged = judge({ ...input, prometheus, proxy });
        if (judged.verdict === 'pass') return [];
        const scenario = { ...passingScenario(), ...judged, diagnoses: [] };
        return [{ name: `world ${w}, ${name}, ${mutation.name}`, scenario }];
      });
    });
  });
}

/** Words that only whoever wrote the judge knows. */
const JUDGE_SPEAK = /must be|must lie|incarnation|because|, at \S+\/|\bbound\b/;

function expectShort(lines: readonly string[], name: string): void {
  const shown = lines.join('\n');
  expect(lines.length, `${name}\n${shown}`).toBeLessThanOrEqual(6);
  expect(lines.length, name).toBeGreaterThan(1);
  for (const line of lines) expect(displayWidth(line), shown).toBeLessThanOrEqual(80);
  for (const label of ['what', 'why', 'do'])
    expect(shown.match(new RegExp(`^ {2}${label} `, 'gm'))?.length ?? 0, shown).toBeLessThanOrEqual(1);
  // Where something is left out it ends with a whole word.
  expect(shown, shown).not.toMatch(/\S…/);
}

describe('a failure', () => {
  const all = failures();
  it('of each kind is made', () => {
    expect(all.length).toBeGreaterThan(200);
    const codes = new Set(all.map(({ scenario }) => scenario.reasons[0]!.code));
    for (const code of ['UNEXPLAINED_SERIES', 'UNMESHED_UNKNOWN', 'NOT_EQUAL_AT_END', 'COUNTER_FELL', 'LEDGERS_DIFFER'])
      expect(codes).toContain(code);
  });

  it('takes six lines at most, in plain words, with its code in brackets', () => {
    for (const { name, scenario } of all) {
      const lines = answers(scenario);
      expectShort(lines, name);
      const text = lines.join(' ').replace(/\s+/g, ' ');
      expect(text, name).toContain(`[${scenario.reasons.find((r) => r.verdict === scenario.verdict)!.code}`);
      expect(text, name).not.toMatch(JUDGE_SPEAK);
    }
  });

  it('that is diagnosed takes six lines at most, whatever the cause', () => {
    for (const cause of CATALOGUE) {
      const diagnosis = sampleDiagnosis({
        causes: [cause.id],
        title: cause.title,
        summary: `${cause.title}: shop/pay-7c5d9-k2x4z and shop/cart-6bd5f-99xkq, as their pages of 03:04:12 say; since then nothing.`,
        remedy: [...cause.remedy],
      });
      for (const scenario of [failingScenario(), inconclusiveScenario(), passingScenario()]) {
        const lines = answers({ ...scenario, diagnoses: [diagnosis, sampleDiagnosis()] });
        expectShort(lines, cause.id);
        expect(lines.join(' ').replace(/\s+/g, ' ')).toContain(`(${cause.id}`);
      }
    }
  });

  it('of the environment takes as many, its log included', () => {
    const message = `prometheus: exit code 1\n${'a line of its log, '.repeat(9)}\n`.repeat(12);
    const error = { code: 'CHILD_DIED', message, hint: 'look at what it printed; '.repeat(9) };
    const lines = answers({ ...passingScenario(), verdict: 'inconclusive', error });
    expectShort(lines, 'error');
    expect(lines.join('\n')).toContain('a line of its log');
  });
});
