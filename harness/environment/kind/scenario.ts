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
import { podsWithoutSidecar } from '../kubernetes/sidecars.ts';
import { step } from '../step.ts';
import { type Cluster, type Images, type InstalledMesh, type StepContext, VIZ_NAMESPACE } from './contract.ts';
import { howToLook } from './how-to-look.ts';
import { PROMETHEUS_PORT, prometheusConfig } from './manifests/prometheus.ts';
import { nodePortHosts } from './node-ports.ts';
import { PodAdmin } from './pod-admin.ts';
import { launchRemoteK6 } from './remote-k6.ts';
import { PodRestarts } from './restarts.ts';
import { deployLoad } from './steps/load.ts';
import { deployPrometheus, firstScrapes, isMeshed } from './steps/prometheus.ts';
import { deployServices, podsByService } from './steps/services.ts';
import { topologyOf } from './topology.ts';

export interface ScenarioParts extends StepContext, ScenarioContext {
  kube: Kube;
  cluster: Cluster;
  images: Images;
  mesh: InstalledMesh;
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
export async function startScenario(scenario: Scenario, parts: ScenarioParts): Promise<RunningEnvironment> {
  const { kube, mesh, check } = parts;
  await mkdir(join(parts.dir, 'config'), { recursive: true });
  await using stack = new AsyncDisposableStack();
  const made: ObjectRef[] = [];
  stack.defer(async () => {
    // Nothing can be deleted through an API server that has gone, and each attempt would take its time.
    check();
    await kube.delete(made, { graceSeconds: 0, deadlineMs: REMOVAL_MS });
  });
  const evidence = stack.use(new EvidenceOnFailure(scenario, parts));

  const meshedPrometheus = isMeshed(scenario, parts.options);
  const inMesh = parts.options.loadFrom === 'mesh';
  const deploying = { ...parts, exposed: !inMesh, made: (refs: ObjectRef[]) => made.push(...refs) };
  const [pods, prometheusPod, loadPod] = await settle([
    step(parts, 'services', `${scenario.services.length} workloads`, () =>
      deployServices(kube, scenario, parts.images, deploying),
    ),
    step(parts, 'prometheus', meshedPrometheus ? 'with a sidecar' : 'without a sidecar', () =>
      deployPrometheus(kube, scenario, parts.images, deploying),
    ),
    inMesh
      ? step(parts, 'load generator', 'k6', () => deployLoad(kube, scenario, parts.images, deploying))
      : Promise.resolve(null),
  ]);
  refuseUnmeshed([...pods, ...(loadPod ? [loadPod] : [])], mesh);
  const services = await kube.list({ apiVersion: 'v1', kind: 'Service' });
  const topology = topologyOf(scenario, { pods: podsByService(scenario, pods), services, loadPod });
  await writeFile(join(parts.dir, 'config', 'prometheus.yml'), prometheusConfig(scenario, mesh.kind));
  await writeFile(join(parts.dir, 'config', 'topology.json'), JSON.stringify(topology, null, 2));
  const prometheusUrl = await kube.gateway(VIZ_NAMESPACE, prometheusPod.metadata.name, PROMETHEUS_PORT);
  await step(parts, 'ready', 'first scrape of each sidecar', () =>
    firstScrapes(
      kube,
      { url: prometheusUrl, pod: prometheusPod },
      {
        instances: topology.pods.map((pod) => pod.instance),
        scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
        signal: parts.signal,
        check,
      },
    ),
  );

  const restarts = stack.use(new PodRestarts(kube, parts.docker));
  const admins = new Map(topology.pods.map((pod) => [pod, new PodAdmin(kube, pod)]));
  const reader = meshedPrometheus
    ? new PodAdmin(kube, { namespace: VIZ_NAMESPACE, name: prometheusPod.metadata.name })
    : null;
  const serving = [...admins].filter(([pod]) => pod.workload !== LOAD_WORKLOAD.id).map(([, admin]) => admin);
  const clocks = [...admins.values()].map((admin) => ({ name: admin.pod, read: () => admin.clock() }));
  const loadAccess = await accessOfLoad(scenario, { ...parts, services, loadPod });
  evidence.needed = false;
  const owned = stack.move();
  return {
    info: { name: 'kind', mesh },
    topology,
    prometheusUrl,
    load: loadAccess,
    async setOrigin(originEpochMs) {
      await Promise.all(serving.map((admin) => admin.setOrigin(originEpochMs)));
      restarts.schedule(restartsOf(scenario, topology), originEpochMs);
    },
    settled: () => restarts.done(),
    readJournals: () => Promise.all(serving.map((admin) => keptTruth(admin, parts.dir))),
    readProxyPages: () => Promise.all([...admins].map(([pod, admin]) => admin.page(pod.instance, reader))),
    clockMarginMs: () => (parts.cluster.sameKernel ? measureClocks(clocks) : boundForeignClocks(clocks)),
    check() {
      check();
      restarts.check();
    },
    howToLook: () => howToLook(parts.cluster, topology),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A pod's journals, kept with the results: truth/<namespace>.<pod>.journal. */
async function keptTruth(admin: PodAdmin, dir: string): Promise<string> {
  const text = await admin.truth();
  await mkdir(join(dir, 'truth'), { recursive: true });
  await writeFile(join(dir, 'truth', `${admin.namespace}.${admin.pod}.journal`), text);
  return text;
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

function restartsOf(scenario: Scenario, topology: Topology) {
  return scenario.restarts.map((spec) => {
    const pod = topology.pods.find((p): p is PodInfo => p.workload === spec.service && p.replica === spec.replica)!;
    return { spec, namespace: pod.namespace, pod: pod.name };
  });
}

/** All of them, once each has ended; or what the first threw that failed. */
async function settle<T extends readonly unknown[]>(work: T): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const outcomes = await Promise.allSettled(work);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return Promise.all(work) as Promise<{ [K in keyof T]: Awaited<T[K]> }>;
}
