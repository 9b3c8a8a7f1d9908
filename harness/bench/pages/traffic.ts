import { findProfile } from '../../mesh/profiles/index.ts';
import { createProxyTelemetry } from '../../mesh/telemetry/proxy-telemetry.ts';
import type {
  FullProxyTelemetry,
  InboundTarget,
  OutboundRouteRef,
  OutboundTarget,
  ServiceRef,
  TcpConnection,
} from '../../mesh/telemetry/types.ts';
import { NameTable } from './names.ts';
import type { PageShape } from './types.ts';

export const NAMESPACE = 'shop';
const APP_PORT = 8080;
const ADMIN_PORT = 4191;
/** Epoch of the telemetry's clock, and of its process' start. */
export const TEMPLATE_EPOCH_SECONDS = 1_700_000_000;
/** What the clock shows when a template is made: no request is older than the process. */
export const NOW_MS = 1000;
const IDENTITY_LIFETIME_SECONDS = 86_420;

/** What happens to a proxy again and again. */
export interface Source {
  kind: 'inbound' | 'outbound' | 'probe' | 'admin-probe' | 'scrape';
  /** Number within its kind. */
  index: number;
  /** Sources with one `like` do the same to the series of their names. */
  like: string;
  /** Names that tell its series from those of others like it. */
  names: string[];
  statuses: number[];
  run(status: number, latencyMs: number, bytes: number): void;
}

/** A proxy of a shape with placeholders for names, driven by exchanges as the data path would. */
export class Traffic {
  readonly names = new NameTable();
  readonly telemetry: FullProxyTelemetry;
  /** The pod's own address, and its workload's name. */
  readonly ownIp: string;
  readonly ownWorkload: string;
  readonly services: { workload: string; hash: string; clusterIp: string }[] = [];
  readonly endpoints: { service: number; ip: string; suffix: string }[] = [];
  readonly clients: string[] = [];
  readonly sources: Source[] = [];
  readonly shape: PageShape;
  nowMs = NOW_MS;

  constructor(shape: PageShape) {
    this.shape = shape;
    this.ownIp = this.names.add('ip');
    this.ownWorkload = this.names.add('workload');
    this.telemetry = createProxyTelemetry({
      profile: findProfile(shape.version),
      defaultPolicy: 'all-unauthenticated',
      controlPlane: CONTROL_PLANE,
      process: { startEpochSeconds: TEMPLATE_EPOCH_SECONDS, read: () => this.#process() },
      nowMs: () => this.nowMs,
      timeOriginMs: TEMPLATE_EPOCH_SECONDS * 1000,
    });
    this.#started();
    this.#inbound();
    this.#outbound();
    for (const source of this.sources) for (const status of source.statuses) source.run(status, 2.1, 180);
  }

  render(): string {
    return this.telemetry.render(this.nowMs);
  }

  #process() {
    const uptime = this.nowMs / 1000;
    return {
      cpuSeconds: 0.006 * uptime,
      virtualMemoryBytes: 115_286_016,
      residentMemoryBytes: 24_657_920,
      openFds: 22 + this.shape.edges + this.shape.clients,
      maxFds: 1_048_576,
      threads: 2,
    };
  }

  /** Certificate and control plane, as a proxy has them before it serves (facts, section 1.8). */
  #started(): void {
    const { telemetry } = this;
    for (const [client, times] of [
      ['identity', 1],
      ['destination', this.shape.services + 1],
      ['policy', this.shape.services + 2],
    ] as const) {
      telemetry.control(client, { kind: 'connected' });
      for (let i = 0; i < times; i++) {
        telemetry.control(client, { kind: 'request' });
        telemetry.control(client, { kind: 'latency', ms: client === 'identity' ? 210 : 1 + i });
      }
    }
    telemetry.control('identity', { kind: 'response', grpcStatus: '0' });
    telemetry.certificate('ok', TEMPLATE_EPOCH_SECONDS + IDENTITY_LIFETIME_SECONDS, TEMPLATE_EPOCH_SECONDS);
    for (const port of [APP_PORT, ADMIN_PORT]) telemetry.inboundDetected(port, 'http/1', 0.000082);
  }

  #inbound(): void {
    const { telemetry } = this;
    const authority = `${this.ownWorkload}.${NAMESPACE}.svc.cluster.local`;
    const app = telemetry.inboundDstTcp();
    const add = (kind: Source['kind'], target: InboundTarget, names: string[], statuses: number[]) => {
      const source = telemetry.inboundSrcTcp(target.ip, target.port, target.tls);
      this.#source(kind, names, statuses, (status, latencyMs, bytes) => {
        this.#exchange(
          [telemetry.inboundExchange(target, true, this.#began(latencyMs), kind === 'inbound' ? authority : undefined)],
          status,
          latencyMs,
          bytes,
        );
        transferred([source, ...(target.port === APP_PORT ? [app] : [])], bytes);
      });
    };
    for (let i = 0; i < this.shape.clients; i++) {
      const workload = this.names.add('workload');
      this.clients.push(workload);
      const clientId = identity(workload, NAMESPACE);
      const target: InboundTarget = {
        ip: this.ownIp,
        port: APP_PORT,
        tls: { tls: 'true', clientId },
        route: 'default',
      };
      telemetry.transportHeader('http/2', APP_PORT, clientId);
      add('inbound', target, [workload], this.#statuses(this.shape.edges + i));
    }
    const tls = { tls: 'no_identity', reason: 'no_tls_from_remote' } as const;
    add('probe', { ip: this.ownIp, port: APP_PORT, tls, route: 'probe' }, [], [200]);
    add('admin-probe', { ip: '0.0.0.0', port: ADMIN_PORT, tls, route: 'probe' }, [], [200]);
    add('scrape', { ip: '0.0.0.0', port: ADMIN_PORT, tls, route: 'default' }, [], [200]);
  }

  #outbound(): void {
    const { telemetry, shape } = this;
    for (let i = 0; i < shape.services; i++) {
      const names = {
        workload: this.names.add('workload'),
        hash: this.names.add('hash'),
        clusterIp: this.names.add('clusterIp'),
      };
      this.services.push(names);
      const service: ServiceRef = {
        namespace: NAMESPACE,
        name: names.workload,
        port: 80,
        clusterIp: names.clusterIp,
      };
      // Those of the last service are what remains.
      const size =
        Math.floor(((i + 1) * shape.edges) / shape.services) - Math.floor((i * shape.edges) / shape.services);
      telemetry.balancerEndpoints(service, { ready: size, pending: 0, added: size, removed: 0 });
      telemetry.outboundDetected(service, 'http/1', 0.00011);
      const source = telemetry.outboundSrcTcp(names.clusterIp, 80);
      const routes = routesOf(names.workload, shape.routes);
      for (let j = 0; j < size; j++) {
        const endpoint = { service: i, ip: this.names.add('ip'), suffix: this.names.add('suffix') };
        this.endpoints.push(endpoint);
        this.#endpoint(service, names, endpoint, routes, source);
      }
    }
  }

  #endpoint(
    service: ServiceRef,
    names: { workload: string; hash: string; clusterIp: string },
    endpoint: { ip: string; suffix: string },
    routes: (OutboundRouteRef | undefined)[],
    source: TcpConnection,
  ): void {
    const { telemetry } = this;
    const authority = `${names.workload}.${NAMESPACE}.svc.cluster.local`;
    const target: OutboundTarget = {
      authority,
      ip: endpoint.ip,
      port: APP_PORT,
      tls: { tls: 'true', serverId: identity(names.workload, NAMESPACE) },
      dst: [
        ['dst_control_plane_ns', 'linkerd'],
        ['dst_deployment', names.workload],
        ['dst_namespace', NAMESPACE],
        ['dst_pod', `${names.workload}-${names.hash}-${endpoint.suffix}`],
        ['dst_pod_template_hash', names.hash],
        ['dst_service', names.workload],
        ['dst_serviceaccount', names.workload],
        ['dst_zone', ''],
        ['dst_zone_locality', 'unknown'],
      ],
    };
    const connection = telemetry.outboundDstTcp(target);
    const own = [names.workload, names.hash, names.clusterIp, endpoint.ip, endpoint.suffix];
    const statuses = this.#statuses(this.endpoints.length - 1);
    const sent = routes.map((route) => (status: number, latencyMs: number, bytes: number) => {
      const began = this.#began(latencyMs);
      telemetry.balancerQueued(service, 0.000012 * (1 + latencyMs));
      this.#exchange(
        [
          telemetry.outboundRoute(service, true, began, route, true, authority),
          telemetry.outboundBackend(service, true, began, route),
          telemetry.outboundEndpoint(service, target, true, began, true),
        ],
        status,
        latencyMs,
        bytes,
      );
      transferred([connection, source], bytes);
    });
    for (const [route, run] of sent.entries()) this.#source('outbound', own, statuses, run, `outbound ${route}`);
  }

  #source(kind: Source['kind'], names: string[], statuses: number[], run: Source['run'], like: string = kind): void {
    const index = this.sources.filter((source) => source.kind === kind).length;
    this.sources.push({ kind, index, like, names, statuses, run });
  }

  #statuses(labelSet: number): number[] {
    return labelSet < this.shape.thirdStatuses ? [200, 503, 404] : [200, 503];
  }

  #began(latencyMs: number): number {
    return this.nowMs - latencyMs - 0.3;
  }

  /** One request through these layers, from the outermost inwards, ending now. */
  #exchange(
    layers: ReturnType<FullProxyTelemetry['inboundExchange']>[],
    status: number,
    latencyMs: number,
    bytes: number,
  ): void {
    const began = this.#began(latencyMs);
    for (const layer of layers) {
      layer.dispatch(began);
      layer.requestFrame(bytes >> 1, began);
      layer.requestEnd(began);
    }
    for (const layer of layers.toReversed()) {
      layer.head(status, began + latencyMs);
      layer.responseFrame(bytes, began + latencyMs);
      layer.complete(began + latencyMs + 0.2);
    }
  }
}

/** What goes each way with headers. */
function transferred(connections: readonly TcpConnection[], bytes: number): void {
  for (const connection of connections) {
    connection.read((bytes >> 1) + 130);
    connection.write(bytes + 95);
  }
}

/** undefined: the default route. */
function routesOf(workload: string, count: number): (OutboundRouteRef | undefined)[] {
  if (count <= 1) return [undefined];
  return Array.from({ length: count }, (_, i) => ({
    ref: {
      group: 'gateway.networking.k8s.io',
      kind: 'HTTPRoute',
      namespace: NAMESPACE,
      name: `${workload}-route-${i}`,
    },
    grpc: false,
  }));
}

function identity(serviceAccount: string, namespace: string): string {
  return `${serviceAccount}.${namespace}.serviceaccount.identity.linkerd.cluster.local`;
}

const control = (addr: string, account: string) => ({
  addr,
  tls: { tls: 'true' as const, serverId: identity(account, 'linkerd') },
});
const CONTROL_PLANE = {
  kind: 'data-plane' as const,
  identity: control('linkerd-identity-headless.linkerd.svc.cluster.local:8080', 'linkerd-identity'),
  destination: control('linkerd-dst-headless.linkerd.svc.cluster.local:8086', 'linkerd-destination'),
  policy: control('linkerd-policy.linkerd.svc.cluster.local:8090', 'linkerd-destination'),
};
