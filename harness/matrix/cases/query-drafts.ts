import type { CauseId } from '../../causes/ids.ts';
import type { QueryExpectation, Scenario, ServiceSpec, TrafficSpec } from '../../scenario/model.ts';
import type { FaultCase, Random } from '../types.ts';

/** What is drawn of a query; the rest is as the scenario has it. */
export type Drawn = Partial<Omit<QueryExpectation, 'flow' | 'source' | 'destination'>> & { edge?: Edge };

/** A flow by the names of its ends, in the scenario's namespace; `load` is the load generator. */
export type Edge = readonly [source: string, destination: string];

/**
 * A case whose scenario has one query. It concerns no pod more than another, and can't be put into another case's world: it is
 * made of its query and of traffic that goes with it.
 */
export function queryCase(name: string, cause: CauseId, draw: (world: Scenario, random: Random) => Drawn): FaultCase {
  return {
    name,
    cause,
    vary(scenario, random) {
      const world = structuredClone(scenario);
      const { edge, ...drawn } = draw(world, random);
      const [query] = world.expect.queries!;
      Object.assign(query!, drawn, edge && flowOf(world, edge));
      return { scenario: world, expected: { cause, pods: { of: 'none' } } };
    },
  };
}

function flowOf(world: Scenario, [source, destination]: Edge) {
  return { flow: `${source} -> ${destination}`, source: idOf(world, source), destination: idOf(world, destination) };
}

function idOf(world: Scenario, name: string): string {
  return name === 'load' ? 'meshproof/load' : service(world, name).id;
}

/** A service of a world by its name. */
export function service(world: Scenario, name: string): ServiceSpec {
  return world.services.find((one) => one.name === name)!;
}

/** A stream of traffic with arrivals at a constant rate, by its place. */
export function arrivals(
  world: Scenario,
  index = 0,
): TrafficSpec & { shape: { executor: 'constant-arrival-rate'; ratePerSecond: number; durationMs: number } } {
  const traffic = world.traffic[index]!;
  if (traffic.shape.executor !== 'constant-arrival-rate') throw new RangeError(`${traffic.name} has another executor`);
  return traffic as ReturnType<typeof arrivals>;
}

/** Matchers of a flow as its caller's proxy counts it, in an order and a spelling that is drawn. */
export function outbound([source, destination]: Edge, random: Random): string {
  const callee = random.pick([
    `dst_deployment="${destination}"`,
    `dst_service="${destination}"`,
    `dst_deployment=~"${destination}"`,
    `authority=~"${destination}\\\\.shop\\\\..*"`,
  ]);
  const caller = random.pick([`deployment="${source}"`, `deployment=~"^${source}$"`]);
  return shuffled(['direction="outbound"', caller, callee], random).join(', ');
}

/** Matchers of what a callee's proxies count of meshed callers: kubelet and Prometheus stand outside. */
export function inbound(destination: string, random: Random): string {
  const callee = random.pick([
    `deployment="${destination}"`,
    `app="${destination}"`,
    `deployment=~"${destination}", namespace="shop"`,
    `pod=~"${destination}-.*"`,
  ]);
  return shuffled(['direction="inbound"', callee, 'tls="true"'], random).join(', ');
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
