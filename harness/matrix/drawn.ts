import type { Scenario } from '../scenario/model.ts';
import type { Bases } from './plan.ts';
import { randomFrom } from './random.ts';
import type { FaultCase } from './types.ts';

const DRAWS = 40;
/** What of a scenario draws may change, as people call it. */
const PARTS: readonly { name: string; of: (scenario: Scenario) => unknown }[] = [
  { name: 'services', of: (s) => s.services },
  { name: 'mesh', of: (s) => s.mesh },
  { name: 'routes', of: (s) => s.routing },
  { name: 'policies', of: (s) => s.policies },
  { name: 'traffic', of: (s) => s.traffic },
  { name: 'timeline', of: (s) => s.timeline },
  { name: 'restarts', of: (s) => s.restarts },
  { name: 'queries', of: (s) => s.expect.queries },
];

/** What a case draws at random: fields of its faults, and parts of its scenario; found by drawing. */
export function drawnParts(one: FaultCase, bases: Pick<Bases, 'ofCase'>): string[] {
  const base = bases.ofCase(one);
  const draws = Array.from({ length: DRAWS }, (_, i) => one.vary(base, randomFrom('pages', one.name, i)).scenario);
  const differs = (of: (scenario: Scenario) => unknown) => new Set(draws.map((s) => JSON.stringify(of(s)))).size > 1;
  const fields = new Set<string>();
  const most = Math.max(...draws.map((s) => s.faults?.length ?? 0));
  if (differs((s) => s.faults?.length)) fields.add('how many faults');
  for (let i = 0; i < most; i++) {
    const flat = (s: Scenario) => ({ ...s.faults?.[i], ...s.faults?.[i]?.params }) as Record<string, unknown>;
    for (const key of new Set(draws.flatMap((s) => Object.keys(flat(s))))) {
      if (key !== 'params' && differs((s) => flat(s)[key])) fields.add(NAMES[key] ?? key.replace(/Ms$/, ''));
    }
  }
  return [...fields, ...PARTS.filter(({ of }) => differs(of)).map(({ name }) => name)];
}

const NAMES: Record<string, string> = { atMs: 'at', untilMs: 'for', bodyBytes: 'body' };
