import type { CauseId } from '../../causes/ids.ts';
import {
  type FaultParams,
  type FaultSpec,
  type FaultType,
  LOAD_WORKLOAD,
  type Scenario,
} from '../../scenario/model.ts';
import type { ExpectedPods, FaultCase, Random } from '../types.ts';

export interface Drawn {
  faults: FaultSpec[];
  pods: ExpectedPods;
}

/**
 * A case of faults alone, which can be put into any world with services: `draw` draws them for the scenario that it is given.
 * In its own world they take the place of those that the scenario shows.
 */
export function faultCase(
  name: string,
  cause: CauseId,
  draw: (scenario: Scenario, random: Random, inPair: boolean) => Drawn,
  more: { inCluster?: boolean; alone?: boolean } = {},
): FaultCase {
  const put = (scenario: Scenario, present: readonly FaultSpec[], random: Random, inPair = false) => {
    const { faults, pods } = draw(scenario, random, inPair);
    return { scenario: { ...scenario, faults: [...present, ...faults] }, expected: { cause, pods } };
  };
  return {
    ...{ name, cause },
    ...(more.inCluster && { inCluster: true }),
    vary: (scenario, random) => put(scenario, [], random),
    ...(!more.alone && { addTo: (scenario, random) => put(scenario, scenario.faults ?? [], random, true) }),
  };
}

/** From before Prometheus starts, to the end. */
export function fault<T extends FaultType>(
  type: T,
  params: FaultParams[T],
  pods: { service: string; replica: number | null } = { service: '', replica: null },
): FaultSpec {
  const { service, replica } = pods;
  return { type, atMs: null, untilMs: null, service: service || null, replica, params } as FaultSpec;
}

/** A service's pods or one of them; of the load generator too. */
export function drawPods({ services }: Scenario, random: Random): { service: string; replica: number | null } {
  const ids = [...services.map(({ id }) => id), LOAD_WORKLOAD.id];
  const service = random.pick(ids);
  const replicas = services.find(({ id }) => id === service)?.replicas ?? 1;
  return { service, replica: drawReplica(replicas, random) };
}

/** One of so many, or null: all. */
export function drawReplica(replicas: number, random: Random): number | null {
  return replicas > 1 && random.next() < 0.5 ? random.int(0, replicas - 1) : null;
}

/** Faults of drawn pods: the diagnosis names just these. */
export function ofPods<T extends FaultType>(
  type: T,
  paramsFrom: (random: Random) => FaultParams[T],
): (scenario: Scenario, random: Random) => Drawn {
  return (scenario, random) => {
    const pods = drawPods(scenario, random);
    return { faults: [fault(type, paramsFrom(random), pods)], pods: { of: 'services', pods: [pods] } };
  };
}

export function ofEveryProxy<T extends FaultType>(
  type: T,
  paramsFrom: (random: Random, scenario: Scenario) => FaultParams[T],
): (scenario: Scenario, random: Random) => Drawn {
  return (scenario, random) => ({ faults: [fault(type, paramsFrom(random, scenario))], pods: { of: 'every proxy' } });
}

export function ofControlPlane<T extends FaultType>(
  type: T,
  paramsFrom: (random: Random) => FaultParams[T],
): (scenario: Scenario, random: Random) => Drawn {
  return (_scenario, random) => ({ faults: [fault(type, paramsFrom(random))], pods: { of: 'control plane' } });
}
