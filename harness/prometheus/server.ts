import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, HarnessError } from '../core/errors.ts';
import { childDied } from '../core/process.ts';
import { type ResolvedTool, startTool, type ToolProcess } from '../core/tool.ts';
import { waitFor } from '../core/wait.ts';
import { PrometheusClient } from './client.ts';
import { rulesRefused } from './rule-file.ts';

export interface PrometheusOptions {
  tool: Pick<ResolvedTool, 'path' | 'start'>;
  configFile: string;
  /** Made when it does not exist. */
  dataDir: string;
  /** A loopback address and a free port. Prometheus can't choose one: its configuration names it, to scrape itself. */
  listen: { host: string; port: number };
  logFile: string;
  /** Further arguments. */
  args?: readonly string[];
  /** Discovered targets are taken over as often as Prometheus does by itself, each five seconds. Default: each second. */
  discoveryAsShipped?: boolean;
  /** Default 30 s. */
  readyDeadlineMs?: number;
  signal?: AbortSignal;
}

/** A running Prometheus. */
export interface PrometheusServer extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  readonly client: PrometheusClient;
  readonly child: ToolProcess;
  /** @throws HarnessError CHILD_DIED when it has ended without being asked to */
  check(): void;
  /**
   * Takes over what the configuration file says now; it must have been started with `--web.enable-lifecycle`.
   * @throws HarnessError PROMETHEUS_RELOAD with its own words
   */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

/** With it a running Prometheus can be told to read its configuration again. */
export const LIFECYCLE_ARG = '--web.enable-lifecycle';

/** Of one that did not start; 2.x says a good deal more after what it ends for. */
const LOG_LINES = 60;

/**
 * Starts Prometheus and waits until it serves.
 * @throws HarnessError PORT_TAKEN, DATA_DIR_NOT_WRITABLE, RULES_REFUSED, CHILD_DIED (with the end of its log); DeadlineExceededError
 */
export async function startPrometheus(options: PrometheusOptions): Promise<PrometheusServer> {
  const { host, port } = options.listen;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  await checkFree(host, port, address);
  await makeDataDir(options.dataDir);
  const child = await startTool(options.tool, {
    name: 'prometheus',
    args: [
      ...prometheusArgs(options.configFile, options.dataDir, address, options.discoveryAsShipped),
      ...(options.args ?? []),
    ],
    logFile: options.logFile,
    whenWeDie: 'SIGTERM',
  });
  const client = new PrometheusClient(`http://${address}`);
  try {
    await waitUntilReady(child, client, address, options);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return new StartedPrometheus(child, client);
}

/** The command line, the program's name aside. */
export function prometheusArgs(
  configFile: string,
  dataDir: string,
  address: string,
  discoveryAsShipped = false,
): string[] {
  return [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${dataDir}`,
    `--web.listen-address=${address}`,
    // Hidden. Discovered targets are taken over each second rather than each five seconds.
    ...(discoveryAsShipped ? [] : ['--scrape.discovery-reload-interval=1s']),
  ];
}

class StartedPrometheus implements PrometheusServer {
  readonly child: ToolProcess;
  readonly client: PrometheusClient;
  #stopping = false;

  constructor(child: ToolProcess, client: PrometheusClient) {
    this.child = child;
    this.client = client;
  }

  get url(): string {
    return this.client.url;
  }

  check(): void {
    if (this.child.exit && !this.#stopping) throw childDied(this.child);
  }

  async reload(): Promise<void> {
    const problem = await reloadProblem(`${this.url}/-/reload`);
    if (problem === null) return;
    throw new HarnessError('PROMETHEUS_RELOAD', `Prometheus does not take over its configuration: ${problem}`, {
      hint: `its log is ${this.child.logFile}`,
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.child.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** null: it has taken it over. */
async function reloadProblem(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { method: 'POST', signal: AbortSignal.timeout(10_000) });
    const text = (await response.text()).trim();
    return response.ok ? null : `${response.status} ${text}`;
  } catch (error) {
    return describe(error);
  }
}

async function waitUntilReady(
  child: ToolProcess,
  client: PrometheusClient,
  address: string,
  options: PrometheusOptions,
): Promise<void> {
  const outcome = await waitFor(
    async (seen) => {
      if (child.exit) return 'died';
      if (await client.ready()) return 'ready';
      seen(child.tail(1) || 'nothing in its log');
      return undefined;
    },
    {
      what: 'Prometheus is ready',
      deadlineMs: options.readyDeadlineMs ?? 30_000,
      everyMs: 25,
      hint: `its log is ${child.logFile}`,
      signal: options.signal,
    },
  );
  if (outcome === 'ready') return;
  const log = child.tail(LOG_LINES);
  if (/address already in use/.test(log)) throw portTaken(address, childDied(child));
  throw rulesRefused(log, `its log is ${child.logFile}`) ?? childDied(child);
}

/** Without this check, whoever has the port already would answer in the place of ours. */
async function checkFree(host: string, port: number, address: string): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch (cause) {
    throw portTaken(address, cause);
  } finally {
    await new Promise((resolve) => probe.close(resolve));
  }
}

function portTaken(address: string, cause: unknown): HarnessError {
  return new HarnessError('PORT_TAKEN', `Prometheus can't listen on ${address}: ${describe(cause).split('\n')[0]}`, {
    hint: 'end what listens there, or use another address',
    cause,
  });
}

async function makeDataDir(dir: string): Promise<void> {
  try {
    await mkdir(dir, { recursive: true });
  } catch (cause) {
    throw new HarnessError('DATA_DIR_NOT_WRITABLE', `Prometheus' data folder can't be made: ${describe(cause)}`, {
      hint: 'check that the folder exists, can be written, and has space',
      cause,
    });
  }
}
