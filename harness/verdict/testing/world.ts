import { identityName, type Topology } from '../../core/topology.ts';
import type { TruthJournal } from '../../ledger/types.ts';
import { inboundOf, outboundOf } from './declared.ts';
import { SimProxy } from './proxy.ts';
import type { Rng } from './rng.ts';

/** What is simulated. Rates are probabilities. */
export interface WorldSpec {
  seed: number;
  /** Services s0, s1, ...; each calls some of those after it. */
  services: ServiceSimSpec[];
  requests: number;
  durationMs: number;
  scrapeIntervalMs: number;
  /** Clocks of pods and of Prometheus differ by this much at most. */
  skewMs: number;
  /** Pods that are killed: index of service, of replica, when, for how long. */
  restarts: { service: number; replica: number; atMs: number; downMs: number }[];
  /** Pods whose place others take: each leaves in order then, its successor comes that much before. No pod that is killed. */
  replaced?: { service: number; replica: number; atMs: number; aheadMs: number }[];
}

export interface ServiceSimSpec {
  replicas: number;
  calls: number[];
  latencyMs: { min: number; max: number };
  errorRate: number;
  hangRate: number;
  resetRate: number;
  midRate: number;
  /** How long a body streams. */
  streamMs: number;
  postRate: number;
  /** Its callers give up after this long. */
  timeoutMs: number;
  /** Speaks gRPC. */
  grpc?: boolean;
  /** Its Server: accounts that it lets in (null: all), whether it has routes of its own, how often it has had too many. */
  server?: { accounts: string[] | null; routes: boolean; limitRate: number };
  /** Its Service's route of ROUTED: sent to these services, and again after failures. */
  route?: { backends: number[]; retries: number };
  /** Declared by a ServiceProfile instead. */
  profile?: boolean;
  /** Shares the ServiceAccount `shared` with others that do. */
  shared: boolean;
}

export interface SimInstance {
  pod: SimPod;
  journal: TruthJournal;
  proxy: SimProxy;
  /** When the app answers; the sidecar is there a little before. */
  appMs: number;
  /** Of one that leaves in order: set by `leaveInOrder`, when all is known that it had to do with. */
  killMs: number;
  /** Nobody is sent there any more, but what is under way goes on; Infinity for one that does not leave. */
  leavesMs: number;
}

export interface SimPod {
  workload: string;
  namespace: string;
  name: string;
  ip: string;
  port: number;
  identity: string;
  account: string;
  /** Added to the true time in everything that the pod writes down. */
  skewMs: number;
  instances: SimInstance[];
}

export interface World {
  spec: WorldSpec;
  rng: Rng;
  originMs: number;
  topology: Topology;
  load: SimPod;
  /** Pods of each service. */
  pods: SimPod[][];
  /** Time of the last thing that happened. */
  lastMs: number;
}

const ORIGIN = 1_800_000_000_000;
const NS = 'shop';

export function buildWorld(spec: WorldSpec, rng: Rng): World {
  const topology: Topology = {
    trustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    workloads: [],
    pods: [],
    services: [],
  };
  const addWorkload = (namespace: string, name: string, account: string, protocol?: 'grpc'): string => {
    const identity = identityName(account, namespace, 'linkerd', 'cluster.local');
    const id = `${namespace}/${name}`;
    topology.workloads.push({ id, namespace, name, serviceAccount: account, identity, ...(protocol && { protocol }) });
    return identity;
  };
  let address = 1;
  const addPod = (
    namespace: string,
    name: string,
    account: string,
    replica: number,
    port: number | null,
    templateHash = '5d9f8',
  ): SimPod => {
    const ip = `10.1.0.${address++}`;
    const podName = `${name}-${templateHash}-${replica}x`;
    const workload = `${namespace}/${name}`;
    const instance = `${ip}:4191`;
    topology.pods.push({ namespace, name: podName, workload, replica, ip, appPort: port, instance });
    const identity = identityName(account, namespace, 'linkerd', 'cluster.local');
    const skewMs = rng.between(-0.5, 0.5) * spec.skewMs;
    return { workload, namespace, name: podName, ip, port: port ?? 0, identity, account, skewMs, instances: [] };
  };
  addWorkload('meshproof', 'load', 'load');
  const load = addPod('meshproof', 'load', 'load', 0, null);
  const pods = spec.services.map((service, i) => {
    const name = `s${i}`;
    const account = service.shared ? 'shared' : name;
    addWorkload(NS, name, account, service.grpc ? 'grpc' : undefined);
    Object.assign(topology.workloads.at(-1)!, inboundOf(service, name));
    const id = `${NS}/${name}`;
    const authority = `${name}.${NS}.svc.cluster.local`;
    topology.services.push({
      id,
      namespace: NS,
      name,
      authority,
      clusterIp: `10.2.0.${i + 1}`,
      port: 80,
      workload: id,
      ...outboundOf(spec, i),
    });
    return Array.from({ length: service.replicas }, (_, r) => addPod(NS, name, account, r, 8080));
  });
  const replaced = spec.replaced ?? [];
  const successors = replaced.map(({ service, replica }) => {
    const old = pods[service]![replica]!;
    return addPod(NS, `s${service}`, old.account, replica, 8080, '7c6b4');
  });
  const world: World = { spec, rng, originMs: ORIGIN, topology, load, pods, lastMs: ORIGIN };
  startInstances(world, load, []);
  pods.forEach((list, service) => {
    list.forEach((pod, replica) => {
      const restarts = spec.restarts.filter((r) => r.service === service && r.replica === replica);
      startInstances(
        world,
        pod,
        restarts.toSorted((a, b) => a.atMs - b.atMs),
      );
    });
  });
  replaced.forEach(({ service, replica, atMs, aheadMs }, i) => {
    const leavesMs = world.originMs + atMs;
    pods[service]![replica]!.instances[0]!.leavesMs = leavesMs;
    startInstances(world, successors[i]!, [], leavesMs - aheadMs);
    pods[service]!.push(successors[i]!);
  });
  return world;
}

/** When all has happened: pods that leave end a little after the last thing that they had to do with, the app before its proxy. */
export function leaveInOrder({ pods, rng }: World): void {
  for (const instance of pods.flat().flatMap((pod) => pod.instances)) {
    if (instance.leavesMs === Number.POSITIVE_INFINITY) continue;
    const endMs = Math.max(instance.leavesMs, instance.proxy.lastMs) + rng.between(5, 200);
    instance.journal.endMs = endMs + instance.pod.skewMs;
    instance.killMs = endMs + rng.between(20, 300);
  }
}

function startInstances(world: World, pod: SimPod, restarts: WorldSpec['restarts'], comesMs?: number): void {
  let start = comesMs ?? world.originMs - world.rng.between(3000, 5000);
  for (let i = 0; i <= restarts.length; i++) {
    const restart = restarts[i];
    const killMs = restart ? Math.max(start + 100, world.originMs + restart.atMs) : Number.POSITIVE_INFINITY;
    const appMs = start + world.rng.between(1, 40);
    const journal: TruthJournal = {
      workload: pod.workload,
      pod: pod.name,
      incarnation: String(i),
      startMs: appMs + pod.skewMs,
      endMs: null,
      served: [],
      made: [],
      accepted: [],
      connected: [],
    };
    const leavesMs = Number.POSITIVE_INFINITY;
    pod.instances.push({ pod, journal, proxy: new SimProxy(start, killMs), appMs, killMs, leavesMs });
    start = killMs + (restart?.downMs ?? 0);
  }
}

/** The incarnation whose sidecar lives at `t`. */
export function aliveAt(pod: SimPod, t: number): SimInstance | undefined {
  return pod.instances.find((i) => i.proxy.startMs <= t && t < i.killMs);
}
