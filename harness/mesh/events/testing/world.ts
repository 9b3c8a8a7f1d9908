import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NO_TIMEOUTS, type OutboundPolicy } from '../../../core/policy.ts';
import type { Address, MeshConfig, MeshPodConfig } from '../../contract.ts';
import { type Mesh, startMesh } from '../../mesh.ts';
import { meshConfig } from '../../proxy/testing/mesh-config.ts';
import { App } from './app.ts';
import { callGrpc, callHttp, callTcp, type HttpCall } from './callers.ts';
import type { WorldOptions } from './types.ts';

export const PLAIN_POLICY: OutboundPolicy = {
  opaque: false,
  routes: [],
  retry: null,
  timeouts: NO_TIMEOUTS,
  failureAccrual: null,
  profile: null,
};

const EGRESS_PORT = 4200;

export interface Pages {
  client: string;
  server: string;
}

/** Two pods with their sidecars in a mesh of their own: a client, and the app behind the Service `web`. */
export class World implements AsyncDisposable {
  readonly app: App;
  readonly #config: MeshConfig;
  readonly #dir: string;
  readonly #health: http.Server;
  readonly #protocol: NonNullable<WorldOptions['protocol']>;
  #mesh: Mesh | null = null;

  private constructor(config: MeshConfig, dir: string, options: WorldOptions) {
    this.#config = config;
    this.#dir = dir;
    this.#protocol = options.protocol ?? 'http';
    this.app = new App(this.#protocol);
    this.#health = http.createServer((_request, response) => response.end('ok'));
  }

  static async start(options: WorldOptions): Promise<World> {
    const dir = await mkdtemp(join(tmpdir(), 'meshproof-event-'));
    const world = new World(configOf(dir, options), dir, options);
    try {
      await world.#start(options);
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  get client(): MeshPodConfig {
    return this.#pod('load');
  }

  get server(): MeshPodConfig {
    return this.#pod('web');
  }

  /** Where the client's app dials `web` when no Host names it. */
  get dialled(): Address {
    return { host: this.client.ip, port: EGRESS_PORT };
  }

  http(path: string, options?: HttpCall): Promise<string> {
    return callHttp(this.client.outbound, path, options);
  }

  /** A client outside the mesh: straight to the server's pod. */
  unmeshed(path: string): Promise<string> {
    return callHttp(this.server.inbound, path);
  }

  /** A scrape of the server's proxy, from the client's address. */
  scrape(): Promise<string> {
    return callHttp(this.server.admin, '/metrics', { from: this.client.ip });
  }

  /** `leave`: the caller cancels when the app has the call, or at the first message. */
  grpc(path: string, leave?: 'when it has arrived' | 'first message'): Promise<string> {
    return callGrpc(this.client.outbound, path, leave === 'when it has arrived' ? this.arrived() : leave);
  }

  tcp(text: string): Promise<string> {
    return callTcp(this.dialled, text);
  }

  /** Resolves when the app has a request that it does not answer. */
  arrived(): Promise<void> {
    return this.app.asked();
  }

  /** Both pages, as Prometheus would get them. */
  async pages(): Promise<Pages> {
    const [client, server] = await Promise.all([readPage(this.client.admin), readPage(this.server.admin)]);
    return { client, server };
  }

  /** Both pages once `same` finds nothing more to happen: twice the same for long enough, or as expected. */
  async settledPages(view: (pages: Pages) => string, expected?: string): Promise<Pages> {
    let pages = await this.pages();
    let seen = view(pages);
    for (let same = 0; same < 6 && seen !== expected; ) {
      await sleep(50);
      pages = await this.pages();
      const now = view(pages);
      same = now === seen ? same + 1 : 0;
      seen = now;
    }
    return pages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mesh?.[Symbol.asyncDispose]();
    await this.app[Symbol.asyncDispose]().catch(() => {});
    this.#health.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  async #start(options: WorldOptions): Promise<void> {
    const { app } = this.server as { app: NonNullable<MeshPodConfig['app']> };
    await this.app.listen(app.address);
    if (app.probe) {
      const { host, port } = app.probe;
      await new Promise<void>((resolve) => this.#health.listen(port, host, resolve));
    }
    this.#mesh = await startMesh(this.#config);
    await this.#mesh.waitReady(20_000);
    if (options.warmUp !== 'none') await this.#warmUp();
  }

  async #warmUp(): Promise<void> {
    if (this.#protocol === 'http') await this.http('/200');
    else if (this.#protocol === 'grpc') await this.grpc('/code/0');
  }

  #pod(deployment: string): MeshPodConfig {
    return this.#config.pods.find((pod) => pod.deployment === deployment) as MeshPodConfig;
  }
}

function configOf(dir: string, options: WorldOptions): MeshConfig {
  const config = meshConfig(dir, ['web', 'nobody']);
  const [web, nobody] = config.services as [MeshConfig['services'][0], MeshConfig['services'][0]];
  web.policy = { ...PLAIN_POLICY, ...options.policy };
  nobody.pods = [];
  config.pods = config.pods.filter((pod) => pod.deployment !== 'nobody');
  for (const pod of config.pods) {
    if (pod.deployment === 'load') {
      const service = { namespace: web.namespace, name: web.name, port: web.port };
      pod.egressOf = [{ service, address: { host: pod.ip, port: EGRESS_PORT } }];
    } else if (pod.deployment === 'web' && pod.app) {
      const probe = { host: pod.ip, port: 8090 };
      pod.app = { ...pod.app, readyPath: '/ready', livePath: '/ready', probe };
      pod.inboundPolicy = options.inbound;
      pod.skipsInbound = options.skipsInbound;
    }
  }
  return config;
}

async function readPage({ host, port }: Address): Promise<string> {
  const response = await fetch(`http://${host}:${port}/metrics`);
  if (response.status !== 200) throw new Error(`the page of ${host} cannot be read: ${response.status}`);
  return response.text();
}
