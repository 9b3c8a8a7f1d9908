import { describe, expect, test } from 'vitest';
import { FAMILIES } from './families.ts';
import { judge } from './judge.ts';
import { type Hunted, hunt } from './testing/hunt.ts';
import { simulate } from './testing/simulate.ts';
import { explanation } from './testing/survivors.ts';
import type { WorldSpec } from './testing/world.ts';
import { policyWorld, randomWorld } from './testing/worlds.ts';

/** Two calm worlds of several replicas and statuses, and one in which things break. */
const PLAIN = [3, 6, 10];
/** Small worlds of gRPC, routes, splits, retries, ServiceProfiles and policy, in which nobody gives up; and one with many pods. */
const DECLARED = [556, 753, 300, 467, 549, 60, 501, 816, 498, 217, 69, 62];
/** After so many mutants of a family the next world may do without it. */
const ENOUGH = 18;

const GOLDEN: ReadonlySet<string> = new Set(['request_total', 'response_total', 'inbound_http_authz_allow_total']);

describe('telemetry mutants', () => {
  const hunted: Hunted[] = [];
  const wanted = (family: string): boolean =>
    GOLDEN.has(family) || hunted.filter((h) => h.family === family).length < ENOUGH;
  for (const seed of PLAIN) hunted.push(...huntIn(`world ${seed}`, randomWorld(seed, 80), wanted));
  // What plain worlds have was hunted there.
  const known = new Set(hunted.map((h) => h.family));
  for (const seed of DECLARED) {
    const isNew = (family: string): boolean => !known.has(family) && wanted(family);
    hunted.push(...huntIn(`declared world ${seed}`, policyWorld(seed, 50), isNew));
  }
  process.stdout.write(`${scores(hunted)}\n`);

  test('every survivor is explained', () => {
    const unexplained = hunted.filter((h) => !h.killed && !explanation(h));
    expect(unexplained.map((h) => `${h.family}: ${h.mutation} at ${h.victim.pod}`)).toEqual([]);
  });

  test('every family has mutants, and loses most of them', () => {
    for (const { name } of FAMILIES) {
      const own = hunted.filter((h) => h.family === name);
      expect(own.length, name).toBeGreaterThan(6);
      const killed = own.filter((h) => h.killed).length;
      // A sum of retried requests is bound by its own buckets alone.
      expect(killed / own.length, name).toBeGreaterThan(name.endsWith('_sum') ? 0.6 : 0.7);
    }
  });

  test('no mutant of the golden counters lives', () => {
    const golden = hunted.filter(
      (h) => GOLDEN.has(h.family) && !h.gaveUp && h.mutation !== 'also counted as no_identity',
    );
    const alive = golden.filter((h) => !h.killed);
    expect(alive.map((h) => `${h.family}: ${h.mutation}`)).toEqual([]);
  });
}, 300_000);

function huntIn(name: string, world: WorldSpec, wanted: (family: string) => boolean): Hunted[] {
  const input = simulate(world);
  expect(judge(input).reasons, `${name} unmutated`).toEqual([]);
  return hunt(input, world.seed, FAMILIES.map((f) => f.name).filter(wanted));
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
