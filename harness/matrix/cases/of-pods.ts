import type { CauseId } from '../../causes/ids.ts';
import type { FaultOf, FaultSpec, FaultType } from '../../scenario/fault.ts';
import { LOAD_WORKLOAD, type QualifiedName, type Scenario, type ServiceSpec } from '../../scenario/model.ts';
import type { FaultCase, Random } from '../types.ts';
import { type Drawn, faultCase } from './draw.ts';

/** Pods that a fault is put into. */
export interface Whose {
  service: QualifiedName;
  replica: number | null;
}

/** Who may be hit: what serves, those and the load generator, or no more of a service than can be spared. */
export type Among = 'services' | 'everybody' | 'spare';

export function drawPods(scenario: Scenario, random: Random, among: Among): Whose {
  const { services } = scenario;
  if (among === 'spare') return drawSpare(services, random);
  const all = among === 'everybody' ? [...services, LOAD] : services;
  return replicaOf(random.pick(all), random);
}

const LOAD = { id: LOAD_WORKLOAD.id, replicas: 1 };

/** All of its pods, or one. */
export function replicaOf({ id, replicas }: Pick<ServiceSpec, 'id' | 'replicas'>, random: Random): Whose {
  return { service: id, replica: random.next() < 0.5 ? null : random.int(0, replicas - 1) };
}

/** One of several replicas; else what nobody else is behind. */
function drawSpare(services: readonly ServiceSpec[], random: Random): Whose {
  const several = services.filter(({ replicas }) => replicas > 1);
  if (several.length > 0) {
    const { id, replicas } = random.pick(several);
    return { service: id, replica: random.int(0, replicas - 1) };
  }
  const leaves = services.filter(({ routes }) => routes.every(({ steps }) => steps.length === 0));
  return { service: random.pick(leaves.length > 0 ? leaves : services).id, replica: null };
}

export interface OfPods<T extends FaultType> {
  /** The case's scenario. */
  name: string;
  cause: CauseId;
  type: T;
  params(random: Random, scenario: Scenario): FaultOf<T>['params'];
  /** When it begins; null: from the start. */
  atMs?(random: Random, scenario: Scenario): number | null;
  pods(scenario: Scenario, random: Random): Whose;
  /** Another choice in a world of another fault, which must not be left without traffic. */
  podsInPair?(scenario: Scenario, random: Random): Whose;
  /** It needs a world of its own. */
  alone?: boolean;
  /** In the simulated mesh of a real cluster too. */
  inCluster?: boolean;
}

/** A case whose fault hits pods that are drawn: its right diagnosis names these. */
export function ofPods<T extends FaultType>(of: OfPods<T>): FaultCase {
  const draw = (scenario: Scenario, random: Random, inPair: boolean): Drawn => {
    const whose = (inPair && of.podsInPair ? of.podsInPair : of.pods)(scenario, random);
    const atMs = of.atMs?.(random, scenario) ?? null;
    const fault = { type: of.type, atMs, untilMs: null, ...whose, params: of.params(random, scenario) };
    return { faults: [fault as FaultSpec], pods: { of: 'services', pods: [whose] } };
  };
  return faultCase(of.name, of.cause, draw, of);
}

/** Of what takes nothing. */
export const nothing = () => ({}) as Record<string, never>;

/** From the start, or while traffic goes. */
export function anyTime(random: Random): number | null {
  return random.next() < 0.5 ? null : random.int(500, 2000);
}
