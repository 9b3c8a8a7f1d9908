import { type AddressInfo, Server as NetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { AUTO_INCARNATION, type PodConfig, type WorkloadConfig } from './contract.ts';
import { EXIT, ServiceFailure } from './failure.ts';
import { Journal } from './ledger/journal.ts';
import { countJournals } from './ledger/read.ts';
import { createAdmin } from './server/admin.ts';
import { Answers } from './server/answers.ts';
import { createApp } from './server/app.ts';
import { Callee, Egress } from './server/callee.ts';
import { PodContext } from './server/context.ts';
import { PodMetrics } from './server/metrics.ts';
import type { Origin } from './server/origin.ts';
import { appRoute, Router } from './server/route.ts';

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
  readonly #app: FastifyInstance;
  readonly #admin: FastifyInstance;
  readonly #egress: Egress;

  private constructor(
    addresses: PodAddresses,
    context: PodContext,
    app: FastifyInstance,
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
    const context = new PodContext(journal, new Answers(pod), origin, (inFlight) => new PodMetrics(inFlight));
    const egress = new Egress(config.egress);
    const router = new Router();
    const parts = { seed: workload.seed, workload: id, replica: config.replica, incarnation };
    for (const route of workload.routes) {
      const steps = route.steps.map((step) => step.map((call) => new Callee(call, id, egress, journal)));
      router.add(route.method, route.path, appRoute(route, workload, parts, steps));
    }
    const app = createApp(context, router);
    const admin = createAdmin(context, origin, journalDir);
    try {
      const listen = await open(app, config.listen, pod);
      const adminAt = await open(admin, config.admin, pod);
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
    // Stops accepting. The HTTP server's own close() would also cut connections whose answer is still being sent (it takes
    // them for idle once end() has been called).
    NetServer.prototype.close.call(this.#app.server);
    await within(this.#context.idle(), graceMs);
    this.stop();
    await Promise.all([this.#app.close(), this.#admin.close(), this.#egress.destroy()]);
  }

  /** Ends at once. First the journal, then the connections: nothing may be answered that the journal does not have. */
  stop(): void {
    this.#context.journal.close();
    this.#app.server.closeAllConnections();
  }
}

async function open(app: FastifyInstance, at: { host: string; port: number }, pod: string) {
  try {
    await app.listen(at);
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
  return { host: at.host, port: (app.server.address() as AddressInfo).port };
}

/** Waits for the work, but no longer than the grace. */
async function within(work: Promise<void>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([work, grace]);
  clearTimeout(timer);
}
