import { identityName } from '../../core/topology.ts';
import type { MeshConfig, MeshPodConfig } from '../contract.ts';
import type { ControlClient, ControlPlane } from '../telemetry/proxy-telemetry.ts';
import type { ProxyTelemetry } from '../telemetry/types.ts';

/** What a proxy asks of the control plane: its clients, where they lie, and who answers (facts, 1.8). */
export function controlPlaneOf(pod: MeshPodConfig, config: MeshConfig): ControlPlane {
  const { controlPlaneNamespace: namespace, trustDomain } = config;
  const client = (component: string, service: string, port: number): ControlClient => {
    if (pod.component === component)
      return { addr: `localhost:${port}`, tls: { tls: 'no_identity', reason: 'loopback' } };
    const serverId = identityName(`linkerd-${component}`, namespace, namespace, trustDomain);
    return { addr: `${service}.${namespace}.svc.${trustDomain}:${port}`, tls: { tls: 'true', serverId } };
  };
  return {
    kind: pod.component === null ? 'data-plane' : 'control-plane',
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

/** Watches that a proxy opens at start: the policies of its own ports. They stay open, so no response is counted. */
export function reportStartWatches(telemetry: ProxyTelemetry): void {
  telemetry.control('policy', { kind: 'connected' });
  for (let port = 0; port < 2; port++) openWatch(telemetry, 'policy');
  telemetry.control('destination', { kind: 'connected' });
}

/** Watches that a proxy opens when its app first calls a service: its profile, its endpoints, its outbound policy. */
export function reportServiceWatches(telemetry: ProxyTelemetry): void {
  openWatch(telemetry, 'policy');
  openWatch(telemetry, 'destination');
  openWatch(telemetry, 'destination');
}

function openWatch(telemetry: ProxyTelemetry, client: 'destination' | 'policy'): void {
  telemetry.control(client, { kind: 'request' });
  telemetry.control(client, { kind: 'latency', ms: 0 });
}
