import { type ParsedPage, type ParsedSample, parsePage } from '../../../core/page-parser.ts';
import { findProfile } from '../../profiles/index.ts';
import { type ControlClient, createProxyTelemetry } from '../proxy-telemetry.ts';
import type { ClientTls, Exchange, FullProxyTelemetry, InboundTarget, OutboundTarget, ServiceRef } from '../types.ts';
import { type CumulativeBucket, spread } from './spread.ts';

/** Sizes of body frames, taken from the end. */
interface Frames {
  perRequest: number;
  request: number[];
  response: number[];
}

/** Labels and counts of a real page, turned back into the events that made them. */
class Replay {
  readonly #page: ParsedPage;
  readonly #telemetry: FullProxyTelemetry;
  #nowMs = 0;
  readonly #epochMs: number;

  constructor(text: string) {
    this.#page = parsePage(text);
    const value = (name: string) => this.#sum(name);
    const startEpochSeconds = value('process_start_time_seconds');
    this.#epochMs = startEpochSeconds * 1000;
    const client = (port: number): ControlClient => {
      const labels = this.#all('control_request_total').find((s) => s.labels.addr?.endsWith(`:${port}`))?.labels ?? {};
      return { addr: labels.addr ?? '', tls: clientTls(labels) };
    };
    const identity = client(8080);
    const profile = findProfile('v2.366.0');
    const build = this.#all('proxy_build_info')[0]?.labels ?? {};
    this.#telemetry = createProxyTelemetry({
      // The pages' proxies were built by their taker.
      profile: { ...profile, build: { ...profile.build, date: build.date ?? '', vendor: build.vendor ?? '' } },
      defaultPolicy: 'all-unauthenticated',
      controlPlane: {
        kind: identity.tls.tls === 'true' ? 'data-plane' : 'control-plane',
        identity,
        destination: client(8086),
        policy: client(8090),
      },
      process: {
        startEpochSeconds,
        read: () => ({
          cpuSeconds: value('process_cpu_seconds_total'),
          virtualMemoryBytes: value('process_virtual_memory_bytes'),
          residentMemoryBytes: value('process_resident_memory_bytes'),
          openFds: value('process_open_fds'),
          maxFds: value('process_max_fds'),
          threads: value('process_threads'),
          networkReceiveBytes: value('process_network_receive_bytes_total'),
          networkTransmitBytes: value('process_network_transmit_bytes_total'),
        }),
      },
      nowMs: () => this.#nowMs,
      timeOriginMs: this.#epochMs,
    });
  }

  run(): string {
    this.#inbound();
    this.#outbound();
    this.#tcp();
    this.#connections();
    this.#control();
    this.#nowMs = this.#sum('process_uptime_seconds_total') * 1000;
    return this.#telemetry.render(this.#nowMs);
  }

  #inbound(): void {
    for (const request of this.#all('request_total', { direction: 'inbound' })) {
      const target = inboundTarget(request.labels);
      const match = { parent_port: String(target.port), route_name: target.route };
      this.#exchanges(request, (hasBody) => this.#telemetry.inboundExchange(target, hasBody, 0), {
        perRequest: this.#framesPerRequest(match),
        request: this.#sizes('inbound_http_request_frame_size_bytes', match),
        response: this.#sizes('inbound_http_response_frame_size_bytes', match),
      });
    }
    for (const error of this.#all('inbound_tcp_errors_total')) {
      const { target_ip = '', target_port, error: kind = '' } = error.labels;
      times(error.value, () => this.#telemetry.inboundTcpError(target_ip, Number(target_port), kind));
    }
    for (const allow of this.#all('inbound_tcp_authz_allow_total')) {
      const { ip, port, tls } = inboundTarget(allow.labels);
      times(allow.value, () => this.#telemetry.inboundTcpAuthorized(ip, port, tls, 'allow'));
    }
  }

  #outbound(): void {
    for (const request of this.#all('request_total', { direction: 'outbound' })) {
      const service = this.#service();
      const target = outboundTarget(request.labels);
      this.#exchanges(request, (hasBody) => this.#telemetry.outboundEndpoint(service, target, hasBody, 0), {
        perRequest: 0,
        request: [],
        response: this.#sizes('outbound_http_route_backend_response_frame_size_bytes', {}),
      });
    }
    for (const status of this.#all('outbound_http_route_request_statuses_total')) {
      times(status.value, () => {
        const exchange = this.#telemetry.outboundRoute(this.#service(), false, 0);
        exchange.dispatch(0);
        exchange.head(Number(status.labels.http_status), 1);
        exchange.complete(1);
      });
    }
  }

  /** All exchanges of one label set: those that ended by status, then those in flight. */
  #exchanges(request: ParsedSample, make: (hasBody: boolean) => Exchange, frames: Frames): void {
    const ended = this.#all('response_total', request.labels);
    const statuses = new Map<string, number[]>();
    let started = 0;
    const begin = (): Exchange => {
      const exchange = make(frames.perRequest > 0);
      exchange.dispatch(0);
      times(frames.perRequest, () => exchange.requestFrame(frames.request.pop() ?? 0, 0));
      exchange.requestEnd(0);
      started++;
      return exchange;
    };
    for (const count of this.#all('response_latency_ms_count', request.labels)) {
      const status = count.labels.status_code ?? '';
      statuses.set(status, this.#latencies('response_latency_ms', count.labels));
    }
    for (const response of ended) {
      const latencies = statuses.get(response.labels.status_code ?? '') ?? [];
      const grpc = response.labels.grpc_status !== '';
      for (let i = 0; i < response.value; i++) {
        const ms = latencies.pop() as number;
        const exchange = begin();
        exchange.head(Number(response.labels.status_code), ms, grpc);
        exchange.responseFrame(frames.response.pop() ?? 0, ms);
        exchange.complete(ms, grpc ? grpcStatus(response.labels) : null);
      }
    }
    // Streams that go on have shown their first frame; a request without even that, such as the scrape, is in flight.
    for (const [status, latencies] of statuses) {
      for (const ms of latencies) {
        const exchange = begin();
        exchange.head(Number(status), ms, true);
        exchange.responseFrame(frames.response.pop() ?? 0, ms);
      }
    }
    while (started < request.value) begin();
  }

  #tcp(): void {
    for (const opened of this.#all('tcp_open_total')) {
      const { direction, peer } = opened.labels;
      const read = this.#one('tcp_read_bytes_total', opened.labels);
      const written = this.#one('tcp_write_bytes_total', opened.labels);
      const open = () => {
        if (direction === 'outbound') {
          return peer === 'dst'
            ? this.#telemetry.outboundDstTcp(outboundTarget(opened.labels))
            : this.#telemetry.outboundSrcTcp(opened.labels.target_ip ?? '', Number(opened.labels.target_port));
        }
        if (peer === 'dst') return this.#telemetry.inboundDstTcp();
        const { ip, port, tls } = inboundTarget(opened.labels);
        return this.#telemetry.inboundSrcTcp(ip, port, tls);
      };
      const connections = Array.from({ length: opened.value }, open);
      connections[0]?.read(read);
      connections[0]?.write(written);
      for (const close of this.#all('tcp_close_total', opened.labels)) {
        times(close.value, () => connections.pop()?.close(close.labels.errno ?? ''));
      }
    }
  }

  #connections(): void {
    for (const result of this.#all('inbound_tcp_detect_http_results_total')) {
      times(result.value, () =>
        this.#telemetry.inboundDetected(Number(result.labels.srv_port), result.labels.result as 'http/1', 0.00001),
      );
    }
    for (const result of this.#all('outbound_tcp_detect_http_results_total')) {
      const seconds = result.labels.result === 'read_timeout' ? 10 : 0.00005;
      times(result.value, () =>
        this.#telemetry.outboundDetected(this.#service(), result.labels.result as 'http/1', seconds),
      );
    }
    for (const header of this.#all('inbound_tcp_transport_header_connections_total')) {
      const { session_protocol, target_port, client_id = '' } = header.labels;
      times(header.value, () =>
        this.#telemetry.transportHeader(session_protocol as 'http/2', Number(target_port), client_id),
      );
    }
    const resets = this.#sum('outbound_http_balancer_p2c_updates_total', { op: 'Reset' });
    this.#nowMs = this.#sum('outbound_http_balancer_queue_gate_open_time_seconds') * 1000 - this.#epochMs;
    for (let i = 0; i < resets; i++) {
      if (i > 0) this.#telemetry.balancerDropped(this.#service());
      const ready = this.#sum('outbound_http_balancer_endpoints', { endpoint_state: 'ready' });
      this.#telemetry.balancerEndpoints(this.#service(), { ready, pending: 0, added: ready, removed: 0 });
    }
    times(this.#sum('outbound_http_balancer_queue_requests_total'), () =>
      this.#telemetry.balancerQueued(this.#service(), 0.00005),
    );
    this.#nowMs = this.#sum('outbound_tcp_balancer_queue_gate_open_time_seconds') * 1000 - this.#epochMs;
    for (const opened of this.#all('outbound_tcp_route_open_total')) {
      times(opened.value, () => this.#telemetry.outboundOpaque(this.#service(), 1));
    }
  }

  #control(): void {
    this.#nowMs = 0;
    const refreshed = this.#sum('control_identity_cert_refresh_timestamp_seconds');
    for (const name of ['identity', 'destination', 'policy'] as const) {
      const addr = this.#all(`control_${name}_balancer_queue_length`)[0]?.labels.addr ?? '';
      this.#telemetry.control(name, { kind: 'connected' });
      times(this.#sum('control_request_total', { addr }), () => this.#telemetry.control(name, { kind: 'request' }));
      for (const count of this.#all('control_response_latency_ms_count', { addr, status_code: '200' })) {
        for (const ms of this.#latencies('control_response_latency_ms', count.labels)) {
          this.#telemetry.control(name, { kind: 'latency', ms });
        }
      }
      for (const { labels, value } of this.#all('control_response_total', { addr })) {
        times(value, () => {
          if (labels.error) this.#telemetry.control(name, { kind: 'error', error: labels.error });
          else this.#telemetry.control(name, { kind: 'response', grpcStatus: grpcStatus(labels) });
        });
      }
    }
    const expires = this.#sum('control_identity_cert_expiration_timestamp_seconds');
    this.#telemetry.certificate('ok', expires, refreshed);
  }

  /** The one Service that the pages' pods call. */
  #service(): ServiceRef {
    if (this.#serviceRef === null) {
      const labels = this.#all('outbound_http_route_backend_requests_total')[0]?.labels ?? {};
      const src = this.#all('tcp_open_total', { direction: 'outbound', peer: 'src' })[0]?.labels ?? {};
      this.#serviceRef = {
        namespace: labels.parent_namespace ?? '',
        name: labels.parent_name ?? '',
        port: Number(labels.parent_port),
        clusterIp: src.target_ip ?? '',
      };
    }
    return this.#serviceRef;
  }
  #serviceRef: ServiceRef | null = null;

  /** Whole milliseconds that make the page's buckets and its sum. */
  #latencies(family: string, labels: Record<string, string>): number[] {
    const buckets = this.#all(`${family}_bucket`, labels).filter((s) => sameButLe(s.labels, labels));
    return spread(buckets.map(bucket), this.#one(`${family}_sum`, labels));
  }

  /** Sizes of all frames of one route, shared by the label sets that use it. */
  #sizes(family: string, labels: Record<string, string>): number[] {
    const key = `${family} ${JSON.stringify(labels)}`;
    let sizes = this.#framePools.get(key);
    if (sizes === undefined) {
      const buckets = this.#all(`${family}_bucket`, labels).map(bucket);
      sizes = buckets.length === 0 ? [] : spread(buckets, this.#sum(`${family}_sum`, labels));
      this.#framePools.set(key, sizes);
    }
    return sizes;
  }
  readonly #framePools = new Map<string, number[]>();

  /** Frames of one request's body, on average; none for requests without a body. */
  #framesPerRequest(route: Record<string, string>): number {
    const requests = this.#sum('inbound_http_requests_total', route);
    return requests === 0 ? 0 : this.#sum('inbound_http_request_frame_size_bytes_count', route) / requests;
  }

  #all(name: string, labels: Record<string, string> = {}): ParsedSample[] {
    return this.#page.samples.filter((s) => s.name === name && includes(s.labels, labels));
  }

  #sum(name: string, labels: Record<string, string> = {}): number {
    return this.#all(name, labels).reduce((sum, s) => sum + s.value, 0);
  }

  #one(name: string, labels: Record<string, string>): number {
    const found = this.#all(name, labels).filter((s) => Object.keys(s.labels).length === Object.keys(labels).length);
    if (found.length !== 1) throw new Error(`${found.length} series of ${name} with ${JSON.stringify(labels)}`);
    return (found[0] as ParsedSample).value;
  }
}

/** The simulated page of a proxy that saw what the real page says. */
export function replay(realPage: string): string {
  return new Replay(realPage).run();
}

function includes(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

function sameButLe(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.keys(labels).length === Object.keys(wanted).length + 1;
}

function bucket({ labels, value }: ParsedSample): CumulativeBucket {
  return { le: labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le), count: value };
}

function times(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

/** A success of code 2 is a stream that ended without trailers. */
function grpcStatus(labels: Record<string, string>): string | null {
  return labels.grpc_status === '2' && labels.classification === 'success' ? null : (labels.grpc_status ?? '');
}

function inboundTarget(labels: Record<string, string>): InboundTarget {
  return {
    ip: labels.target_ip ?? '',
    port: Number(labels.target_port),
    tls:
      labels.tls === 'true'
        ? { tls: 'true', clientId: labels.client_id ?? '' }
        : { tls: 'no_identity', reason: labels.no_tls_reason as 'loopback' },
    route: labels.route_name === 'probe' ? 'probe' : 'default',
  };
}

function clientTls(labels: Record<string, string>): ClientTls {
  return labels.tls === 'true'
    ? { tls: 'true', serverId: labels.server_id ?? '' }
    : { tls: 'no_identity', reason: labels.no_tls_reason as 'loopback' };
}

function outboundTarget(labels: Record<string, string>): OutboundTarget {
  return {
    authority: labels.authority ?? '',
    ip: labels.target_ip ?? '',
    port: Number(labels.target_port),
    tls: clientTls(labels),
    dst: Object.entries(labels).filter(([name]) => name.startsWith('dst_')),
  };
}
