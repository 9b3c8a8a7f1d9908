import http, { type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Counter, Registry } from 'prom-client';
import { HarnessError } from '../core/errors.ts';
import type { Address, MeshPodConfig } from './contract.ts';
import { type ControlPlaneFacts, componentFamilies, goFamilies } from './control-plane-families.ts';
import type { InboundTarget, ProxyTelemetry } from './telemetry/types.ts';

export { type ControlPlaneFacts, NO_FACTS } from './control-plane-families.ts';

export interface ComponentOptions {
  /** Name of the container: `destination`, `identity`, `proxy-injector`. */
  container: string;
  listen: Address;
  facts: ControlPlaneFacts;
  /** For messages: which pod's. */
  where?: string;
  /** What `/ready` says; default: ready. */
  isReady?(): boolean;
  /** Sees what passes, where the pod's sidecar is simulated in the same process. */
  observer?: ComponentObserver;
}

export interface ComponentObserver {
  connection(): void;
  /** A request has arrived. @returns to be called with its answer */
  request(path: string): (status: number, bytes: number) => void;
}

/**
 * The admin server of one container of a control-plane pod: `/metrics` with the families that linkerd-viz's job
 * `linkerd-controller` and Linkerd's dashboards look for (facts, section 4, last bullet), `/ready` and `/ping`.
 */
export class ComponentServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: ComponentOptions;
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #sockets = new Set<Socket>();

  private constructor(options: ComponentOptions) {
    this.#options = options;
    this.#requests = goFamilies(this.#registry);
    componentFamilies(this.#registry, options.container, options.facts);
    this.#server = http.createServer(async (request, response) => {
      const path = new URL(request.url ?? '/', 'http://component').pathname;
      const observed = options.observer?.request(path);
      const answer = await this.#answer(path);
      observed?.(answer.status, answer.body.length);
      response.writeHead(answer.status, { 'content-type': answer.type });
      response.end(answer.body);
    });
    this.#server.on('connection', (socket) => {
      options.observer?.connection();
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws HarnessError PORT_TAKEN */
  static async start(options: ComponentOptions): Promise<ComponentServer> {
    const component = new ComponentServer(options);
    const { host, port } = options.listen;
    await new Promise<void>((resolve, reject) => {
      component.#server.once('error', (cause) => {
        const message = `admin port of ${options.where ?? options.container}, ${host}:${port}: ${cause.message}`;
        reject(new HarnessError('PORT_TAKEN', message, { hint: 'end what uses the address', cause }));
      });
      component.#server.listen(port, host, resolve);
    });
    return component;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async #answer(path: string): Promise<{ status: number; type: string; body: string }> {
    const text = 'text/plain; charset=utf-8';
    const known = path === '/metrics' || path === '/ping' || path === '/ready';
    const unready = path === '/ready' && this.#options.isReady?.() === false;
    const status = known ? (unready ? 503 : 200) : 404;
    this.#requests.inc({ code: String(status) });
    switch (path) {
      case '/metrics':
        return { status, type: this.#registry.contentType, body: await this.#registry.metrics() };
      case '/ping':
        return { status, type: text, body: 'pong\n' };
      case '/ready':
        return { status, type: text, body: unready ? 'not ready\n' : 'ok\n' };
      default:
        return { status, type: text, body: '404 page not found\n' };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Counts what reaches a component as the inbound traffic of its pod's sidecar, through which it would pass in a cluster. */
export function countedBySidecar(
  pod: MeshPodConfig,
  port: MeshPodConfig['componentPorts'][number],
  telemetry: ProxyTelemetry,
): ComponentObserver {
  const target: InboundTarget = {
    ip: pod.ip,
    port: port.address.port,
    tls: { tls: 'no_identity', reason: 'no_tls_from_remote' },
    route: 'default',
  };
  const probe: InboundTarget = { ...target, route: 'probe' };
  return {
    connection: () => telemetry.inboundDetected(target.port, 'http/1', 0),
    request: (path) => {
      const exchange = telemetry.inboundExchange(path === '/metrics' ? target : probe, false, performance.now());
      exchange.dispatch(performance.now());
      exchange.requestEnd(performance.now());
      return (status, bytes) => {
        const now = performance.now();
        exchange.head(status, now);
        exchange.responseFrame(bytes, now);
        exchange.complete(now);
      };
    },
  };
}
