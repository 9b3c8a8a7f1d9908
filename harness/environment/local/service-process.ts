import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ADMIN_PATHS,
  type OriginRequest,
  type PodConfig,
  type ServiceProcessConfig,
} from '../../../sim-services/contract.ts';
import { HarnessError } from '../../core/errors.ts';
import { type Child, startChild, waitForMessage } from '../../core/process.ts';
import { projectFile } from '../../core/project.ts';
import { readJournalFiles } from './journal-files.ts';
import { nodeArgs, nodeEnv } from './node-program.ts';
import type { ProcessPlan } from './plan.ts';
import { serviceFailure } from './service-failure.ts';

/** A process of synthetic services: started, told the origin, killed and started again as the next incarnation. */
export class ServiceProcess implements AsyncDisposable {
  readonly plan: ProcessPlan;
  readonly #dir: string;
  readonly #signal: AbortSignal;
  #child: Child | null = null;
  #incarnation = 0;
  #ended = false;

  constructor(plan: ProcessPlan, dir: string, signal: AbortSignal) {
    this.plan = plan;
    this.#dir = dir;
    this.#signal = signal;
  }

  /** null while it is killed on purpose, and when it has ended so. */
  get child(): Child | null {
    return this.#child;
  }

  get pods(): PodConfig[] {
    return this.plan.workloads.flatMap((workload) => workload.pods);
  }

  /** Starts the next incarnation. @throws HarnessError as the service reports it (PORT_TAKEN); CHILD_DIED with the end of its log */
  async start(): Promise<void> {
    this.#signal.throwIfAborted();
    const incarnation = String(this.#incarnation);
    this.#incarnation += 1;
    const fileName = this.plan.name.replaceAll(/[/#]/g, '.');
    const config: ServiceProcessConfig = {
      workloads: this.plan.workloads.map((workload) => ({
        ...workload,
        pods: workload.pods.map((pod) => ({ ...pod, incarnation })),
      })),
    };
    const configFile = join(this.#dir, 'config', `service.${fileName}.json`);
    await Promise.all(this.pods.map((pod) => mkdir(pod.journalDir, { recursive: true })));
    await writeFile(configFile, JSON.stringify(config, null, 2));
    const child = startChild({
      name: this.plan.name,
      file: process.execPath,
      args: nodeArgs(projectFile('sim-services/main.ts'), { semiSpaceMb: 2 }),
      env: nodeEnv({ MESHPROOF_SERVICE_CONFIG: configFile }),
      logFile: join(this.#dir, 'logs', `service.${fileName}.log`),
      ipc: true,
    });
    this.#child = child;
    try {
      await waitForMessage(child, (m) => ((m as { type?: string })?.type === 'ready' ? true : undefined), {
        what: `${this.plan.name} is ready`,
        deadlineMs: 20_000,
        hint: `its log is ${child.logFile}`,
        signal: this.#signal,
      });
    } catch (error) {
      throw (child.exit && serviceFailure(child)) ?? error;
    }
  }

  /** SIGKILL, as the kernel would; the journals stay. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    await child?.stop(0, 'SIGKILL');
  }

  /** Ends it in order, as when its pods are deleted: what is under way is answered, the journals are closed. */
  async end(graceMs: number): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#ended = true;
    await child?.stop(graceMs);
  }

  /** It has not been started, or has ended for good. */
  get isAway(): boolean {
    return this.#ended || this.#incarnation === 0;
  }

  async setOrigin(originEpochMs: number): Promise<void> {
    const body: OriginRequest = { originEpochMs };
    // It is the process' origin, so any of its pods may be told.
    await adminRequest(this.pods[0]!, ADMIN_PATHS.origin, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
  }

  /** Journals of all incarnations of its pods. */
  async journals(): Promise<string[]> {
    if (this.#ended) return Promise.all(this.pods.map((pod) => readJournalFiles(pod.journalDir)));
    if (this.isAway) return [];
    return Promise.all(this.pods.map((pod) => adminRequest(pod, ADMIN_PATHS.truth)));
  }

  /** The process' clock: now, as its stamps are taken. */
  async clock(): Promise<number> {
    const { nowEpochMs } = JSON.parse(await adminRequest(this.pods[0]!, ADMIN_PATHS.clock)) as { nowEpochMs: number };
    return nowEpochMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child?.stop(2000);
  }
}

async function adminRequest(pod: PodConfig, path: string, init?: RequestInit): Promise<string> {
  const url = `http://${pod.admin.host}:${pod.admin.port}${path}`;
  const hint = 'the service has died or is overloaded; see its log';
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    if (!response.ok)
      throw new HarnessError(
        'SERVICE_ADMIN',
        `${pod.pod}: ${path} answered ${response.status}: ${text.slice(0, 200)}`,
        { hint },
      );
    return text;
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause;
    throw new HarnessError(
      'SERVICE_ADMIN',
      `${pod.pod}: ${path} can't be read at ${url}: ${(cause as Error).message}`,
      { hint, cause },
    );
  }
}
