import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import { AGENT_PORT } from '../../core/load-agent.ts';
import type { PodInfo, Topology } from '../../core/topology.ts';
import { LOAD_WORKLOAD, type Scenario } from '../../scenario/model.ts';
import { boundForeignClocks, measureClocks } from '../clocks.ts';
import type { LoadAccess, RunningEnvironment, ScenarioContext } from '../contract.ts';
import type { Kube, KubernetesObject, ObjectRef, PodObject } from '../kubernetes/contract.ts';
import { collectEvidence } from '../kubernetes/evidence.ts';
import { KubeEvidence } from '../kubernetes/evidence-source/index.ts';
import { openReadOnly } from '../kubernetes/evidence-source/read-only.ts';
import { podsWithoutSidecar } from '../kubernetes/sidecars.ts';
import { step } from '../step.ts';
import { withoutMesh } from '../unmeshed.ts';
import { type Cluster, type Images, type InstalledMesh, type StepContext, VIZ_NAMESPACE } from './contract.ts';
import { KindFaults } from './faults/index.ts';
import type { WorkloadPods } from './faults/recreate.ts';
import { workloadPods } from './faults/workload-pods.ts';
import { howToLook } from './how-to-look.ts';
import { PROMETHEUS_PORT, prometheusFiles } from './manifests/prometheus.ts';
import { Members } from './members.ts';
import { nodePortHosts } from './node-ports.ts';
import { PodAdmin } from './pod-admin.ts';
import { launchRemoteK6 } from './remote-k6.ts';
import { type PodRestart, PodRestarts } from './restarts.ts';
import { KindRollout, type Upgrade } from './rollout/index.ts';
import { NodeTruth } from './rollout/node-truth.ts';
import { deployLoad } from './steps/load.ts';
import { deployPrometheus, firstScrapes, isMeshed } from './steps/prometheus.ts';
import { deployServices } from './steps/services.ts';
import { topologyOf } from './topology.ts';
import { readUsage } from './usage/index.ts';

export interface ScenarioParts extends StepContext, ScenarioContext {
  kube: Kube;
  cluster: Cluster;
  images: Images;
  /** As the scenario begins. */
  mesh: InstalledMesh;
  /** For its roll-out. */
  upgrade: Upgrade;
  /** Throws when the API server has gone away. */
  check(): void;
}

/** What a namespace takes to go, on a busy machine. */
const REMOVAL_MS = 60_000;
/** How long k6 waits between announcing the origin and the origin: every service is told through the API server. */
const ORIGIN_LEAD_MS = 1500;
/** Each pod has a sidecar and an app of its own to warm up, on a machine that may have two cores. */
const USER_HEADROOM = 4;

/** Puts a scenario into the cluster: its services, its own Prometheus, k6; taken away again when it is disposed of. */
export async function startScenario(given: Scenario, parts: ScenarioParts): Promise<RunningEnvironment> {
  const scenario = withoutMesh(given);
  const { kube, mesh, check } = parts;
  await mkdir(join(parts.dir, 'config'), { recursive: true });
  await using stack = new AsyncDisposableStack();
  const { rollout: toBeRolledOut } = scenario;
  const truth = toBeRolledOut ? stack.use(await NodeTruth.prepare(parts.docker, parts.cluster, parts.signal)) : null;
  const made: ObjectRef[] = [];
  stack.defer(async () => {
    // Nothing can be deleted through an API server that has gone, and each attempt would take its time.
    check();
    await kube.delete(made, { graceSeconds: 0, deadlineMs: REMOVAL_MS });
  });
  const failure = stack.use(new EvidenceOnFailure(scenario, parts));
  const faults = stack.use(new KindFaults(scenario.faults ?? [], parts));

  const meshedPrometheus = isMeshed(scenario, parts.options);
  const inMesh = parts.options.loadFrom === 'mesh';
  const deploying = {
    ...{ ...parts, exposed: !inMesh, mayListPods: faults.mayListPods },
    rolledOut: truth && toBeRolledOut ? { truthDir: truth.dir, restMs: toBeRolledOut.restMs } : null,
    made: (refs: ObjectRef[]) => made.push(...refs),
  };
  const bringUpPrometheus = () =>
    step(parts, 'prometheus', meshedPrometheus ? 'with a sidecar' : 'without a sidecar', () =>
      deployPrometheus(kube, scenario, parts.images, deploying),
    );
  const early = faults.concernPods ? null : bringUpPrometheus();
  const [pods, loadPodAtFirst] = await settle([
    step(parts, 'services', `${scenario.services.length} workloads`, () =>
      deployServices(kube, scenario, parts.images, deploying),
    ),
    inMesh
      ? step(parts, 'load generator', 'k6', () => deployLoad(kube, scenario, parts.images, deploying))
      : Promise.resolve(null),
    early,
  ]);
  const workloads = await withFaults(faults, workloadPods(scenario, pods, loadPodAtFirst), parts);
  const prometheusPod = await (early ?? bringUpPrometheus());
  const all = workloads.flatMap((workload) => workload.pods);
  if (!scenario.unmeshed) {
    refuseUnmeshed(
      all.filter((pod) => !faults.isOtherwise(pod)),
      mesh,
    );
  }
  const loadPod = workloads.find(({ workload }) => workload === LOAD_WORKLOAD.id)?.pods[0] ?? null;
  const services = await kube.list({ apiVersion: 'v1', kind: 'Service' });
  const topology = topologyOf(scenario, {
    pods: new Map(workloads.map((workload) => [workload.workload, workload.pods])),
    services,
    loadPod,
  });
  for (const [name, text] of Object.entries(prometheusFiles(scenario, mesh))) {
    await writeFile(join(parts.dir, 'config', name), text);
  }
  await keepTopology(topology, parts.dir);
  const prometheusUrl = await kube.gateway(VIZ_NAMESPACE, prometheusPod.metadata.name, PROMETHEUS_PORT);
  if (!scenario.unmeshed) {
    await step(parts, 'ready', 'first scrape of each sidecar', () =>
      firstScrapes(
        kube,
        { url: prometheusUrl, pod: prometheusPod },
        {
          instances: topology.pods
            .filter((pod) => !faults.isUnscraped(pod.workload, pod.replica))
            .map((pod) => pod.instance),
          scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
          signal: parts.signal,
          check,
        },
      ),
    );
  }

  const restarts = stack.use(new PodRestarts(kube, parts.docker));
  const reader = meshedPrometheus
    ? new PodAdmin(kube, { namespace: VIZ_NAMESPACE, name: prometheusPod.metadata.name })
    : null;
  const members = new Members({ kube, dir: parts.dir, reader, truth, note: parts.note });
  for (const pod of topology.pods) members.add(pod, all.find((one) => isPod(one, pod))?.spec.nodeName ?? '');
  const rollout = toBeRolledOut
    ? stack.use(
        new KindRollout(scenario, toBeRolledOut, {
          ...{ kube, upgrade: parts.upgrade, mesh, members, topology, check },
          pods: new Map(
            workloads
              .filter(({ workload }) => workload !== LOAD_WORKLOAD.id)
              .map(({ workload, pods: its }) => [workload, its]),
          ),
        }),
      )
    : null;
  const loadAccess = await accessOfLoad(scenario, { ...parts, services, loadPod });
  const transport = await openReadOnly({ kubeconfig: parts.cluster.kubeconfig });
  stack.defer(() => transport.close());
  failure.needed = false;
  const owned = stack.move();
  return {
    info: { name: 'kind', mesh },
    topology,
    prometheusUrl,
    load: loadAccess,
    async setOrigin(originEpochMs) {
      await members.setOrigin(originEpochMs);
      restarts.schedule(restartsOf(scenario, members), originEpochMs);
      faults.schedule(originEpochMs);
      rollout?.schedule(originEpochMs);
    },
    async settled() {
      await Promise.all([restarts.done(), faults.begun(), rollout?.done()]);
      if (rollout) await keepTopology(topology, parts.dir);
    },
    ...(rollout && { rollout: () => rollout.events }),
    readJournals: () => members.journals(),
    readProxyPages: async () => (scenario.unmeshed ? { pages: [], unread: [] } : members.pages()),
    clockMarginMs: () => (parts.cluster.sameKernel ? measureClocks : boundForeignClocks)(members.clocks()),
    check() {
      check();
      restarts.check();
      faults.check();
      rollout?.check();
    },
    usage: () =>
      readUsage({
        ...{ kube, docker: parts.docker, nodes: parts.cluster.nodes, pods: () => members.all.map(({ pod }) => pod) },
        prometheus: { namespace: VIZ_NAMESPACE, name: prometheusPod.metadata.name },
      }),
    howToLook: () => howToLook(parts.cluster, topology),
    evidence: new KubeEvidence(transport, {
      prometheus: prometheusPod,
      ...(reader && { readPage: (target) => reader.pageEvidence(target) }),
    }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Does what is to be there before Prometheus is. */
async function withFaults(faults: KindFaults, workloads: WorkloadPods[], parts: ScenarioParts) {
  if (!faults.concernPods) return faults.prepare(workloads);
  return step(parts, 'faults', 'from the start', () => faults.prepare(workloads));
}

async function keepTopology(topology: Topology, dir: string): Promise<void> {
  await writeFile(join(dir, 'config', 'topology.json'), JSON.stringify(topology, null, 2));
}

function isPod({ metadata }: PodObject, pod: PodInfo): boolean {
  return metadata.namespace === pod.namespace && metadata.name === pod.name;
}

async function accessOfLoad(
  scenario: Scenario,
  parts: ScenarioParts & { services: KubernetesObject[]; loadPod: PodObject | null },
): Promise<LoadAccess> {
  const { kube, loadPod } = parts;
  const waits = { originLeadMs: ORIGIN_LEAD_MS, userHeadroom: USER_HEADROOM };
  if (!loadPod) return { hosts: await nodePortHosts(scenario, parts.services, parts), launch: null, ...waits };
  const agent = await kube.gateway(LOAD_WORKLOAD.namespace, loadPod.metadata.name, AGENT_PORT);
  return { hosts: {}, launch: launchRemoteK6(agent), ...waits };
}

/** Journals, events and logs of a scenario that did not come up go into its folder. */
class EvidenceOnFailure implements AsyncDisposable {
  needed = true;
  readonly #scenario: Scenario;
  readonly #parts: ScenarioParts;

  constructor(scenario: Scenario, parts: ScenarioParts) {
    this.#scenario = scenario;
    this.#parts = parts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { kube, dir, signal } = this.#parts;
    // Whoever interrupts a run does not ask why it was not ready yet.
    if (!this.needed || signal.aborted) return;
    const namespaces = new Set([...this.#scenario.services.map((s) => s.namespace), LOAD_WORKLOAD.namespace]);
    await collectEvidence(kube, [...namespaces], join(dir, 'cluster'));
  }
}

/**
 * A pod that came up without a sidecar has no metrics: whatever Prometheus then says, it does not say it of the mesh.
 * @throws HarnessError PODS_NOT_INJECTED naming them
 */
function refuseUnmeshed(pods: PodObject[], mesh: InstalledMesh): void {
  const bare = podsWithoutSidecar(pods);
  if (bare.length === 0) return;
  const injector = `kubectl -n linkerd get pods,mutatingwebhookconfigurations -l linkerd.io/control-plane-component=proxy-injector`;
  throw new HarnessError(
    'PODS_NOT_INJECTED',
    `${bare.length} of ${pods.length} pods came up without a sidecar: ${bare.join(', ')}`,
    {
      hint: `the injector (${mesh.kind}) did not answer when they were made, and its webhook lets pods pass then; look at it: ${injector}`,
    },
  );
}

function restartsOf(scenario: Scenario, members: Members): PodRestart[] {
  return scenario.restarts.map((spec) => ({
    spec,
    find: () => {
      const { pod } = members.current(spec.service, spec.replica)!;
      return { namespace: pod.namespace, pod: pod.name };
    },
  }));
}

/** All of them, once each has ended; or what the first threw that failed. */
async function settle<T extends readonly unknown[]>(work: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>;
}
