import { describe, expect, it } from 'vitest';
import { cleanScenario } from './clean.ts';
import { injectedLines } from './injected.ts';
import { canBothShow, drawPair } from './pairs.ts';
import { planWorlds } from './plan.ts';
import { randomFrom } from './random.ts';
import { ALONE, REFUSED, RENAMED, smallScenario, withFault } from './testing/samples.ts';

const bases = { ofCase: smallScenario, clean: smallScenario() };
const plan = (options: Partial<Parameters<typeof planWorlds>[2]> = {}, cases = [RENAMED, REFUSED, ALONE]) =>
  planWorlds(cases, bases, { seed: 1, repeat: 1, clean: 0, pairs: 0, ...options });

describe('the plan', () => {
  it('has every case, repeated, pairs and clean worlds, each with a name of its own', () => {
    const worlds = plan({ repeat: 2, clean: 2, pairs: 1 });
    expect(worlds.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      ...[1, 2].flatMap((i) =>
        ['admin-port-renamed', 'admin-refused', 'no-direction-filter'].map((c) => `fault ${c}-${i}`),
      ),
      'pair pair-1',
      'clean clean-1',
      'clean clean-2',
    ]);
    for (const world of worlds) expect(world.scenario.name).toBe(world.name);
    expect(new Set(worlds.map(({ scenario }) => scenario.seed)).size).toBe(worlds.length);
  });

  it('is the same for the same seed, whatever else is run', () => {
    const named = (worlds: ReturnType<typeof plan>, name: string) => worlds.find((world) => world.name === name);
    const all = plan({ repeat: 3, clean: 3, pairs: 3 });
    expect(plan({ repeat: 3, clean: 3, pairs: 3 })).toEqual(all);
    for (const name of ['admin-port-renamed-2', 'clean-2']) {
      expect(named(plan({ repeat: 2, clean: 2 }, [RENAMED]), name)).toEqual(named(all, name));
      expect(named(plan({ repeat: 2, clean: 2, seed: 2 }, [RENAMED]), name)).not.toEqual(named(all, name));
    }
  });

  it('draws something else each time', () => {
    const lines = plan({ repeat: 8 }, [RENAMED]).map(({ scenario }) => injectedLines(scenario).join());
    expect(new Set(lines).size).toBe(8);
    expect(lines[0]).toMatch(/^admin-port-renamed shop\/cart [01], name: [a-z]+$/);
  });

  it('leaves the scenarios as they were read', () => {
    const small = smallScenario();
    planWorlds([RENAMED, REFUSED], { ofCase: () => small, clean: small }, { seed: 1, repeat: 3, clean: 3, pairs: 3 });
    expect(small).toEqual(smallScenario());
  });
});

describe('pairs', () => {
  it('are of two cases that can be put together, on pods of their own', () => {
    for (let i = 0; i < 50; i++) {
      const { cases, varied } = drawPair([RENAMED, REFUSED, ALONE], smallScenario, randomFrom(i));
      expect(cases.map((one) => one.name).toSorted()).toEqual(['admin-port-renamed', 'admin-refused']);
      const faults = varied.at(-1)!.scenario.faults!;
      expect(faults).toHaveLength(2);
      const [a, b] = faults;
      expect(a!.service === b!.service && a!.replica === b!.replica, JSON.stringify(faults)).toBe(false);
    }
  });

  it('are refused where there are none', () => {
    expect(() => drawPair([RENAMED, ALONE], smallScenario, randomFrom(1))).toThrow('there are no two of these cases');
    expect(() => drawPair([], smallScenario, randomFrom(1))).toThrow('there are no two of these cases');
  });

  it('are of faults that can both show', () => {
    expect(canBothShow('rbac-denied', 'token-expired')).toBe(false);
    expect(canBothShow('scrape-timeout', 'rbac-denied')).toBe(false);
    expect(canBothShow('rbac-denied', 'admin-port-renamed')).toBe(true);
    expect(canBothShow('tls-to-plaintext-port', 'scrape-timeout')).toBe(false);
    expect(canBothShow('tls-to-plaintext-port', 'container-renamed')).toBe(true);
    expect(canBothShow('rbac-denied', 'rbac-denied')).toBe(false);
  });
});

describe('clean worlds', () => {
  it('have no fault, and differ', () => {
    const worlds = Array.from({ length: 20 }, (_, i) => cleanScenario(smallScenario(), randomFrom(i)));
    for (const { faults, expect: expected, traffic } of worlds) {
      expect(faults).toBeUndefined();
      expect(expected.slo).toEqual([]);
      expect(traffic).toHaveLength(1);
    }
    expect(new Set(worlds.map((world) => JSON.stringify(world))).size).toBe(20);
    expect(new Set(worlds.flatMap(({ services }) => services.map(({ replicas }) => replicas)))).toEqual(
      new Set([1, 2, 3]),
    );
  });
});

describe('what was injected', () => {
  it('is told with its moment and its parameters in their units', () => {
    const when = { service: null, replica: null, atMs: null, untilMs: null };
    const lines = (fault: Parameters<typeof withFault>[1]) => injectedLines(withFault(smallScenario(), fault));
    expect(lines({ ...when, type: 'prometheus-clock', params: { aheadMs: -90_000 } })).toEqual([
      'prometheus-clock, ahead: -1m30s',
    ]);
    const pods = { service: 'shop/cart', replica: null, atMs: 1000, untilMs: 3500 };
    expect(lines({ ...pods, type: 'slow-page', params: { delayMs: 1500 } })).toEqual([
      'slow-page shop/cart, delay: 1.5s, at 1s for 2.5s',
    ]);
    expect(lines({ ...when, type: 'rbac-namespaces', params: { namespaces: ['a', 'b'] } })).toEqual([
      'rbac-namespaces, namespaces: a b',
    ]);
    expect(lines({ ...when, type: 'keep-rule', params: { namespace: '' } })).toEqual(['keep-rule, namespace: ""']);
  });

  it('is of a world without faults what its queries ask', () => {
    const small = smallScenario();
    const query = {
      expr: 'vector(1)',
      metric: 'rate',
      flow: '* -> shop/web',
      source: '*',
      destination: 'shop/web',
    } as const;
    const queries = [{ ...query, overMs: null, within: 0.05 }];
    expect(injectedLines({ ...small, expect: { ...small.expect, queries } })).toEqual([
      'query rate of * -> shop/web: vector(1)',
    ]);
  });
});
