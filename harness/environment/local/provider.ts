import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childDied } from '../../core/process.ts';
import type { ResolvedTool } from '../../core/tool.ts';
import type { MeshPodConfig, MeshStarted } from '../../mesh/contract.ts';
import { linkerdVizConfig } from '../../prometheus/scrape-config.ts';
import { type PrometheusServer, startPrometheus } from '../../prometheus/server.ts';
import type { Scenario } from '../../scenario/model.ts';
import { measureClocks } from '../clocks.ts';
import type {
  EnvironmentProvider,
  EnvironmentSession,
  RunningEnvironment,
  ScenarioContext,
  SessionContext,
} from '../contract.ts';
import { waitForFirstScrapes } from '../first-scrapes.ts';
import { step } from '../step.ts';
import { type Address, addressOptions, claimAddresses } from './addresses.ts';
import { MeshProcess } from './mesh-process.ts';
import { fetchPage } from './pages.ts';
import { CONTROL_PLANE_NAMESPACE, type LocalPlan, planLocal, VIZ_NAMESPACE } from './plan.ts';
import { Restarts } from './restarts.ts';
import { ServiceProcess } from './service-process.ts';
import { Together } from './together.ts';

/** The mesh simulated on this machine: real sockets, real mutual TLS, a real Prometheus; no Docker, no root. */
export const localEnvironment: EnvironmentProvider = { name: 'local', maxParallel: null, open };

/** Scenarios share nothing; only that the tools are there is made sure of, before anything is started. */
async function open(_options: unknown, context: SessionContext): Promise<EnvironmentSession> {
  await context.tool('k6');
  await context.tool('prometheus');
  return { start, [Symbol.asyncDispose]: async () => {} };
}

async function start(scenario: Scenario, context: ScenarioContext): Promise<RunningEnvironment> {
  const prometheusTool = await context.tool('prometheus');
  await using stack = new AsyncDisposableStack();
  const space = stack.use(await claimAddresses(addressOptions(process.env)));
  const plan = await planLocal(scenario, context.dir, space);
  await Promise.all(
    ['logs', 'config', 'truth', 'mesh'].map((name) => mkdir(join(context.dir, name), { recursive: true })),
  );
  await writeFile(join(context.dir, 'config', 'topology.json'), JSON.stringify(plan.topology, null, 2));

  // These end at once, all together: nobody needs another any more, and there may be many.
  const processes = new Together(stack);
  const services = plan.processes.map((process) =>
    processes.use(new ServiceProcess(process, context.dir, context.signal)),
  );
  const bringUpServices = step(context, 'services', `${services.length} processes`, () =>
    allEnded(services.map((service) => service.start())),
  );
  const bringUpMesh = step(context, 'mesh', `${plan.mesh.pods.length} sidecars`, async () => {
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
    processes.use(await bringUpPrometheus(scenario, plan, started, prometheusTool, context)),
  );
  const restarts = stack.use(new Restarts());
  const check = () => {
    restarts.check();
    prometheus.check();
    for (const child of [mesh.child, ...services.flatMap((s) => s.child ?? [])]) {
      if (child.exit) throw childDied(child, 'it ended during the run');
    }
  };
  await step(context, 'ready', 'certificates, readiness, first scrape', () =>
    Promise.all([
      mesh.request({ type: 'wait-ready', deadlineMs: 20_000 }),
      waitForFirstScrapes({
        client: prometheus.client,
        instances: plan.mesh.pods.map((pod) => `${pod.admin.host}:${pod.admin.port}`),
        scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
        hint: `see ${prometheus.child.logFile} and ${prometheus.url}/targets`,
        signal: context.signal,
        check,
      }),
    ]),
  );
  const owned = stack.move();

  return {
    info: {
      name: 'local',
      mesh: { kind: 'simulated', version: started.linkerdVersion, proxyVersion: started.proxyVersion },
    },
    topology: plan.topology,
    prometheusUrl: prometheus.url,
    load: { hosts: plan.loadHosts, launch: null, originLeadMs: 250, userHeadroom: 1 },
    async setOrigin(originEpochMs) {
      await Promise.all(services.map((service) => service.setOrigin(originEpochMs)));
      restarts.schedule(
        scenario.restarts.map((spec) => {
          const pod = plan.topology.pods.find((p) => p.workload === spec.service && p.replica === spec.replica)!;
          const process = services.find((s) => s.pods.some((p) => p.pod === pod.name))!;
          return { spec, namespace: pod.namespace, pod: pod.name, process };
        }),
        originEpochMs,
        mesh,
      );
    },
    settled: () => restarts.done(),
    readJournals: async () => (await Promise.all(services.map((service) => service.journals()))).flat(),
    readProxyPages: () => Promise.all(judged(plan).map((pod) => fetchPage(pod, plan.prometheusPod?.outbound))),
    clockMarginMs: () =>
      measureClocks([
        {
          name: 'mesh',
          read: async () => ((await mesh.request({ type: 'clock' })) as { nowEpochMs: number }).nowEpochMs,
        },
        ...services.map((service) => ({ name: service.plan.name, read: () => service.clock() })),
      ]),
    check,
    howToLook: () => plan.topology.pods.map((pod) => `${pod.namespace}/${pod.name}  http://${pod.instance}/metrics`),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function bringUpPrometheus(
  scenario: Scenario,
  plan: LocalPlan,
  started: MeshStarted,
  tool: ResolvedTool,
  context: ScenarioContext,
): Promise<PrometheusServer> {
  const configFile = join(context.dir, 'config', 'prometheus.yml');
  await writeFile(
    configFile,
    linkerdVizConfig({
      apiServer: started.kubernetesApiUrl,
      caFile: started.caFile,
      tokenFile: started.tokenFile,
      scrapeIntervalMs: scenario.mesh.scrapeIntervalMs,
      scrapeTimeoutMs: scenario.mesh.scrapeIntervalMs,
      controlPlaneNamespace: CONTROL_PLANE_NAMESPACE,
      vizNamespace: VIZ_NAMESPACE,
      selfAddress: `${plan.prometheus.host}:${plan.prometheus.port}`,
      ...(plan.prometheusPod && { proxyUrl: urlOf(plan.prometheusPod.outbound) }),
    }),
  );
  return startPrometheus({
    tool,
    configFile,
    dataDir: join(context.dir, 'prometheus'),
    listen: plan.prometheus,
    logFile: join(context.dir, 'logs', 'prometheus.log'),
    signal: context.signal,
  });
}

/** The pods of the topology: neither the control plane's nor Prometheus'. */
function judged({ mesh, prometheusPod }: LocalPlan): MeshPodConfig[] {
  return mesh.pods.filter((pod) => pod.component === null && pod !== prometheusPod);
}

function urlOf({ host, port }: Address): string {
  return `http://${host}:${port}`;
}

/** Waits for every one of them, then throws what the first threw that failed. */
async function allEnded(work: Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(work)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
