import { HarnessError } from '../../core/errors.ts';
import type { InboundPolicy } from '../../core/policy.ts';
import { type Known, podKey } from '../proxy/discovery.ts';
import type { Peer } from '../proxy/peer.ts';
import { type MeshSnapshot, PROXY_PORTS, type SnapshotPod, type SnapshotService } from './contract.ts';

/** Names of fields that must be there, with their types. */
const SERVICE_FIELDS: Record<Needed<SnapshotService>, string> = {
  namespace: 'string',
  name: 'string',
  clusterIp: 'string',
  port: 'number',
  targetPort: 'number',
  pods: 'object',
};
const POD_FIELDS: Record<Needed<SnapshotPod>, string> = {
  namespace: 'string',
  name: 'string',
  uid: 'string',
  ip: 'string',
  workloadKind: 'string',
  workload: 'string',
  serviceAccount: 'string',
  podTemplateHash: 'string',
  ready: 'boolean',
  meshed: 'boolean',
};

type Needed<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];

/** One line of `/watch`. @throws HarnessError BAD_SNAPSHOT saying what is wrong where */
export function parseSnapshot(line: string): MeshSnapshot {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw bad('it is not JSON', cause);
  }
  const { services, pods } = (value ?? {}) as Partial<MeshSnapshot>;
  check('services', services, SERVICE_FIELDS);
  check('pods', pods, POD_FIELDS);
  checkPolicies(value as MeshSnapshot);
  for (const [index, { pods: behind }] of (services as SnapshotService[]).entries()) {
    if (!Array.isArray(behind)) throw bad(`services[${index}].pods is not a list`);
  }
  return value as MeshSnapshot;
}

/**
 * What an outbound proxy makes of it. A pod without an address yet is none. Peers are dialled at the inbound port of their
 * proxy, whatever their service's target port is: it knows its app's.
 */
export function knownOf(snapshot: MeshSnapshot): Known {
  const pods = snapshot.pods.filter(({ ip }) => ip !== '');
  return {
    services: snapshot.services,
    pods: pods.map(peerOfPod),
    ready: new Set(pods.filter(({ ready }) => ready).map(podKey)),
  };
}

/** What a pod's own proxy lets in; undefined: everything, by the default policy. */
export function inboundPolicyOf(
  { pods }: MeshSnapshot,
  { namespace, name }: { namespace: string; name: string },
): InboundPolicy | undefined {
  return pods.find((pod) => pod.namespace === namespace && pod.name === name)?.inboundPolicy;
}

function peerOfPod({ ready: _ready, inboundPolicy: _policy, meshed, skippedPort, ...pod }: SnapshotPod): Peer {
  return {
    ...pod,
    inbound: meshed && skippedPort === undefined ? { host: pod.ip, port: PROXY_PORTS.inbound } : null,
    ...(skippedPort !== undefined && { skipped: { host: pod.ip, port: skippedPort } }),
    appPort: null,
  };
}

/** As far as a proxy would break by it: what is iterated over is a list. */
function checkPolicies({ services, pods }: MeshSnapshot): void {
  for (const [index, { policy }] of services.entries()) {
    if (policy && !Array.isArray(policy.routes)) throw bad(`services[${index}].policy.routes is not a list`);
  }
  for (const [index, { inboundPolicy }] of pods.entries()) {
    if (inboundPolicy && !Array.isArray(inboundPolicy.servers)) {
      throw bad(`pods[${index}].inboundPolicy.servers is not a list`);
    }
  }
}

function check(what: string, list: unknown, fields: Record<string, string>): void {
  if (!Array.isArray(list)) throw bad(`${what} is not a list`);
  for (const [index, item] of list.entries()) {
    for (const [field, type] of Object.entries(fields)) {
      if (typeof item?.[field] !== type) throw bad(`${what}[${index}].${field} is not a ${type}`);
    }
  }
}

function bad(why: string, cause?: unknown): HarnessError {
  return new HarnessError('BAD_SNAPSHOT', `the destination service's snapshot: ${why}`, {
    hint: 'do the proxy and the control plane come from one release?',
    cause,
  });
}
