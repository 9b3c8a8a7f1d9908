import { join } from 'node:path';
import type { PodConfig, WorkloadConfig } from '../../../sim-services/contract.ts';
import { APP_PATHS } from '../../../sim-services/contract.ts';
import type { InboundPolicy } from '../../core/policy.ts';
import { identityName, type PodInfo, type ServiceInfo, type Topology, type WorkloadInfo } from '../../core/topology.ts';
import type { MeshConfig, MeshPodConfig } from '../../mesh/contract.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import { authorityOf, type Scenario, type ServiceSpec } from '../../scenario/model.ts';
import { calleesOf, loadTargets } from '../callees.ts';
import { isProbedAtAdmin, loadService, prometheusService, serviceFields, workloadFields } from '../mesh-fields.ts';
import { workloadConfig } from '../workload-config.ts';
import type { Address, AddressSpace } from './addresses.ts';
import { planControlPlane } from './control-plane.ts';
import { dialledPast, isToldApart, type PodEgress, planEgress } from './egress.ts';
import { digest, podSuffix, uidOf } from './names.ts';
import { type RolloutPlan, skippedAddresses, stepsOf } from './rollout/plan.ts';

export const TRUST_DOMAIN = 'cluster.local';
export const CONTROL_PLANE_NAMESPACE = 'linkerd';
export const VIZ_NAMESPACE = 'linkerd-viz';
const PROXY_ADMIN_PORT = 4191;
const TRUST = { trustDomain: TRUST_DOMAIN, controlPlaneNamespace: CONTROL_PLANE_NAMESPACE };

/** The whole local environment on paper, before anything is started. */
export interface LocalPlan {
  topology: Topology;
  mesh: MeshConfig;
  /** Service processes; each hosts these workloads' pods. */
  processes: ProcessPlan[];
  loadPod: MeshPodConfig;
  /** Where k6 connects for an authority. */
  loadHosts: Record<string, string>;
  prometheus: Address;
  /** The pod that Prometheus is in the mesh; null when it stands outside. It is none of the topology's. */
  prometheusPod: MeshPodConfig | null;
  /** Who takes whose place, in that order; null without a roll-out. */
  rollout: RolloutPlan | null;
}

/**
 * One process hosts all pods, except those that the scenario restarts or replaces: each of these has a process of its own,
 * so that it can end alone (ADR 0002).
 */
export interface ProcessPlan {
  name: string;
  /** With its pods, which are successors of others. */
  startsLater?: boolean;
  workloads: WorkloadConfig[];
}

/** Lays a scenario out on loopback addresses. `dir` is the scenario's folder in results/. @throws HarnessError UNKNOWN_MESH_VERSION */
export async function planLocal(scenario: Scenario, dir: string, space: AddressSpace): Promise<LocalPlan> {
  const { chart } = findProfile(scenario.mesh.version);
  const api = await space.listen(space.hostIp, 6443);
  const prometheus = await space.listen(space.hostIp, 9090);
  const meshPods: MeshPodConfig[] = await planControlPlane(space, CONTROL_PLANE_NAMESPACE, chart.adminPorts);
  const topology: Topology = {
    trustDomain: TRUST_DOMAIN,
    controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
    workloads: [],
    pods: [],
    services: [],
  };
  const mesh: MeshConfig = {
    version: scenario.mesh.version,
    trustDomain: TRUST_DOMAIN,
    controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
    vizNamespace: VIZ_NAMESPACE,
    probeIntervalMs: scenario.mesh.probeIntervalMs,
    pods: meshPods,
    services: [],
    kubernetesApi: api,
    dir: join(dir, 'mesh'),
  };

  const bareLoad = await planPod(scenario, loadService(), 0, space);
  const planned = await planPods(scenario, space);
  const { rollout: rolledOut } = scenario;
  const next = rolledOut ? await planPods(scenario, space, { version: rolledOut.toVersion }) : null;
  const skipped = rolledOut ? await skippedAddresses(scenario, space) : [];
  const podsOf = ({ id }: ServiceSpec) => {
    const own = skipped.find(({ service }) => service === id);
    return own ? [own.address] : planned.get(id)!.map((pod) => dialledPast(pod.mesh));
  };
  const toldApart = (caller: string) => (callee: ServiceSpec) => isToldApart(scenario, caller, callee);
  const loadEgress = await planEgress(
    { ...bareLoad.mesh, toldApart: toldApart(loadService().id) },
    loadTargets(scenario),
    space,
    podsOf,
  );
  const loadPod = withListeners(bareLoad.mesh, loadEgress);
  meshPods.push(loadPod);
  topology.workloads.push(workloadInfo(scenario, loadService()));
  topology.pods.push(bareLoad.info);
  const prometheusPod = await planPrometheusPod(scenario, space);
  if (prometheusPod) meshPods.push(prometheusPod);

  const shared: ProcessPlan = { name: SHARED_PROCESS, workloads: [] };
  const processes: ProcessPlan[] = [];
  for (const [index, service] of scenario.services.entries()) {
    const own = planned.get(service.id)!;
    const clusterIp = `10.96.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    const policy = serviceFields(scenario, service);
    topology.workloads.push(workloadInfo(scenario, service));
    topology.services.push({ ...serviceInfo(service, clusterIp), ...policy });
    const callees = calleesOf(scenario, service);
    const pods: PodConfig[] = [];
    for (const pod of [...own, ...(next?.get(service.id) ?? [])]) {
      const caller = { ...service, ip: pod.mesh.ip, toldApart: toldApart(service.id) };
      const egress = await planEgress(caller, callees, space, podsOf);
      meshPods.push(withListeners(pod.mesh, egress));
      topology.pods.push(pod.info);
      pods.push(podConfig(pod, egress, dir));
    }
    mesh.services.push({
      namespace: service.namespace,
      name: service.name,
      clusterIp,
      port: service.port,
      targetPort: own.at(-1)?.info.appPort ?? service.appPort,
      pods: pods.map((p) => p.pod),
      ...(policy.outboundPolicy && { policy: policy.outboundPolicy }),
    });
    placePods(scenario, service, pods, shared, processes);
  }
  if (shared.workloads.length > 0) processes.unshift(shared);
  const loadHosts = hostsOfLoad(scenario, loadPod, loadEgress);
  let rollout: RolloutPlan | null = null;
  if (rolledOut && next) {
    const { adminPorts } = findProfile(rolledOut.toVersion).chart;
    const successors = await planControlPlane(space, CONTROL_PLANE_NAMESPACE, adminPorts, {
      version: rolledOut.toVersion,
    });
    rollout = {
      controlPlane: { old: meshPods.filter((pod) => pod.component !== null), next: successors },
      skipped,
      steps: stepsOf(scenario, (service, generation) => (generation === 'old' ? planned : next).get(service)!),
    };
    meshPods.push(...successors);
  }
  return { topology, mesh, processes, loadPod, loadHosts, prometheus, prometheusPod, rollout };
}

/** The pods of each service, by its qualified name. All have their addresses before the first one's calls are planned. */
async function planPods(
  scenario: Scenario,
  space: AddressSpace,
  successors: { version: string } | null = null,
): Promise<Map<string, PlannedPod[]>> {
  const planned = new Map<string, PlannedPod[]>();
  for (const service of scenario.services) {
    const pods: PlannedPod[] = [];
    for (let replica = 0; replica < service.replicas; replica += 1) {
      pods.push(await planPod(scenario, service, replica, space, successors));
    }
    planned.set(service.id, pods);
  }
  return planned;
}

async function planPrometheusPod(scenario: Scenario, space: AddressSpace): Promise<MeshPodConfig | null> {
  if (scenario.mesh.prometheus !== 'meshed') return null;
  const { mesh } = await planPod(scenario, prometheusService(), 0, space);
  return { ...mesh, labels: { component: 'prometheus', 'linkerd.io/extension': 'viz' } };
}

function hostsOfLoad(scenario: Scenario, { outbound }: MeshPodConfig, { dialled }: PodEgress): Record<string, string> {
  return Object.fromEntries(
    scenario.services.map((service) => {
      const authority = authorityOf(service);
      const { host, port } = dialled[`${authority}:${service.port}`]?.[0] ?? outbound;
      return [authority, `${host}:${port}`];
    }),
  );
}

function withListeners(mesh: MeshPodConfig, { listeners }: PodEgress): MeshPodConfig {
  return listeners.length > 0 ? { ...mesh, egressOf: listeners } : mesh;
}

function podConfig({ mesh, info, appAdmin }: PlannedPod, { dialled }: PodEgress, dir: string): PodConfig {
  return {
    pod: mesh.name,
    replica: info.replica,
    listen: mesh.app!.address,
    admin: appAdmin!,
    egress: mesh.outbound,
    ...(Object.keys(dialled).length > 0 && { egressOf: dialled }),
    journalDir: join(dir, 'truth', mesh.name),
    incarnation: '0',
  };
}

function serviceInfo(service: ServiceSpec, clusterIp: string): ServiceInfo {
  const { id, namespace, name, port } = service;
  return { id, namespace, name, authority: authorityOf(service), clusterIp, port, workload: id };
}

const SHARED_PROCESS = 'services';

/** Puts a service's pods into the shared process, and those that are restarted into processes of their own. */
function placePods(
  scenario: Scenario,
  service: ServiceSpec,
  pods: PodConfig[],
  shared: ProcessPlan,
  processes: ProcessPlan[],
): void {
  const restarted = new Set(scenario.restarts.filter((r) => r.service === service.id).map((r) => r.replica));
  const hasOwn = ({ replica }: PodConfig) => scenario.rollout !== undefined || restarted.has(replica);
  const workload = (group: PodConfig[]): WorkloadConfig => workloadConfig(scenario, service, group);
  const together = pods.filter((p) => !hasOwn(p));
  if (together.length > 0) shared.workloads.push(workload(together));
  for (const [index, pod] of pods.entries()) {
    if (!hasOwn(pod)) continue;
    const successor = index >= service.replicas;
    processes.push({
      name: `${service.id}#${pod.replica}${successor ? '.next' : ''}`,
      workloads: [workload([pod])],
      ...(successor && { startsLater: true }),
    });
  }
}

export interface PlannedPod {
  mesh: MeshPodConfig;
  info: PodInfo;
  appAdmin: Address | null;
}

async function planPod(
  scenario: Scenario,
  service: ServiceSpec,
  replica: number,
  space: AddressSpace,
  successor: { version: string } | null = null,
): Promise<PlannedPod> {
  const ip = space.podIp();
  const generation = successor ? `@${successor.version}` : '';
  const hash = digest(`${scenario.name}/${service.id}${generation}`).slice(0, 10);
  const name = `${service.name}-${hash}-${podSuffix(`${scenario.seed}/${service.id}/${replica}${generation}`)}`;
  const serves = service.appPort !== 0;
  const app = serves ? await space.listen(ip, service.appPort) : null;
  const appAdmin = serves ? await space.listen(ip, 9901) : null;
  const admin = await space.listen(ip, PROXY_ADMIN_PORT);
  const { inboundPolicy, skipsInbound } = workloadFields(scenario, service, TRUST);
  const mesh: MeshPodConfig = {
    ...(successor && { version: successor.version, startsLater: true }),
    namespace: service.namespace,
    name,
    uid: uidOf(`${service.namespace}/${name}`),
    deployment: service.name,
    serviceAccount: service.serviceAccount,
    podTemplateHash: hash,
    labels: { app: service.name, ...service.labels },
    ip,
    inbound: await space.listen(ip, 4143),
    outbound: await space.listen(ip, 4140),
    admin,
    app: app && {
      ...{ address: app, labelPort: app.port, readyPath: APP_PATHS.ready, livePath: APP_PATHS.health },
      ...(isProbedAtAdmin(scenario, service) && { probe: appAdmin! }),
    },
    ...(inboundPolicy && { inboundPolicy: atRealPorts(inboundPolicy, app, admin) }),
    ...(skipsInbound && { skipsInbound }),
    component: null,
    componentPorts: [],
  };
  const info: PodInfo = {
    namespace: service.namespace,
    name,
    workload: service.id,
    replica,
    ip,
    appPort: app?.port ?? null,
    instance: `${admin.host}:${admin.port}`,
  };
  return { mesh, info, appAdmin };
}

/** Where pods share an address, Servers are of the ports that this pod has been given. */
function atRealPorts(policy: InboundPolicy, app: Address | null, admin: Address): InboundPolicy {
  const port = (declared: number) => (declared === PROXY_ADMIN_PORT ? admin.port : (app?.port ?? declared));
  return { ...policy, servers: policy.servers.map((server) => ({ ...server, port: port(server.port) })) };
}

function workloadInfo(scenario: Scenario, service: ServiceSpec): WorkloadInfo {
  return {
    id: service.id,
    namespace: service.namespace,
    name: service.name,
    serviceAccount: service.serviceAccount,
    identity: scenario.unmeshed
      ? ''
      : identityName(service.serviceAccount, service.namespace, CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN),
    ...workloadFields(scenario, service, TRUST),
  };
}
