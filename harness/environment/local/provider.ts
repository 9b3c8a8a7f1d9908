import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childDied } from '../../core/process.ts';
import type { MeshPodConfig } from '../../mesh/contract.ts';
import { REMOTE_WRITE_ARG } from '../../prometheus/remote-write.ts';
import type { RestartSpec, Scenario } from '../../scenario/model.ts';
import { measureClocks } from '../clocks.ts';
import { collectPages } from '../collect-pages.ts';
import type {
  EnvironmentProvider,
  EnvironmentSession,
  RunningEnvironment,
  ScenarioContext,
  SessionContext,
} from '../contract.ts';
import { waitForFirstScrapes } from '../first-scrapes.ts';
import { step } from '../step.ts';
import { withoutMesh } from '../unmeshed.ts';
import { addressOptions, claimAddresses } from './addresses.ts';
import { draftOf } from './draft.ts';
import { dialledPast } from './egress.ts';
import { localEvidence } from './evidence.ts';
import { Faults } from './faults.ts';
import { MeshProcess } from './mesh-process.ts';
import { PageReader } from './pages.ts';
import { type LocalPlan, planLocal } from './plan.ts';
import { LocalPrometheus } from './prometheus.ts';
import { Restarts } from './restarts.ts';
import { Rollout } from './rollout/rollout.ts';
import { ServiceAddress } from './rollout/service-address.ts';
import { ServiceProcess } from './service-process.ts';
import { Together } from './together.ts';
import { localUsage } from './usage.ts';

/** The mesh simulated on this machine: real sockets, real mutual TLS, a real Prometheus; no Docker, no root. */
export const localEnvironment: EnvironmentProvider = { name: 'local', maxParallel: null, open };

/** Scenarios share nothing; only that the tools are there is made sure of, before anything is started. */
async function open({ keep }: { keep: boolean }, context: SessionContext): Promise<EnvironmentSession> {
  await context.tool('k6');
  await context.tool('prometheus');
  return { start: (scenario, of) => start(scenario, of, keep), [Symbol.asyncDispose]: async () => {} };
}

/** Virtual users for what waits while this machine does something else, or while pods start under load; it changes no rate. */
const HEADROOM = { usual: 2, rollout: 4 };

/** What Prometheus may take to find its targets, where some may be never found. */
const DISCOVERY_MS = 1500;

/** @param keep it is to be looked at afterwards: Prometheus takes the truth then, too */
async function start(declared: Scenario, context: ScenarioContext, keep: boolean): Promise<RunningEnvironment> {
  const scenario = withoutMesh(declared);
  const prometheusTool = await context.tool('prometheus');
  await using stack = new AsyncDisposableStack();
  const space = stack.use(await claimAddresses(addressOptions(process.env)));
  const planned = await planLocal(scenario, context.dir, space);
  const faults = new Faults(draftOf(scenario, planned), scenario.faults ?? []);
  if (keep) faults.draft.prometheusArgs.push(REMOTE_WRITE_ARG);
  const { mesh: meshConfig, processes: processPlans, loadHosts } = faults.draft;
  const plan: LocalPlan = { ...planned, mesh: meshConfig, processes: processPlans, loadHosts };
  await Promise.all(
    ['logs', 'config', 'truth', 'mesh'].map((name) => mkdir(join(context.dir, name), { recursive: true })),
  );
  await writeFile(join(context.dir, 'config', 'topology.json'), JSON.stringify(plan.topology, null, 2));

  const rollout =
    plan.rollout && scenario.rollout ? new Rollout(plan.rollout, scenario.rollout, scenario.mesh.version) : null;
  for (const { service, address } of plan.rollout?.skipped ?? []) {
    stack.use(await ServiceAddress.listen(address, () => rollout!.endpoints(service).map(dialledPast)));
  }

  // These end at once, all together: nobody needs another any more, and there may be many.
  const processes = new Together(stack);
  const services = plan.processes.map((process) =>
    processes.use(new ServiceProcess(process, context.dir, context.signal)),
  );
  const atStart = services.filter((service) => !service.plan.startsLater);
  const bringUpServices = step(context, 'services', `${atStart.length} processes`, () =>
    allEnded(atStart.map((service) => service.start())),
  );
  const meshed = scenario.unmeshed ? [] : plan.mesh.pods.filter((pod) => !pod.startsLater);
  const bringUpMesh = step(context, 'mesh', `${meshed.length} sidecars`, async () => {
    const { mesh, started } = await MeshProcess.start(plan.mesh, join(context.dir, 'logs', 'mesh.log'), context.signal);
    processes.use(mesh);
    return { mesh, started };
  });
  // All at once; when one fails the others' start must have ended before the stack is unwound.
  const [meshOutcome, servicesOutcome] = await Promise.allSettled([bringUpMesh, bringUpServices]);
  if (meshOutcome.status === 'rejected') throw meshOutcome.reason;
  if (servicesOutcome.status === 'rejected') throw servicesOutcome.reason;
  const { mesh, started } = meshOutcome.value;
  context.signal.throwIfAborted();

  const prometheus = await step(context, 'prometheus', prometheusTool.version, async () =>
    processes.use(await LocalPrometheus.start(faults.draft, plan.prometheus, prometheusTool, context)),
  );
  stack.use(faults);
  stack.use(rollout);
  const restarts = stack.use(new Restarts());
  const check = () => {
    restarts.check();
    rollout?.check();
    faults.check();
    prometheus.server.check();
    for (const child of [mesh.child, ...services.flatMap((s) => s.child ?? [])]) {
      if (child.exit) throw childDied(child, 'it ended during the run');
    }
  };
  await step(context, 'ready', 'certificates, readiness, first scrape', () =>
    Promise.all([
      mesh.request({ type: 'wait-ready', deadlineMs: 20_000 }),
      waitForFirstScrapes({
        client: prometheus.server.client,
        instances: meshed.map(({ admin }) => `${admin.host}:${admin.port}`),
        scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
        ...(faults.areThere && { untilNoMoreForMs: DISCOVERY_MS + 2 * scenario.mesh.scrapeIntervalMs }),
        hint: `see ${prometheus.server.child.logFile} and ${prometheus.url}/targets`,
        signal: context.signal,
        check,
      }),
    ]),
  );
  const pages = new PageReader(plan.prometheusPod?.outbound);
  const processOf = (pod: MeshPodConfig) => services.find((s) => s.pods.some((p) => p.pod === pod.name))!;
  const podOf = (spec: RestartSpec) => {
    const { name } = plan.topology.pods.find((p) => p.workload === spec.service && p.replica === spec.replica)!;
    return rollout?.current(spec.service, spec.replica) ?? plan.mesh.pods.find((pod) => pod.name === name)!;
  };
  const lives = (pod: MeshPodConfig) => rollout?.lives(pod) ?? true;
  const there = () => services.filter((service) => !service.isAway);
  const owned = stack.move();

  return {
    info: {
      name: 'local',
      mesh: { kind: 'simulated', version: started.linkerdVersion, proxyVersion: started.proxyVersion },
    },
    topology: plan.topology,
    prometheusUrl: prometheus.url,
    takesSamples: keep,
    load: {
      hosts: plan.loadHosts,
      launch: null,
      originLeadMs: 250,
      userHeadroom: rollout ? HEADROOM.rollout : HEADROOM.usual,
    },
    async setOrigin(originEpochMs) {
      await Promise.all(there().map((service) => service.setOrigin(originEpochMs)));
      restarts.schedule(
        scenario.restarts.map((spec) => ({
          spec,
          target() {
            const pod = podOf(spec);
            return { namespace: pod.namespace, pod: pod.name, process: processOf(pod) };
          },
          inTurn: (work) => rollout?.inTurn(spec, work) ?? work(),
        })),
        originEpochMs,
        mesh,
      );
      rollout?.schedule(originEpochMs, { mesh, processOf, lastPage: (pod) => pages.readLast(pod) });
      faults.schedule(originEpochMs, {
        mesh: (order) => mesh.request(order),
        reconfigurePrometheus: (config) => prometheus.reconfigure(config),
      });
    },
    settled: async () => {
      await Promise.all([restarts.done(), faults.done(), rollout?.done()]);
    },
    readJournals: async () => (await Promise.all(services.map((service) => service.journals()))).flat(),
    async readProxyPages() {
      const living = judged(plan, scenario).filter(lives);
      const read = await collectPages(
        living.map((pod) => ({
          pod: { ...pod, instance: `${pod.admin.host}:${pod.admin.port}` },
          read: () => pages.read(pod),
        })),
      );
      return { ...read, pages: [...pages.last, ...read.pages] };
    },
    clockMarginMs: () =>
      measureClocks([
        {
          name: 'mesh',
          read: async () => ((await mesh.request({ type: 'clock' })) as { nowEpochMs: number }).nowEpochMs,
        },
        ...there().map((service) => ({ name: service.plan.name, read: () => service.clock() })),
      ]),
    check,
    howToLook: () =>
      judged(plan, scenario)
        .filter(lives)
        .map(({ namespace, name, admin }) => `${namespace}/${name}  http://${admin.host}:${admin.port}/metrics`),
    ...(rollout && { rollout: () => rollout.events }),
    usage: () =>
      localUsage({
        mesh: mesh.child,
        services: services.map(({ child }) => child),
        prometheus: prometheus.server.child,
        unmeshed: scenario.unmeshed ?? false,
      }),
    evidence: localEvidence({ plan, started, logFile: prometheus.server.child.logFile }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The pods of the topology, neither the control plane's nor Prometheus'; none where they have no proxies. */
function judged({ mesh, prometheusPod }: LocalPlan, { unmeshed }: Scenario): MeshPodConfig[] {
  if (unmeshed) return [];
  return mesh.pods.filter((pod) => pod.component === null && pod.name !== prometheusPod?.name);
}

/** Waits for every one of them, then throws what the first threw that failed. */
async function allEnded(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
