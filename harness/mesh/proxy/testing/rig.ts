import { randomInt } from 'node:crypto';
import type { RequestListener } from 'node:http';
import type { Server, Socket } from 'node:net';
import { type InboundPolicy, NO_TIMEOUTS, type OutboundPolicy } from '../../../core/policy.ts';
import type { MeshPodConfig } from '../../contract.ts';
import { IdentityAuthority } from '../../identity/authority.ts';
import { type RefreshPolicy, WorkloadCredentials } from '../../identity/credentials.ts';
import type { FullProxyTelemetry } from '../../telemetry/types.ts';
import { ControlWatches } from '../control-clients.ts';
import { Discovery, podKey } from '../discovery.ts';
import { peerOf } from '../peer.ts';
import { seededRandom } from '../random.ts';
import { Sidecar } from '../sidecar.ts';
import { TcpMeter } from '../tcp-meter.ts';
import { appServer } from './app-server.ts';
import { type Log, recordingTelemetry } from './recorder.ts';

export interface RigOptions {
  /** Service name to the handlers of its replicas; null: nothing listens on the app's port. */
  services: Record<string, (RequestListener | null)[]>;
  refresh?: RefreshPolicy;
  lifetimeMs?: number;
  /** Certificates of these services' pods come from another trust anchor. */
  strangers?: string[];
  telemetry?: (pod: string) => FullProxyTelemetry;
  /** What the pods of a service (or `load`) let in. */
  inboundPolicy?: Record<string, InboundPolicy>;
  /** Policies of services. */
  policy?: Record<string, Partial<OutboundPolicy>>;
}

const NO_POLICY: OutboundPolicy = {
  opaque: false,
  routes: [],
  retry: null,
  timeouts: NO_TIMEOUTS,
  failureAccrual: null,
  profile: null,
};

const NAMES = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };

/**
 * Real sidecars and small apps on loopback addresses of their own, with a load pod in front. `log` has every event of
 * telemetry in order; apps and callers may write into it too.
 */
export class Rig implements AsyncDisposable {
  readonly log: Log = [];
  readonly pods = new Map<string, MeshPodConfig>();
  readonly sidecars = new Map<string, Sidecar>();
  readonly credentials = new Map<string, WorkloadCredentials>();
  readonly discovery: Discovery;
  readonly #options: RigOptions;
  readonly #apps: { server: Server; sockets: Set<Socket> }[] = [];
  readonly #prefix = `127.${randomInt(10, 250)}.${randomInt(10, 250)}`;
  readonly #authority: IdentityAuthority;
  readonly #stranger: IdentityAuthority;

  private constructor(options: RigOptions) {
    this.#options = options;
    const names = { ...NAMES, clockSkewMs: 20_000 };
    const lifetime = options.lifetimeMs === undefined ? {} : { lifetimeMs: options.lifetimeMs, clockSkewMs: 0 };
    this.#authority = new IdentityAuthority({ ...names, ...lifetime });
    this.#stranger = new IdentityAuthority({ ...names, ...lifetime });
    this.#addPod('load', 'load', false);
    for (const [service, handlers] of Object.entries(options.services)) {
      for (const replica of handlers.keys()) this.#addPod(service, `${service}-${replica}`, true);
    }
    const services = Object.keys(options.services).map((name, index) => ({
      namespace: 'shop',
      name,
      clusterIp: `10.96.0.${index + 1}`,
      port: 80,
      targetPort: 8080,
      pods: [...this.pods.keys()].filter((pod) => pod.startsWith(`${name}-`)),
      ...(options.policy?.[name] && { policy: { ...NO_POLICY, ...options.policy[name] } }),
    }));
    this.discovery = new Discovery(services, [...this.pods.values()].map(peerOf), NAMES.trustDomain);
  }

  static async start(options: RigOptions): Promise<Rig> {
    const rig = new Rig(options);
    for (const [service, handlers] of Object.entries(options.services)) {
      for (const [replica, handler] of handlers.entries()) {
        if (handler) await rig.serve(`${service}-${replica}`, handler);
      }
    }
    for (const name of rig.pods.keys()) await rig.startPod(name);
    return rig;
  }

  /** `host:port` of a pod's outbound listener. */
  outbound(pod = 'load'): { host: string; port: number } {
    return this.pods.get(pod)!.outbound;
  }

  /** What a pod's telemetry has said, without connections, in order. */
  events(pod: string, layer?: string): string[] {
    const start = layer ? `${pod} ${layer} ` : `${pod} `;
    return this.log.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
  }

  async serve(pod: string, handler: RequestListener): Promise<void> {
    const sockets = new Set<Socket>();
    const server = appServer(handler);
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    const { address } = this.pods.get(pod)!.app!;
    await new Promise<void>((resolve) => server.listen(address.port, address.host, resolve));
    this.#apps.push({ server, sockets });
  }

  async startPod(name: string): Promise<void> {
    const pod = this.pods.get(name)!;
    const authority = this.#options.strangers?.includes(pod.deployment) ? this.#stranger : this.#authority;
    const credentials = WorkloadCredentials.issuedBy(authority, pod, this.#options.refresh);
    const telemetry = this.#options.telemetry?.(name) ?? recordingTelemetry(this.log, name);
    const sidecar = await Sidecar.start({
      pod,
      credentials,
      telemetry,
      meter: new TcpMeter(),
      discovery: this.discovery,
      watches: new ControlWatches(telemetry),
      names: NAMES,
      env: { NAME: name },
      random: seededRandom(name),
    });
    this.sidecars.set(name, sidecar);
    this.credentials.set(name, credentials);
    if (pod.app) this.discovery.setReady(podKey(pod), true);
  }

  /** Ends a sidecar as SIGKILL would; discovery is not told. */
  async killPod(name: string): Promise<void> {
    await this.sidecars.get(name)?.kill();
    this.sidecars.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.sidecars.keys()]) await this.killPod(name);
    for (const { server, sockets } of this.#apps) {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    }
  }

  #addPod(deployment: string, name: string, app: boolean): void {
    const ip = `${this.#prefix}.${this.pods.size + 1}`;
    this.pods.set(name, {
      namespace: 'shop',
      name,
      uid: name,
      deployment,
      serviceAccount: deployment,
      podTemplateHash: 'abc',
      labels: {},
      ip,
      inbound: { host: ip, port: 4143 },
      outbound: { host: ip, port: 4140 },
      admin: { host: ip, port: 4191 },
      app: app
        ? { address: { host: ip, port: 8080 }, labelPort: 8080, readyPath: '/readyz', livePath: '/healthz' }
        : null,
      component: null,
      componentPorts: [],
      inboundPolicy: this.#options.inboundPolicy?.[deployment],
    });
  }
}
