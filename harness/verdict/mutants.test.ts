import { describe, expect, test } from 'vitest';
import { FAMILIES } from './families.ts';
import { judge } from './judge.ts';
import { type Hunted, hunt } from './testing/hunt.ts';
import { simulate } from './testing/simulate.ts';
import { EXPLAINED } from './testing/survivors.ts';
import { randomWorld } from './testing/worlds.ts';

/** Two calm worlds of several replicas and statuses, and one in which things break. */
const SEEDS = [3, 6, 10];

describe('telemetry mutants', () => {
  const hunted = SEEDS.flatMap((seed) => {
    const input = simulate(randomWorld(seed, 80));
    expect(judge(input).reasons, `world ${seed} unmutated`).toEqual([]);
    return hunt(input, seed);
  });
  process.stdout.write(`${scores(hunted)}\n`);

  test('every survivor is explained', () => {
    const unexplained = hunted.filter((h) => !h.killed && !explanation(h));
    expect(unexplained.map((h) => `${h.family}: ${h.mutation} at ${h.victim.pod}`)).toEqual([]);
  });

  test('every family has mutants, and loses most of them', () => {
    for (const { name } of FAMILIES) {
      const own = hunted.filter((h) => h.family === name);
      expect(own.length, name).toBeGreaterThan(10);
      const killed = own.filter((h) => h.killed).length;
      expect(killed / own.length, name).toBeGreaterThan(0.75);
    }
  });

  test('no mutant of the golden counters lives', () => {
    const golden = hunted.filter((h) =>
      ['request_total', 'response_total', 'inbound_http_authz_allow_total'].includes(h.family),
    );
    const alive = golden.filter((h) => !h.killed);
    expect(alive.map((h) => `${h.family}: ${h.mutation}`)).toEqual([]);
  });
}, 300_000);

function explanation(h: Hunted): string | undefined {
  return EXPLAINED.find((e) => e.family.test(h.family) && e.mutation.test(h.mutation) && (e.where?.(h) ?? true))
    ?.reason;
}

function scores(hunted: readonly Hunted[]): string {
  const lines = FAMILIES.map(({ name }) => {
    const own = hunted.filter((h) => h.family === name);
    const alive = own.filter((h) => !h.killed);
    const reasons = [...new Set(alive.map((h) => `${h.mutation} (${explanation(h) ?? 'UNEXPLAINED'})`))];
    const survivors = reasons.length > 0 ? `; survivors: ${reasons.join('; ')}` : '';
    return `${name}: killed ${own.length - alive.length} of ${own.length}${survivors}`;
  });
  const killed = hunted.filter((h) => h.killed).length;
  return [`telemetry mutants: killed ${killed} of ${hunted.length}`, ...lines].join('\n');
}
