import { EXIT, HarnessError } from '../../core/errors.ts';
import type { FaultOf, FaultSpec } from '../../scenario/fault.ts';

/** What can be done to a cluster: on which meshes, and whether while everything runs. */
const POSSIBLE = {
  'rbac-denied': { meshes: ['simulated', 'linkerd'], timed: true },
  'not-injected': { meshes: ['simulated', 'linkerd'], timed: false },
  // Linkerd's injector has one name for it.
  'admin-port-renamed': { meshes: ['simulated'], timed: false },
  'admin-dropped': { meshes: ['simulated', 'linkerd'], timed: true },
  'admin-refused': { meshes: ['simulated', 'linkerd'], timed: true },
} as const satisfies { [type: string]: { meshes: readonly string[]; timed: boolean } };

export type ClusterFaultType = keyof typeof POSSIBLE;
export type ClusterFault = { [T in ClusterFaultType]: FaultOf<T> }[ClusterFaultType];
export type Mesh = 'simulated' | 'linkerd';

/**
 * The faults, when a cluster with this mesh can have every one of them.
 * @throws HarnessError FAULT_NOT_HERE, FAULT_NOT_TIMED
 */
export function clusterFaults(specs: readonly FaultSpec[], mesh: Mesh): ClusterFault[] {
  return specs.map((spec) => {
    if (!isPossible(spec, mesh)) {
      const others = (Object.keys(POSSIBLE) as ClusterFaultType[]).filter((type) => isOn(type, mesh));
      throw new HarnessError('FAULT_NOT_HERE', `fault ${spec.type} can't be done to a cluster with the ${mesh} mesh`, {
        hint: `it can do ${others.join(', ')}; --environment local can do all of them`,
        exitCode: EXIT.invalidInput,
      });
    }
    if (!POSSIBLE[spec.type].timed && (spec.atMs !== null || spec.untilMs !== null)) {
      throw new HarnessError('FAULT_NOT_TIMED', `fault ${spec.type} is one that a pod of a cluster is created with`, {
        hint: 'leave out `at` and `for`: it is there from the start then, and to the end',
        exitCode: EXIT.invalidInput,
      });
    }
    return spec;
  });
}

function isPossible(spec: FaultSpec, mesh: Mesh): spec is ClusterFault {
  return Object.hasOwn(POSSIBLE, spec.type) && isOn(spec.type as ClusterFaultType, mesh);
}

function isOn(type: ClusterFaultType, mesh: Mesh): boolean {
  return (POSSIBLE[type].meshes as readonly Mesh[]).includes(mesh);
}

/** Whether a pod of a service, by its number, is one that a fault concerns. */
export function concerns(fault: Pick<FaultSpec, 'service' | 'replica'>, workload: string, replica: number): boolean {
  if (fault.service === null) return false;
  return fault.service === workload && (fault.replica === null || fault.replica === replica);
}

/** Whether Prometheus may never scrape such a pod before traffic begins: its first scrape is not waited for. */
export function keepsUnscraped(fault: ClusterFault): boolean {
  return fault.atMs === null;
}
