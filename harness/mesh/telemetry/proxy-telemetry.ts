import type { DefaultPolicy } from '../../core/policy.ts';
import type { VersionProfile } from '../profiles/index.ts';
import { Balancer } from './balancer.ts';
import { Control, type ControlPlane } from './control.ts';
import { Detection } from './detect.ts';
import { seconds } from './exchange.ts';
import { Inbound } from './inbound.ts';
import {
  backendKey,
  defaultRoute,
  defaultServer,
  inboundKey,
  OutboundNames,
  outboundLabels,
  serverLabels,
} from './labels.ts';
import { Outbound } from './outbound.ts';
import { Page } from './page.ts';
import { countRetry, InboundPolicy, OutboundOpaque } from './policy-events.ts';
import { ProfileRoutes } from './profile-routes.ts';
import { RequestStore } from './request-sets.ts';
import { Certificate, type ProcessInfo, Runtime } from './runtime.ts';
import { Stacks } from './stack.ts';
import { Tcp } from './tcp.ts';
import type { BackendRef, FullProxyTelemetry } from './types.ts';

export type { ControlClient, ControlPlane } from './control.ts';
export type { ProcessInfo, ProcessReading } from './runtime.ts';

export interface TelemetryOptions {
  profile: VersionProfile;
  process: ProcessInfo;
  controlPlane: ControlPlane;
  /** Default inbound policy: name of the default server and of its authorization. */
  defaultPolicy: DefaultPolicy;
  /** How long series rest before they are dropped, ms; asked at each rendering. Absent, or undefined: the profile's. */
  retainIdleMs?: () => number | undefined;
  /** Domain in the names of the opaque balancers; `cluster.local` unless given. */
  clusterDomain?: string;
  /** The clock of `nowMs` everywhere; performance.now() unless given. */
  nowMs?: () => number;
  /** Epoch milliseconds at which that clock reads zero; performance.timeOrigin unless given. */
  timeOriginMs?: number;
}

/**
 * Telemetry of one incarnation of one sidecar: counts what the data path reports at the proxy's own moments (facts,
 * section 2) and renders the page of `profile`. The caller reuses its target objects; they are the cache's keys.
 */
export function createProxyTelemetry(options: TelemetryOptions): FullProxyTelemetry {
  const { profile, defaultPolicy: policy } = options;
  const now = options.nowMs ?? (() => performance.now());
  const timeOriginMs = options.timeOriginMs ?? performance.timeOrigin;
  const epochSeconds = (nowMs: number) => Math.round((timeOriginMs + nowMs) * 1e3) / 1e6;
  /** Start of the process on the clock of `nowMs`. */
  const startMs = options.process.startEpochSeconds * 1000 - timeOriginMs;

  const page = new Page(profile);
  const store = new RequestStore(page, '');
  const stacks = new Stacks(page);
  const tcp = new Tcp(page, { now, policy });
  const runtime = new Runtime(page, profile, options.process);
  const certificate = new Certificate(page);
  const control = new Control(page, {
    controlPlane: options.controlPlane,
    timeoutSeconds: profile.failfastSeconds.control,
    startEpochSeconds: options.process.startEpochSeconds,
    nowMs: now(),
  });
  const inbound = new Inbound(page, {
    store,
    stack: stacks.get('inbound', 'http', 'logical'),
    policy,
    inboundPort: profile.inboundPort,
    connections: (target) => tcp.inboundSrcSet(target.ip, target.port, target.tls, target.policy?.server),
  });
  const names = new OutboundNames();
  const outbound = new Outbound(page, {
    store,
    balance: stacks.get('outbound', 'http', 'balance'),
    endpoint: stacks.get('outbound', 'http', 'endpoint'),
    connections: (target) => tcp.outboundDstSet(target),
    names,
  });
  const inboundPolicy = new InboundPolicy(page, { policy, inboundPort: profile.inboundPort });
  const opaque = new OutboundOpaque(page, {
    timeoutSeconds: profile.failfastSeconds.outbound,
    clusterDomain: options.clusterDomain ?? 'cluster.local',
  });
  const profileRoutes = new ProfileRoutes(page);
  const inboundDetection = new Detection(page, 'inbound_tcp_detect_http');
  const outboundDetection = new Detection(page, 'outbound_tcp_detect_http');
  const protocolConnections = page.counter('outbound_tcp_protocol_connections');
  const transportHeaders = page.counter('inbound_tcp_transport_header_connections');
  const balancers = new Map<string, Balancer>();
  const http = defaultRoute('http');
  let polls = 0;

  function balancer(service: BackendRef): Balancer {
    const key = backendKey(service);
    let found = balancers.get(key);
    if (found === undefined) {
      found = new Balancer(page, 'outbound_http_balancer', outboundLabels(service, http), {
        timeoutSeconds: profile.failfastSeconds.outbound,
        createdEpochSeconds: epochSeconds(now()),
      });
      balancers.set(key, found);
    }
    return found;
  }

  return {
    inboundExchange(target, hasBody, startMs, authority) {
      polls++;
      return inbound.exchange(target, hasBody, startMs, authority);
    },
    outboundRoute(service, hasBody, startMs, route, backendCounted, authority) {
      polls++;
      return outbound.routeExchange(service, hasBody, startMs, route, backendCounted, authority);
    },
    outboundBackend: (service, hasBody, startMs, route) => outbound.backendExchange(service, hasBody, startMs, route),
    outboundEndpoint: (service, target, hasBody, startMs, backendCounted) =>
      outbound.endpointExchange(service, target, hasBody, startMs, backendCounted),

    inboundSrcTcp: (ip, port, tls, server) => tcp.inboundSrc(ip, port, tls, server),
    inboundDstTcp: () => tcp.inboundDst(),
    outboundSrcTcp: (clusterIp, port) => tcp.outboundSrc(clusterIp, port),
    outboundDstTcp: (target) => tcp.outboundDst(target),

    inboundDetected(port, result, tookSeconds, server = defaultServer(policy)) {
      inboundDetection.record(`${port} ${inboundKey(server)}`, () => serverLabels(server, port), result, tookSeconds);
    },
    outboundDetected(service, result, tookSeconds) {
      const labels = () => names.bag(service, http);
      outboundDetection.record(names.key(service, http), labels, result, tookSeconds);
      protocolConnections.with({ ...labels(), protocol: 'detect' }).value++;
    },
    outboundProtocol(service, protocol) {
      protocolConnections.with({ ...names.bag(service, http), protocol }).value++;
    },
    transportHeader(sessionProtocol, port, clientId) {
      const bag = {
        session_protocol: sessionProtocol,
        target_port: String(port),
        target_name: '',
        client_id: clientId,
      };
      transportHeaders.with(bag).value++;
    },

    balancerEndpoints: (service, change) => balancer(service).endpoints(change, epochSeconds(now())),
    balancerGate(service, gate, atEpochSeconds) {
      if (gate === 'open') balancer(service).open(atEpochSeconds);
      else balancer(service).shut(atEpochSeconds);
    },
    balancerQueued: (service, waitedSeconds) => balancer(service).queued(waitedSeconds),

    certificate: (result, expires, refreshed) => certificate.refreshed(result, expires, refreshed),
    control(client, event) {
      const nowMs = now();
      control.event(client, event, nowMs, epochSeconds(nowMs));
    },

    balancerDropped(service) {
      stacks.get('outbound', 'http', 'balance').drop.value++;
      stacks.get('outbound', 'http', 'endpoint').drop.value += balancer(service).dropped();
    },
    outboundBackends: (backends, route) => outbound.seedBackends(backends, route),
    outboundHttpError: (error) => outbound.error(error),
    inboundRefused: (target, why) => inboundPolicy.refused(target, why),
    inboundRateLimited: (target, scope, limit) => inboundPolicy.rateLimited(target, scope, limit),
    inboundTcpAuthorized: (ip, port, tls, verdict, applied) =>
      inboundPolicy.tcpAuthorized(ip, port, tls, verdict, applied),
    inboundTcpError: (ip, port, error) => inboundPolicy.tcpError('inbound', ip, port, error),
    outboundTcpError: (ip, port, error) => inboundPolicy.tcpError('outbound', ip, port, error),
    outboundOpaque: (service, endpoints) => opaque.open(service, endpoints, epochSeconds(now())),
    outboundRetry: (service, event, route, authority) => countRetry(page, names, service, event, route, authority),
    profileRoute: (direction, dst, route, layer, hasBody, startMs) =>
      profileRoutes.exchange(direction, dst, route, layer, hasBody, startMs),
    profileRetryable: (direction, dst, route, skipped) => profileRoutes.retryable(direction, dst, route, skipped),

    render(nowMs) {
      control.refresh(nowMs);
      runtime.refresh(
        { epochSeconds: epochSeconds(nowMs), uptimeSeconds: seconds(nowMs - startMs) },
        polls,
        tcp.bytes(),
      );
      const text = page.render();
      // What is idle for too long is printed once more, then it goes.
      const retainIdleMs = options.retainIdleMs?.() ?? profile.retainIdleMs;
      store.sweep(nowMs, retainIdleMs);
      profileRoutes.sweep(nowMs, retainIdleMs);
      tcp.sweep(nowMs, retainIdleMs);
      return text;
    },
  };
}
