import { Balancer } from './balancer.ts';
import type { Scalar } from './families.ts';
import { clientTlsLabels } from './labels.ts';
import type { Page } from './page.ts';
import { type RequestSet, RequestStore } from './request-sets.ts';
import type { ClientTls, ControlEvent } from './types.ts';

export type ControlClientName = 'identity' | 'destination' | 'policy';

export interface ControlClient {
  /** As the label shows it: `linkerd-policy.linkerd.svc.cluster.local:8090`, `localhost:8090`. */
  addr: string;
  tls: ClientTls;
}

export interface ControlPlane {
  /** Pods of the control plane reach one or more of its parts over loopback; what they show is in the clients. */
  kind: 'data-plane' | 'control-plane';
  identity: ControlClient;
  destination: ControlClient;
  policy: ControlClient;
}

const CLIENTS = ['identity', 'destination', 'policy'] as const;
/** An open client looks its name up again when the records' time to live is over. */
const DNS_TTL_SECONDS = 30;
/** The identity client exists for one request only, and lets go of the name at its second lookup. */
const IDENTITY_LOOKUPS = 2;
/** Time in the queue of a control client whose endpoint is there. */
const QUEUE_SECONDS = 0.000028793;

class Client {
  readonly set: RequestSet;
  readonly balancer: Balancer;
  readonly name: ControlClientName;
  /** SRV lookups; null over loopback, which needs none. */
  readonly #lookups: Scalar | null;
  #connectedMs: number | null = null;

  constructor(name: ControlClientName, set: RequestSet, balancer: Balancer, lookups: Scalar | null) {
    this.name = name;
    this.set = set;
    this.balancer = balancer;
    this.#lookups = lookups;
  }

  connected(nowMs: number, epochSeconds: number): void {
    this.balancer.endpoints({ ready: 1, pending: 0, added: 1, removed: 0 }, epochSeconds);
    this.#connectedMs ??= nowMs;
  }

  /** Lookups of a client that stays open, up to now. */
  refresh(nowMs: number): void {
    if (this.#lookups === null || this.#connectedMs === null) return;
    const due = 1 + Math.floor((nowMs - this.#connectedMs) / 1000 / DNS_TTL_SECONDS);
    this.#lookups.value = this.name === 'identity' ? Math.min(IDENTITY_LOOKUPS, due) : due;
  }
}

/** control_*: the proxy's own clients (facts 1.8). Everything is seeded at start; their label sets are never idle. */
export class Control {
  readonly #clients: Readonly<Record<ControlClientName, Client>>;

  constructor(
    page: Page,
    options: { controlPlane: ControlPlane; timeoutSeconds: number; startEpochSeconds: number; nowMs: number },
  ) {
    const store = new RequestStore(page, 'control_');
    const lookups = seedLookups(page);
    const make = (name: ControlClientName) => {
      const { addr, tls } = options.controlPlane[name];
      const set = store.set({ addr, ...clientTlsLabels(tls) });
      set.attach(options.nowMs);
      const balancer = new Balancer(
        page,
        `control_${name}_balancer`,
        { addr },
        { timeoutSeconds: options.timeoutSeconds, createdEpochSeconds: options.startEpochSeconds },
      );
      return new Client(name, set, balancer, tls.tls === 'true' ? (lookups.get(name) ?? null) : null);
    };
    this.#clients = { identity: make('identity'), destination: make('destination'), policy: make('policy') };
  }

  event(name: ControlClientName, event: ControlEvent, nowMs: number, epochSeconds: number): void {
    const client = this.#clients[name];
    switch (event.kind) {
      case 'connected':
        client.connected(nowMs, epochSeconds);
        break;
      case 'request':
        client.set.request(nowMs);
        client.balancer.queued(QUEUE_SECONDS);
        break;
      case 'latency':
        client.set.latency(200, event.ms, nowMs);
        break;
      case 'response':
        client.set.grpc(200, event.grpcStatus, nowMs);
        if (name === 'identity') client.balancer.dropped();
        break;
      case 'error':
        client.set.error(0, event.error, nowMs);
        break;
    }
  }

  refresh(nowMs: number): void {
    for (const name of CLIENTS) this.#clients[name].refresh(nowMs);
  }
}

/** control_dns_resolutions_total, 16 series of zero; returns the SRV successes by client. */
function seedLookups(page: Page): Map<string, Scalar> {
  const family = page.counter('control_dns_resolutions');
  const lookups = new Map<string, Scalar>();
  for (const client of [...CLIENTS, 'trace_collector']) {
    for (const record_type of ['A/AAAA', 'SRV']) {
      for (const result of ['ok', 'not_found']) {
        const scalar = family.with({ client, record_type, result });
        if (record_type === 'SRV' && result === 'ok') lookups.set(client, scalar);
      }
    }
  }
  return lookups;
}
