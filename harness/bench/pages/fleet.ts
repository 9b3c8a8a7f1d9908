import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHistogram, performance } from 'node:perf_hooks';
import { epochMs } from '../../core/clock.ts';
import { EXIT, HarnessError } from '../../core/errors.ts';
import { MOST_WORKLOADS } from './cast.ts';
import { DEFAULT_REPLICAS, Pages, type ProxyState } from './pages.ts';
import { type Random, seededRandom } from './random.ts';
import { type Listener, PageServer } from './server.ts';
import type { FleetChange, FleetConfig, GeneratorStatistics, PodInfo } from './types.ts';

const DEFAULT_AGE_SECONDS = 3600;
const CHURN_EVERY_MS = 500;

/** N proxies that answer from this process. */
export interface Fleet extends AsyncDisposable {
  pods(): PodInfo[];
  /** Told after pods have been replaced. Returns what ends it. */
  onChange(listener: (change: FleetChange) => void): () => void;
  statistics(): GeneratorStatistics;
}

/**
 * Resolves when every pod answers. Names, ages and which pods are replaced follow from the seed.
 * @throws HarnessError UNKNOWN_MESH_VERSION, BAD_SHAPE, BAD_FLEET, NO_LOOPBACK, TOO_MANY_LISTENERS
 */
export async function startFleet(config: FleetConfig): Promise<Fleet> {
  check(config);
  const fleet = new ServingFleet(config);
  try {
    await fleet.start();
    return fleet;
  } catch (error) {
    await fleet[Symbol.asyncDispose]();
    throw error;
  }
}

/** Room for pages that are under way: taken, given back, and taken again. */
class Buffers {
  readonly #free: Buffer<ArrayBuffer>[] = [];
  readonly #bytes: () => number;

  constructor(bytes: () => number) {
    this.#bytes = bytes;
  }

  take(): Buffer<ArrayBuffer> {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bytes());
  }

  give(buffer: Buffer<ArrayBuffer>): void {
    this.#free.push(buffer);
  }
}

interface Pod {
  info: PodInfo;
  workload: number;
  listener: Listener;
}

class ServingFleet implements Fleet {
  readonly #config: FleetConfig;
  readonly #pages: Pages;
  readonly #server = new PageServer();
  readonly #pods: Pod[] = [];
  readonly #listeners = new Set<(change: FleetChange) => void>();
  readonly #choice: Random;
  readonly #plain = new Buffers(() => this.#pages.maxBytes);
  readonly #zipped = new Buffers(() => this.#pages.maxBytesOfGzip);
  readonly #pageMicros = createHistogram();
  readonly #counts = { pages: 0, bytesRaw: 0, bytesOnWire: 0, replaced: 0 };
  #nextSerial = 0;
  #port = 0;
  #onePerPort: boolean;
  #churn: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(config: FleetConfig) {
    this.#config = config;
    this.#pages = new Pages(config);
    this.#choice = seededRandom(config.seed + 1);
    this.#onePerPort = config.addresses === 'ports' || (!config.addresses && process.platform !== 'linux');
  }

  async start(): Promise<void> {
    const { pods, ageSeconds = DEFAULT_AGE_SECONDS, churn = 0 } = this.#config;
    const ages = seededRandom(this.#config.seed + 2);
    while (this.#pods.length < pods) {
      this.#pods.push(await this.#pod(this.#pages.cast.workloadOf(this.#pods.length), ages() * ageSeconds));
    }
    if (churn > 0) this.#replaceAtRate((churn * pods) / 60_000);
  }

  pods(): PodInfo[] {
    return this.#pods.map(({ info }) => info);
  }

  onChange(listener: (change: FleetChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  statistics(): GeneratorStatistics {
    const { user, system } = process.cpuUsage();
    const times = this.#pageMicros;
    const pageMicros =
      times.count === 0 ? { p50: 0, p99: 0 } : { p50: times.percentile(50), p99: times.percentile(99) };
    times.reset();
    return {
      cpuSeconds: (user + system) / 1e6,
      samples: this.#counts.pages * this.#pages.samples,
      ...this.#counts,
      pageMicros,
      residentBytes: process.memoryUsage.rss(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    clearTimeout(this.#churn);
    await this.#server[Symbol.asyncDispose]();
  }

  async #pod(workload: number, ageSeconds: number): Promise<Pod> {
    const { cast } = this.#pages;
    for (;;) {
      const serial = this.#nextSerial++;
      const ip = cast.ip(serial);
      const proxy = this.#pages.proxy(workload, ip, epochMs() / 1000, ageSeconds);
      const listener = await this.#listen(ip, (request, response) => this.#answer(proxy, request, response));
      if (listener === null) continue;
      return { info: cast.pod(workload, serial, listener), workload, listener };
    }
  }

  /** All pods have one port, as real proxies do: one that is free at the first address. */
  async #listen(ip: string, answer: (request: IncomingMessage, response: ServerResponse) => void) {
    if (this.#onePerPort) return this.#server.listen('127.0.0.1', 0, answer);
    const listener = await this.#server.listen(ip, this.#port, answer);
    if (listener) this.#port = listener.port;
    return listener;
  }

  #answer(proxy: ProxyState, request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/metrics' && request.method === 'GET') this.#page(proxy, request, response);
    else {
      const probed = request.url === '/ready' || request.url === '/live';
      response.writeHead(probed ? 200 : 404).end(probed ? `${request.url?.slice(1)}\n` : '');
    }
  }

  #page(proxy: ProxyState, request: IncomingMessage, response: ServerResponse): void {
    const begun = performance.now();
    const headers = ['content-type', 'text/plain'];
    const plain = this.#plain.take();
    const page = plain.subarray(0, this.#pages.write(proxy, epochMs() / 1000, plain));
    let body = page;
    // What does not go into the socket at once is read from its buffer later.
    if (this.#config.gzip !== 'never' && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
      headers.unshift('content-encoding', 'gzip');
      const zipped = this.#zipped.take();
      body = zipped.subarray(0, this.#pages.compress(page, zipped));
      this.#plain.give(plain);
      response.once('close', () => this.#zipped.give(zipped));
    } else {
      response.once('close', () => this.#plain.give(plain));
    }
    response.writeHead(200, [...headers, 'content-length', String(body.length)]);
    response.end(body);
    this.#counts.pages++;
    this.#counts.bytesRaw += page.length;
    this.#counts.bytesOnWire += body.length;
    this.#pageMicros.record(Math.max(1, Math.round((performance.now() - begun) * 1000)));
  }

  #replaceAtRate(perMs: number): void {
    const begun = performance.now();
    let done = 0;
    const next = async () => {
      const due = Math.floor((performance.now() - begun) * perMs) - done;
      done += due;
      if (due > 0) await this.#replace(due);
      if (!this.#ended) this.#churn = setTimeout(next, CHURN_EVERY_MS);
    };
    this.#churn = setTimeout(next, CHURN_EVERY_MS);
  }

  async #replace(count: number): Promise<void> {
    const change: FleetChange = { removed: [], added: [] };
    for (let i = 0; i < count && !this.#ended; i++) {
      const at = Math.floor(this.#choice() * this.#pods.length);
      const old = this.#pods[at]!;
      old.listener.close();
      const pod = await this.#pod(old.workload, 0);
      if (this.#ended) return pod.listener.close();
      this.#pods[at] = pod;
      this.#counts.replaced++;
      change.removed.push(old.info);
      change.added.push(pod.info);
    }
    for (const listener of this.#listeners) listener(change);
  }
}

function check(config: FleetConfig): void {
  const {
    pods,
    replicas = DEFAULT_REPLICAS,
    churn = 0,
    errorShare = 0,
    requestsPerSecond = 0,
    ageSeconds = 0,
  } = config;
  const whole = (n: number) => Number.isInteger(n) && n >= 1;
  const share = (n: number) => n >= 0 && n <= 1;
  const problem = [
    !whole(pods) && `${pods} pods`,
    !whole(replicas) && `${replicas} replicas`,
    pods / replicas > MOST_WORKLOADS && `more than ${MOST_WORKLOADS} workloads of ${replicas} pods each`,
    !share(churn) && `a churn of ${churn}`,
    !share(errorShare) && `an error share of ${errorShare}`,
    !(requestsPerSecond >= 0) && `${requestsPerSecond} requests per second`,
    !(ageSeconds >= 0) && `an age of ${ageSeconds} s`,
  ].find((found) => found !== false);
  if (problem === undefined) return;
  throw new HarnessError('BAD_FLEET', `a fleet with ${problem}`, {
    hint: 'pods and replicas are 1 or more, shares 0 to 1',
    exitCode: EXIT.invalidInput,
  });
}
