import { parsePage } from '../../../core/page-parser.ts';
import { findProfile, type VersionProfile } from '../../profiles/index.ts';
import {
  type ControlPlane,
  createProxyTelemetry,
  type ProcessReading,
  type TelemetryOptions,
} from '../proxy-telemetry.ts';
import type {
  BackendRef,
  FullProxyTelemetry,
  InboundTarget,
  InboundTargetPolicy,
  OutboundRouteRef,
  OutboundTarget,
  ServiceRef,
} from '../types.ts';

const identity = (name: string) => `${name}.serviceaccount.identity.linkerd.cluster.local`;
const meshed = (name: string) => ({ tls: 'true' as const, serverId: identity(name) });

export const CONTROL_PLANE: ControlPlane = {
  kind: 'data-plane',
  identity: {
    addr: 'linkerd-identity-headless.linkerd.svc.cluster.local:8080',
    tls: meshed('linkerd-identity.linkerd'),
  },
  destination: {
    addr: 'linkerd-dst-headless.linkerd.svc.cluster.local:8086',
    tls: meshed('linkerd-destination.linkerd'),
  },
  policy: { addr: 'linkerd-policy.linkerd.svc.cluster.local:8090', tls: meshed('linkerd-destination.linkerd') },
};

export const PROCESS: ProcessReading = {
  cpuSeconds: 1.5,
  virtualMemoryBytes: 115286016,
  residentMemoryBytes: 24657920,
  openFds: 26,
  maxFds: 20000,
  threads: 2,
};

export const WEB: ServiceRef = { namespace: 'shop', name: 'web', port: 80, clusterIp: '10.96.1.1' };
export const FROM_CLIENT: InboundTarget = {
  ip: '10.244.0.7',
  port: 8080,
  tls: { tls: 'true', clientId: identity('client.shop') },
  route: 'default',
};
export const PROBE: InboundTarget = {
  ip: '10.244.0.7',
  port: 8080,
  tls: { tls: 'no_identity', reason: 'no_tls_from_remote' },
  route: 'probe',
};
export const SCRAPE: InboundTarget = {
  ip: '0.0.0.0',
  port: 4191,
  tls: { tls: 'no_identity', reason: 'no_tls_from_remote' },
  route: 'default',
};
export const WEB_POD: OutboundTarget = {
  authority: 'web.shop.svc.cluster.local',
  ip: '10.244.0.7',
  port: 8080,
  tls: meshed('web.shop'),
  dst: [
    ['dst_deployment', 'web'],
    ['dst_namespace', 'shop'],
    ['dst_zone_locality', 'local'],
  ],
};

/** A backend of a route of `web`. */
export const CANARY: BackendRef = { namespace: 'shop', name: 'canary', port: 80, clusterIp: '10.96.1.2', parent: WEB };
export const HTTP_ROUTE: OutboundRouteRef = {
  ref: { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'shop', name: 'split' },
  grpc: false,
};
export const GRPC_ROUTE: OutboundRouteRef = {
  ref: { group: 'gateway.networking.k8s.io', kind: 'GRPCRoute', namespace: 'shop', name: 'calls' },
  grpc: true,
};
/** A Server with a route and an authorization of their own. */
export const ON_SERVER: InboundTargetPolicy = {
  server: { group: 'policy.linkerd.io', kind: 'server', namespace: 'shop', name: 'web-http' },
  route: { group: 'policy.linkerd.io', kind: 'HTTPRoute', namespace: 'shop', name: 'reads' },
  authz: { group: 'policy.linkerd.io', kind: 'authorizationpolicy', namespace: 'shop', name: 'only-client' },
  grpc: false,
};
export const TO_SERVER: InboundTarget = { ...FROM_CLIENT, policy: ON_SERVER };
export const TO_GRPC_SERVER: InboundTarget = { ...FROM_CLIENT, policy: { ...ON_SERVER, grpc: true } };

/** A telemetry with a clock of its own, and the page as numbers. */
export class Sim {
  nowMs = 0;
  readonly telemetry: FullProxyTelemetry;

  constructor(
    profile: VersionProfile = findProfile('v2.366.0'),
    process: ProcessReading = PROCESS,
    more: Pick<TelemetryOptions, 'retainIdleMs'> = {},
  ) {
    this.telemetry = createProxyTelemetry({
      ...more,
      profile,
      defaultPolicy: 'all-unauthenticated',
      controlPlane: CONTROL_PLANE,
      process: { startEpochSeconds: 1_700_000_000, read: () => process },
      nowMs: () => this.nowMs,
      timeOriginMs: 1_700_000_000_000,
    });
  }

  render(): string {
    return this.telemetry.render(this.nowMs);
  }

  /** Series whose name begins with `prefix`, as `name{label="value",...}` with the labels named, and their values. */
  read(prefix: string, ...labels: string[]): Record<string, number> {
    const found: Record<string, number> = {};
    for (const sample of parsePage(this.render()).samples) {
      if (!sample.name.startsWith(prefix)) continue;
      const shown = labels.filter((name) => name in sample.labels).map((name) => `${name}="${sample.labels[name]}"`);
      const key = `${sample.name}${shown.length > 0 ? `{${shown.join(',')}}` : ''}`;
      found[key] = (found[key] ?? 0) + sample.value;
    }
    return found;
  }
}
