import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type JudgeInput, type Judgement, judge } from './judge.ts';
import { largeInput, sideBySide } from './testing/large.ts';
import { MUTATIONS } from './testing/mutants.ts';
import { Rng } from './testing/rng.ts';
import { simulate } from './testing/simulate.ts';
import { countVisits } from './testing/visits.ts';
import { grpcWorld, policyWorld, randomWorld, rolledOutWorld } from './testing/worlds.ts';

const REQUESTS = 30;

describe('large inputs', () => {
  test.each(['wide', 'deep'] as const)('%s: a mesh that counts right passes', (shape) => {
    const { verdict, reasons } = judge(largeInput(12_000, shape));
    expect(verdict, JSON.stringify(reasons.slice(0, 3))).toBe('pass');
  });

  test('work grows as the series do', () => {
    const unit = simulate(policyWorld(8, REQUESTS));
    const few = sideBySide(unit, 4);
    const many = sideBySide(unit, 16);
    // What is made once a process.
    judge(few);
    const [less, more] = [countVisits(() => judge(few)), countVisits(() => judge(many))];
    expect(less).toBeGreaterThan(few.prometheus.series.length);
    // What a run has once whatever its size makes it less than four times as much.
    expect(more / less).toBeGreaterThan(3.5);
    expect(more / less).toBeLessThan(4.05);
  });

  test.each([
    ['plain', randomWorld],
    ['gRPC', grpcWorld],
    ['policy', policyWorld],
    ['rolled out', rolledOutWorld],
  ])('%s: what is said of an application does not depend on those beside it', (_name, worldOf) => {
    for (let seed = 1; seed < 6; seed++) {
      const unit = mutant(simulate(worldOf(seed, REQUESTS)), seed);
      const alone = judge(sideBySide(unit, 1));
      const together = judge(sideBySide(unit, 3));
      expect(together.flows.filter(isFirst), `world ${seed}`).toEqual(alone.flows);
      expect(together.quantiles.filter(isFirst), `world ${seed}`).toEqual(alone.quantiles);
      expect(together.verdict).toBe(alone.verdict);
      expect(together.reasons.length).toBeGreaterThanOrEqual(alone.reasons.length);
      expect(together.checks.map((c) => [c.family, c.comparisons, c.violations])).toEqual(
        alone.checks.map((c) => [c.family, 3 * c.comparisons, 3 * c.violations]),
      );
    }
  });
});

/** Of the copy that has the number 0. */
function isFirst({ source, destination }: { source: string; destination: string }): boolean {
  return [source, destination].some((name) => /^(?:shop|load)-0\b/.test(name));
}

/** Every other world counts something wrongly. */
function mutant(input: JudgeInput, seed: number): JudgeInput {
  const rng = new Rng(seed);
  const moving = input.prometheus.series.filter((s) => (s.samples.at(-1)?.v ?? 0) > 0);
  if (seed % 2 === 0 || moving.length === 0) return input;
  const { name, labels, target, samples } = rng.pick(moving);
  const { namespace, pod } = input.prometheus.targets[target]!;
  const victim = { namespace, pod, name, labels, fromMs: rng.pick(samples).t };
  const mutation = rng.pick(MUTATIONS);
  const [prometheus, proxy] = [mutation.apply(input.prometheus, victim), mutation.apply(input.proxy, victim)];
  return { ...input, prometheus: prometheus ?? input.prometheus, proxy: proxy ?? input.proxy };
}

/**
 * Judgements of fixed worlds and mutants of them, as the judge gave them before it was made fast for large inputs: whatever
 * makes it faster must leave every number as it was. Who changes what it says on purpose writes them anew with
 * `MESHPROOF_RECORD=1 npx vitest run harness/verdict/large.test.ts`, and looks at what has changed.
 */
const RECORDED = new URL('./testdata/judgements.json', import.meta.url);

test('judgements are those that were recorded', () => {
  const found: Record<string, string> = {};
  for (const [name, worldOf] of Object.entries({ randomWorld, grpcWorld, policyWorld, rolledOutWorld })) {
    for (let seed = 0; seed < 12; seed++) {
      const input = mutant(simulate(worldOf(100 + seed, REQUESTS)), seed);
      found[`${name} ${100 + seed}`] = summaryOf(judge(input));
    }
  }
  if (process.env.MESHPROOF_RECORD) writeFileSync(RECORDED, `${JSON.stringify(found, null, 2)}\n`);
  expect(found).toEqual(JSON.parse(readFileSync(RECORDED, 'utf8')));
});

function summaryOf(judgement: Judgement): string {
  const { verdict, reasons, flows, checks } = judgement;
  const comparisons = checks.reduce((n, c) => n + c.comparisons, 0);
  const text = JSON.stringify(judgement, (_key, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  );
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return `${verdict}, ${reasons.length} reasons, ${flows.length} flows, ${comparisons} comparisons, ${digest}`;
}
