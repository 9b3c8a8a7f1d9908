import type { Scenario } from '../scenario/model.ts';
import { cleanScenario } from './clean.ts';
import { drawPair } from './pairs.ts';
import { randomFrom } from './random.ts';
import type { WorldKind } from './record.ts';
import type { Expected, FaultCase, Random, Varied } from './types.ts';

/** One world of the matrix, drawn. */
export interface World {
  /** Unique; the scenario's name, and with it the folder's. */
  name: string;
  kind: WorldKind;
  cases: string[];
  /** From 1. */
  repetition: number;
  scenario: Scenario;
  expected: Expected[];
}

export interface PlanOptions {
  seed: number;
  repeat: number;
  clean: number;
  pairs: number;
}

/** What is read from files. */
export interface Bases {
  /** scenarios/faults/<name>.yaml */
  ofCase(one: FaultCase): Scenario;
  /** The one that clean worlds are variations of. */
  clean: Scenario;
}

/** Every world, drawn from the seed: the faults with their repetitions, pairs of them, and worlds without any. */
export function planWorlds(cases: readonly FaultCase[], bases: Bases, options: PlanOptions): World[] {
  const { seed, repeat, clean, pairs } = options;
  const numbered = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  return [
    ...numbered(repeat).flatMap((repetition) =>
      cases.map((one) => {
        const random = randomFrom(seed, 'fault', one.name, repetition);
        const varied = one.vary(bases.ofCase(one), random);
        const name = repeat > 1 ? `${one.name}-${repetition}` : one.name;
        return world({ name, kind: 'fault', cases: [one.name], repetition }, [varied], random);
      }),
    ),
    ...numbered(pairs).map((repetition) => {
      const random = randomFrom(seed, 'pair', repetition);
      const pair = drawPair(cases, bases.ofCase, random);
      const names = pair.cases.map((one) => one.name);
      return world({ name: `pair-${repetition}`, kind: 'pair', cases: names, repetition }, pair.varied, random);
    }),
    ...numbered(clean).map((repetition): World => {
      const name = `clean-${repetition}`;
      const scenario = cleanScenario(bases.clean, randomFrom(seed, 'clean', repetition));
      return { name, kind: 'clean', cases: [], repetition, scenario: { ...scenario, name }, expected: [] };
    }),
  ];
}

function world(head: Omit<World, 'scenario' | 'expected'>, varied: readonly Varied[], random: Random): World {
  const scenario = { ...varied.at(-1)!.scenario, name: head.name, seed: random.int(0, 2 ** 32 - 1) };
  return { ...head, scenario, expected: varied.map(({ expected }) => expected) };
}
