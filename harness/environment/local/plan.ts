import { join } from 'node:path';
import type { PodConfig, WorkloadConfig } from '../../../sim-services/contract.ts';
import { APP_PATHS } from '../../../sim-services/contract.ts';
import { identityName, type PodInfo, type Topology, type WorkloadInfo } from '../../core/topology.ts';
import type { MeshConfig, MeshPodConfig } from '../../mesh/contract.ts';
import { authorityOf, LOAD_WORKLOAD, type Scenario, type ServiceSpec } from '../../scenario/model.ts';
import { workloadConfig } from '../workload-config.ts';
import type { Address, AddressSpace } from './addresses.ts';
import { planControlPlane } from './control-plane.ts';
import { digest, podSuffix, uidOf } from './names.ts';

export const TRUST_DOMAIN = 'cluster.local';
export const CONTROL_PLANE_NAMESPACE = 'linkerd';
export const VIZ_NAMESPACE = 'linkerd-viz';

/** The whole local environment on paper, before anything is started. */
export interface LocalPlan {
  topology: Topology;
  mesh: MeshConfig;
  /** Service processes; each hosts these workloads' pods. */
  processes: ProcessPlan[];
  loadPod: MeshPodConfig;
  prometheus: Address;
}

/**
 * One process hosts all pods, except those that the scenario restarts: each of these has a process of its own, so that it
 * can be killed alone (ADR 0002).
 */
export interface ProcessPlan {
  name: string;
  workloads: WorkloadConfig[];
}

/** Lays a scenario out on loopback addresses. `dir` is the scenario's folder in results/. */
export async function planLocal(scenario: Scenario, dir: string, space: AddressSpace): Promise<LocalPlan> {
  const api = await space.listen(space.hostIp, 6443);
  const prometheus = await space.listen(space.hostIp, 9090);
  const meshPods: MeshPodConfig[] = await planControlPlane(space, CONTROL_PLANE_NAMESPACE);
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

  const loadPod = await planPod(scenario, loadService(), 0, space);
  meshPods.push(loadPod.mesh);
  topology.workloads.push(workloadInfo(LOAD_WORKLOAD));
  topology.pods.push(loadPod.info);

  const shared: ProcessPlan = { name: SHARED_PROCESS, workloads: [] };
  const processes: ProcessPlan[] = [];
  for (const [index, service] of scenario.services.entries()) {
    topology.workloads.push(workloadInfo(service));
    const clusterIp = `10.96.${Math.floor(index / 250)}.${(index % 250) + 1}`;
    topology.services.push({
      id: service.id,
      namespace: service.namespace,
      name: service.name,
      authority: authorityOf(service),
      clusterIp,
      port: service.port,
      workload: service.id,
    });
    const pods: PodConfig[] = [];
    for (let replica = 0; replica < service.replicas; replica += 1) {
      const planned = await planPod(scenario, service, replica, space);
      meshPods.push(planned.mesh);
      topology.pods.push(planned.info);
      pods.push({
        pod: planned.mesh.name,
        replica,
        listen: planned.mesh.app!.address,
        admin: planned.appAdmin!,
        egress: planned.mesh.outbound,
        journalDir: join(dir, 'truth', planned.mesh.name),
        incarnation: '0',
      });
    }
    mesh.services.push({
      namespace: service.namespace,
      name: service.name,
      clusterIp,
      port: service.port,
      targetPort: topology.pods.at(-1)!.appPort ?? service.appPort,
      pods: pods.map((p) => p.pod),
    });
    placePods(scenario, service, pods, shared, processes);
  }
  if (shared.workloads.length > 0) processes.unshift(shared);
  return { topology, mesh, processes, loadPod: loadPod.mesh, prometheus };
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
  const workload = (group: PodConfig[]): WorkloadConfig => workloadConfig(scenario, service, group);
  const together = pods.filter((p) => !restarted.has(p.replica));
  if (together.length > 0) shared.workloads.push(workload(together));
  for (const pod of pods.filter((p) => restarted.has(p.replica))) {
    processes.push({ name: `${service.id}#${pod.replica}`, workloads: [workload([pod])] });
  }
}

interface PlannedPod {
  mesh: MeshPodConfig;
  info: PodInfo;
  appAdmin: Address | null;
}

async function planPod(
  scenario: Scenario,
  service: ServiceSpec,
  replica: number,
  space: AddressSpace,
): Promise<PlannedPod> {
  const ip = space.podIp();
  const hash = digest(`${scenario.name}/${service.id}`).slice(0, 10);
  const name = `${service.name}-${hash}-${podSuffix(`${scenario.seed}/${service.id}/${replica}`)}`;
  const serves = service.id !== LOAD_WORKLOAD.id;
  const app = serves ? await space.listen(ip, service.appPort) : null;
  const appAdmin = serves ? await space.listen(ip, 9901) : null;
  const admin = await space.listen(ip, 4191);
  const mesh: MeshPodConfig = {
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
    app: app && { address: app, labelPort: app.port, readyPath: APP_PATHS.ready, livePath: APP_PATHS.health },
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

function loadService(): ServiceSpec {
  return { ...LOAD_WORKLOAD, replicas: 1, port: 80, appPort: 0, labels: {}, routes: [] };
}

function workloadInfo(service: { id: string; namespace: string; name: string; serviceAccount: string }): WorkloadInfo {
  return {
    id: service.id,
    namespace: service.namespace,
    name: service.name,
    serviceAccount: service.serviceAccount,
    identity: identityName(service.serviceAccount, service.namespace, CONTROL_PLANE_NAMESPACE, TRUST_DOMAIN),
  };
}
