import http, { type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { HarnessError } from '../core/errors.ts';
import type { MeshPodConfig } from './contract.ts';
import type { InboundTarget, ProxyTelemetry } from './telemetry/types.ts';

/** What the components tell about the mesh, read when a page is asked for. */
export interface ControlPlaneFacts {
  /** Pods that are ready, by service. */
  endpoints(): { namespace: string; service: string; pods: number }[];
  issuerTtlSeconds(): number;
  injectedPods: number;
}

type ComponentPort = MeshPodConfig['componentPorts'][number];

/**
 * The admin server of one container of a control-plane pod: `/metrics` with the families that linkerd-viz's job
 * `linkerd-controller` and Linkerd's dashboards look for (facts, section 4, last bullet), `/ready` and `/ping`. What reaches it
 * is counted by the pod's sidecar, through which it would pass in a cluster.
 */
export class ComponentServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #registry = new Registry();
  readonly #requests: Counter;
  readonly #sockets = new Set<Socket>();

  private constructor(pod: MeshPodConfig, port: ComponentPort, telemetry: ProxyTelemetry, facts: ControlPlaneFacts) {
    this.#requests = goFamilies(this.#registry);
    componentFamilies(this.#registry, port.container, facts);
    const target: InboundTarget = {
      ip: pod.ip,
      port: port.address.port,
      tls: { tls: 'no_identity', reason: 'no_tls_from_remote' },
      route: 'default',
    };
    const probe: InboundTarget = { ...target, route: 'probe' };
    this.#server = http.createServer(async (request, response) => {
      const path = new URL(request.url ?? '/', 'http://component').pathname;
      const exchange = telemetry.inboundExchange(path === '/metrics' ? target : probe, false, performance.now());
      exchange.dispatch(performance.now());
      exchange.requestEnd(performance.now());
      const answer = await this.#answer(path);
      const now = performance.now();
      exchange.head(answer.status, now);
      exchange.responseFrame(answer.body.length, now);
      exchange.complete(now);
      response.writeHead(answer.status, { 'content-type': answer.type });
      response.end(answer.body);
    });
    this.#server.on('connection', (socket) => {
      telemetry.inboundDetected(target.port, 'http/1', 0);
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws HarnessError PORT_TAKEN */
  static async start(
    pod: MeshPodConfig,
    port: ComponentPort,
    telemetry: ProxyTelemetry,
    facts: ControlPlaneFacts,
  ): Promise<ComponentServer> {
    const component = new ComponentServer(pod, port, telemetry, facts);
    const { host } = port.address;
    await new Promise<void>((resolve, reject) => {
      component.#server.once('error', (cause) => {
        const message = `admin port of ${pod.namespace}/${pod.name}, ${host}:${port.address.port}: ${cause.message}`;
        reject(new HarnessError('PORT_TAKEN', message, { hint: 'end what uses the address', cause }));
      });
      component.#server.listen(port.address.port, host, resolve);
    });
    return component;
  }

  get address(): AddressInfo {
    return this.#server.address() as AddressInfo;
  }

  async #answer(path: string): Promise<{ status: number; type: string; body: string }> {
    this.#requests.inc({ code: path === '/metrics' || path === '/ping' || path === '/ready' ? '200' : '404' });
    switch (path) {
      case '/metrics':
        return { status: 200, type: this.#registry.contentType, body: await this.#registry.metrics() };
      case '/ping':
        return { status: 200, type: 'text/plain; charset=utf-8', body: 'pong\n' };
      case '/ready':
        return { status: 200, type: 'text/plain; charset=utf-8', body: 'ok\n' };
      default:
        return { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Runtime families under the names that Go's client library gives them. @returns the counter of served requests */
function goFamilies(registry: Registry): Counter {
  const gauges: [string, string, () => number][] = [
    ['go_goroutines', 'Number of goroutines that currently exist.', () => process.getActiveResourcesInfo().length],
    ['go_threads', 'Number of OS threads created.', () => 8],
    ['go_memstats_alloc_bytes', 'Number of bytes allocated in heap and currently in use.', () => heap().heapUsed],
    ['go_memstats_heap_inuse_bytes', 'Number of heap bytes that are in use.', () => heap().heapTotal],
    ['go_memstats_sys_bytes', 'Number of bytes obtained from system.', () => heap().rss],
  ];
  for (const [name, help, read] of gauges) {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  }
  new Gauge({
    name: 'go_info',
    help: 'Information about the Go environment.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: 'go1.25.0' }, 1);
  new Histogram({
    name: 'go_gc_duration_seconds',
    help: 'A summary of the wall-time pause (stop-the-world) duration in garbage collection cycles.',
    registers: [registry],
  });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1000 });
  dropNodeFamilies(registry);
  const server = new Counter({
    name: 'http_server_requests_total',
    help: 'A counter for requests to the wrapped handler.',
    labelNames: ['code'],
    registers: [registry],
  });
  const buckets = [0.01, 0.05, 0.1, 0.5, 1, 5];
  new Histogram({
    name: 'http_server_request_latency_seconds',
    help: 'A histogram of latencies for requests in seconds.',
    buckets,
    registers: [registry],
  });
  new Histogram({
    name: 'http_server_response_size_bytes',
    help: 'A histogram of response sizes for requests.',
    buckets: [200, 500, 900, 1500],
    registers: [registry],
  });
  const client = { labelNames: ['client', 'code', 'method'], registers: [registry] };
  new Counter({
    name: 'http_client_requests_total',
    help: 'A counter for requests from the wrapped client.',
    ...client,
  }).inc({ client: 'k8s', code: '200', method: 'get' }, 0);
  new Counter({
    name: 'http_client_errors_total',
    help: 'A counter for errors from the wrapped client.',
    labelNames: ['client', 'method'],
    registers: [registry],
  });
  new Histogram({
    name: 'http_client_request_latency_seconds',
    help: 'A histogram of request latencies.',
    buckets,
    registers: [registry],
  });
  const limits: [string, string, number][] = [
    ['http_client_in_flight_requests', 'A gauge of in-flight requests for the wrapped client.', 0],
    ['http_client_qps', 'Max QPS used for the client config.', 100],
    ['http_client_burst', 'Burst used for the client config.', 200],
  ];
  for (const [name, help, value] of limits) {
    new Gauge({ name, help, labelNames: ['client'], registers: [registry] }).set({ client: 'k8s' }, value);
  }
  return server;
}

/** What only this kind of component tells. */
function componentFamilies(registry: Registry, container: string, facts: ControlPlaneFacts): void {
  const registers = [registry];
  if (container === 'destination') {
    new Gauge({
      name: 'endpoints_pods',
      help: 'A gauge for the current number of pods in a endpoints.',
      labelNames: ['cluster', 'namespace', 'service', 'port', 'hostname'],
      registers,
      collect() {
        for (const { namespace, service, pods } of facts.endpoints()) {
          this.set({ cluster: 'local', namespace, service, port: '80', hostname: '' }, pods);
        }
      },
    });
  }
  if (container === 'identity') {
    new Gauge({
      name: 'issuer_cert_ttl_seconds',
      help: 'The amount of time remaining before the issuer certificate expires',
      registers,
      collect() {
        this.set(facts.issuerTtlSeconds());
      },
    });
  }
  if (container === 'proxy-injector') {
    const labelNames = ['owner_kind', 'namespace'];
    const requests = new Counter({
      name: 'proxy_inject_admission_requests_total',
      help: 'A counter for number of admission requests to proxy injector.',
      labelNames,
      registers,
    });
    const responses = new Counter({
      name: 'proxy_inject_admission_responses_total',
      help: 'A counter for number of admission responses from proxy injector.',
      labelNames: [...labelNames, 'skip'],
      registers,
    });
    requests.inc({ owner_kind: 'deployment', namespace: '' }, facts.injectedPods);
    responses.inc({ owner_kind: 'deployment', namespace: '', skip: 'false' }, facts.injectedPods);
  }
}

/** prom-client's own defaults bring process_* (wanted) and nodejs_* (which no Go program has). */
function dropNodeFamilies(registry: Registry): void {
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith('nodejs_')) registry.removeSingleMetric(name);
}

function heap(): NodeJS.MemoryUsage {
  return process.memoryUsage();
}
