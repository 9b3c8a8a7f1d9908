import { identityName } from '../../core/topology.ts';
import type { ControlClient, ControlPlane } from '../telemetry/proxy-telemetry.ts';
import type { ProxyTelemetry } from '../telemetry/types.ts';
import type { MeshNames } from './peer.ts';

/** A server's answer that a watch has broken off: UNAVAILABLE. */
const UNAVAILABLE = '14';

/**
 * What a proxy asks of the control plane: its clients, where they lie, and who answers (facts, 1.8).
 * @param component the one that this proxy stands beside; null in any other pod
 */
export function controlPlaneOf(component: string | null, names: MeshNames): ControlPlane {
  const { controlPlaneNamespace: namespace, trustDomain } = names;
  const client = (of: string, service: string, port: number): ControlClient => {
    if (component === of) return { addr: `localhost:${port}`, tls: { tls: 'no_identity', reason: 'loopback' } };
    const serverId = identityName(`linkerd-${of}`, namespace, namespace, trustDomain);
    return { addr: `${service}.${namespace}.svc.${trustDomain}:${port}`, tls: { tls: 'true', serverId } };
  };
  return {
    kind: component === null ? 'data-plane' : 'control-plane',
    identity: client('identity', 'linkerd-identity-headless', 8080),
    destination: client('destination', 'linkerd-dst-headless', 8086),
    policy: client('destination', 'linkerd-policy', 8090),
  };
}

/** The proxy has asked identity for a certificate, and got it. */
export function reportCertified(telemetry: ProxyTelemetry, ms: number): void {
  telemetry.control('identity', { kind: 'connected' });
  telemetry.control('identity', { kind: 'request' });
  telemetry.control('identity', { kind: 'latency', ms });
  telemetry.control('identity', { kind: 'response', grpcStatus: '0' });
}

/** It has asked, and nobody answered. The certificate that it has stays; refreshes count those alone that were answered. */
export function reportNotCertified(telemetry: ProxyTelemetry): void {
  telemetry.control('identity', { kind: 'request' });
  telemetry.control('identity', { kind: 'error', error: 'unclassified' });
}

/** It has been given a certificate that it can't use: one that does not chain to its anchors. */
export function reportUnusable(telemetry: ProxyTelemetry, ms: number): void {
  reportCertified(telemetry, ms);
  telemetry.certificate('error', 0, 0);
}

/**
 * The watches that a proxy holds open with destination and policy. Each is a request whose response is counted when it
 * ends: not while all is well.
 */
export class ControlWatches {
  readonly #telemetry: ProxyTelemetry;
  readonly #open = { policy: 0, destination: 0 };
  /** Names by which this pod has been called. */
  readonly #names = new Set<string>();
  #connected = false;

  constructor(telemetry: ProxyTelemetry) {
    this.#telemetry = telemetry;
  }

  /** It lets go of them when its app has not called the service for a while. @param backends of which it knew the endpoints */
  idle(backends = 1): void {
    this.#drop('policy', 1);
    this.#drop('destination', 1 + backends);
  }

  /**
   * Those that a proxy opens at start: the policies of the pod's ports and of its own admin port.
   * @param ports how many the pod's containers declare, those included that are not redirected
   */
  atStart(ports: number): void {
    this.#connected = true;
    this.#telemetry.control('policy', { kind: 'connected' });
    this.#watch('policy', ports + 1);
    this.#telemetry.control('destination', { kind: 'connected' });
  }

  /** Those that it opens when its app first calls a service: its outbound policy, its profile, the endpoints of its backends. */
  forService(backends = 1): void {
    this.#watch('policy', 1);
    this.#watch('destination', 1 + backends);
  }

  /** The profile of a Service by whose name a peer calls this pod, asked for once. */
  calledAs(service: string): void {
    if (this.#names.has(service)) return;
    this.#names.add(service);
    this.#watch('destination', 1);
  }

  /** The control plane has gone, in the middle of each. What they told is kept. */
  lost(): void {
    if (!this.#connected) return;
    this.#connected = false;
    for (const client of ['policy', 'destination'] as const) {
      for (let i = 0; i < this.#open[client]; i++) {
        this.#telemetry.control(client, { kind: 'response', grpcStatus: UNAVAILABLE });
      }
    }
  }

  /** It is back: each is opened again. */
  restored(): void {
    if (this.#connected) return;
    this.#connected = true;
    const { policy, destination } = this.#open;
    Object.assign(this.#open, { policy: 0, destination: 0 });
    this.#watch('policy', policy);
    this.#watch('destination', destination);
  }

  #drop(client: 'destination' | 'policy', count: number): void {
    this.#open[client] -= count;
    if (!this.#connected) return;
    for (let i = 0; i < count; i++) this.#telemetry.control(client, { kind: 'response', grpcStatus: null });
  }

  /** Opened while the control plane is away, they count when it is back. */
  #watch(client: 'destination' | 'policy', count: number): void {
    this.#open[client] += count;
    if (!this.#connected) return;
    for (let i = 0; i < count; i++) {
      this.#telemetry.control(client, { kind: 'request' });
      this.#telemetry.control(client, { kind: 'latency', ms: 0 });
    }
  }
}
