import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AUTO_INCARNATION, type PodConfig, type WorkloadConfig } from './contract.ts';
import { EXIT, ServiceFailure } from './failure.ts';
import { Journal } from './ledger/journal.ts';
import { countJournals } from './ledger/read.ts';
import { createAdmin } from './server/admin.ts';
import { Answers } from './server/answers.ts';
import { createApp } from './server/app.ts';
import { calleeOf } from './server/callees.ts';
import { PodContext } from './server/context.ts';
import { type Address, Egress } from './server/egress.ts';
import { createGrpcApp } from './server/grpc/app.ts';
import { createH2App } from './server/http2/app.ts';
import type { AppListener } from './server/listener.ts';
import { PodMetrics } from './server/metrics.ts';
import type { Origin } from './server/origin.ts';
import { Places } from './server/places.ts';
import { type AppRoute, appRoute, Router } from './server/route.ts';
import { createTcpApp } from './server/tcp/app.ts';

/** What the ready line says of a pod. */
export interface PodAddresses {
  workload: string;
  pod: string;
  listen: { host: string; port: number };
  admin: { host: string; port: number };
}

/** One running replica of a workload. */
export class Pod {
  readonly addresses: PodAddresses;
  readonly #context: PodContext;
  readonly #app: AppListener;
  readonly #admin: FastifyInstance;
  readonly #egress: Egress;

  private constructor(
    addresses: PodAddresses,
    context: PodContext,
    app: AppListener,
    admin: FastifyInstance,
    egress: Egress,
  ) {
    this.addresses = addresses;
    this.#context = context;
    this.#app = app;
    this.#admin = admin;
    this.#egress = egress;
  }

  /** @throws ServiceFailure PORT_TAKEN, ADDRESS_UNUSABLE, and the journal's */
  static async start(
    workload: WorkloadConfig,
    config: PodConfig,
    origin: Origin,
    onLost: (failure: ServiceFailure) => never,
  ): Promise<Pod> {
    const id = `${workload.namespace}/${workload.name}`;
    const { pod, journalDir } = config;
    const incarnation =
      config.incarnation === AUTO_INCARNATION ? String(countJournals(journalDir)) : config.incarnation;
    const journal = new Journal({ dir: journalDir, workload: id, pod, incarnation }, onLost);
    const { concurrency } = workload;
    const places = concurrency === undefined ? null : new Places(concurrency);
    const context = new PodContext(journal, new Answers(pod), origin, (inFlight) => new PodMetrics(inFlight), places);
    const egress = new Egress(config.egress, config.egressOf, config.speaksAfterMs);
    const parts = { seed: workload.seed, workload: id, replica: config.replica, incarnation };
    const routes = workload.routes.map((route) => {
      const steps = route.steps.map((step) => step.map((call) => calleeOf(call, id, egress, journal)));
      return appRoute(route, workload, parts, steps);
    });
    const app = appOf(workload, context, routes);
    const admin = createAdmin(context, origin, journalDir);
    try {
      const listen = await open((at) => app.listen(at), config.listen, pod);
      const adminAt = await open((at) => listenAdmin(admin, at), config.admin, pod);
      return new Pod({ workload: id, pod, listen, admin: adminAt }, context, app, admin, egress);
    } catch (error) {
      await Promise.all([app.close(), admin.close()]);
      journal.close();
      throw error;
    }
  }

  /** Readiness fails, nothing new is accepted, what is in flight ends or is cut off after the grace; the journal is closed. */
  async drain(graceMs: number): Promise<void> {
    this.#context.draining = true;
    this.#app.refuse();
    const settled = this.#context.idle().then(() => Promise.all([this.#app.flush?.(), this.#egress.idle()]));
    await within(settled, graceMs);
    this.stop();
    await Promise.all([this.#app.close(), this.#admin.close(), this.#egress.destroy()]);
  }

  /** Ends at once. First the journal, then the connections: nothing may be answered that the journal does not have. */
  stop(): void {
    this.#context.journal.close();
    this.#app.cut();
  }
}

function appOf(workload: WorkloadConfig, context: PodContext, routes: AppRoute[]): AppListener {
  const { protocol = 'http', serverSpeaksFirst = false } = workload;
  if (protocol === 'tcp') return createTcpApp(context, routes[0]!, serverSpeaksFirst);
  const router = new Router();
  workload.routes.forEach(({ method, path }, i) => {
    router.add(method, path, routes[i]!);
  });
  return { http: createApp, http2: createH2App, grpc: createGrpcApp }[protocol](context, router);
}

async function listenAdmin(admin: FastifyInstance, at: Address): Promise<number> {
  await admin.listen(at);
  return (admin.server.address() as AddressInfo).port;
}

async function open(listen: (at: Address) => Promise<number>, at: Address, pod: string) {
  try {
    return { host: at.host, port: await listen(at) };
  } catch (cause) {
    const where = `${at.host}:${at.port}`;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new ServiceFailure('PORT_TAKEN', EXIT.portTaken, `${where} is taken; pod ${pod} needs it`, {
        ...at,
        pod,
      });
    }
    throw new ServiceFailure('ADDRESS_UNUSABLE', EXIT.portTaken, `${where} can't be used by pod ${pod}: ${message}`, {
      ...at,
      pod,
    });
  }
}

/** Waits for the work, but no longer than the grace. */
async function within(work: Promise<unknown>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([work, grace]);
  clearTimeout(timer);
}
