import { join } from 'node:path';
import { emptyScenarioResult } from '../../run/records.ts';
import { openLocal, quietContext } from '../../run/testing/context.ts';
import { tempDir } from '../../run/testing/tools.ts';
import { parseScenario } from '../../scenario/load.ts';
import type { Scenario } from '../../scenario/model.ts';
import type { Query } from '../types.ts';
import { runWorld, type World, type WorldObservers, type WorldOptions } from '../world.ts';

const SMALL = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: small, description: A small world. }
namespace: shop
seed: 5
mesh: { scrapeInterval: 1s }
services:
  - name: web
    calls: [{ service: cart }]
  - { name: cart, replicas: 2 }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 20/s, duration: 4s }
`;

/** The load generator calls web, web calls cart (two pods); about ten seconds in `local`. */
export function smallScenario(version = '2.20', text = SMALL): Scenario {
  const scenario = parseScenario(text, 'small.yaml');
  return { ...scenario, mesh: { ...scenario.mesh, version } };
}

/** Nothing is looked at: for worlds of which only the requests matter. */
export const NO_OBSERVERS: WorldObservers = {
  schema: async () => ({ families: [], targets: [], seriesPerProxy: 0, bytesPerScrape: 0, page: {} }),
  answers: async () => new Map(),
};

export interface LocalWorld {
  scenario: Scenario;
  /** Default: `before`. */
  phase?: WorldOptions['phase'];
  queries?: readonly Query[];
  observers?: WorldObservers;
}

/** Runs worlds in `local`, one after the other; their folder goes with them. `k6` and `prometheus` are looked for as usual. */
export async function runLocalWorlds(worlds: readonly LocalWorld[]): Promise<World[]> {
  await using dir = await tempDir();
  await using session = await openLocal(quietContext(dir.path));
  const done: World[] = [];
  for (const [index, { scenario, phase = 'before', queries = [], observers = NO_OBSERVERS }] of worlds.entries()) {
    const context = quietContext(join(dir.path, `${phase}-${index + 1}`));
    done.push(await runWorld({ scenario, phase, repeat: 1, session, context, queries, observers }));
  }
  return done;
}

/** The record of a world that nobody ran, for pure functions; it passed and saw no traffic. */
export function imaginedWorld(over: Partial<World> = {}): World {
  const scenario = over.scenario ?? smallScenario();
  return {
    scenario,
    phase: 'before',
    repeat: 1,
    result: { ...emptyScenarioResult(scenario), verdict: 'pass' },
    originMs: 1_000_000,
    trafficEndMs: 1_010_000,
    topology: { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd', workloads: [], pods: [], services: [] },
    truth: [],
    schema: null,
    answers: new Map(),
    rollout: [],
    info: null,
    prometheusVersion: '3.15.0',
    troubles: [],
    ...over,
  };
}
