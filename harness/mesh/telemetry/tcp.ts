import type { ObjectRef } from '../../core/policy.ts';
import type { ProxyBehaviour } from '../profiles/index.ts';
import type { Scalar, ScalarFamily } from './families.ts';
import {
  defaultServer,
  inboundKey,
  type LabelBag,
  outboundTargetKey,
  outboundTargetLabels,
  serverLabels,
  serverTlsKey,
  serverTlsLabels,
  targetLabels,
} from './labels.ts';
import type { Page } from './page.ts';
import type { Pin } from './request-sets.ts';
import type { OutboundTarget, ServerTls, TcpConnection } from './types.ts';

/** `dst_zone_locality` of the destination controller, and what the transfer cost calls it (facts 1.10). */
const LOCALITY: Readonly<Record<string, string>> = { local: 'Local', remote: 'Remote' };

interface TcpFamilies {
  opened: ScalarFamily;
  open: ScalarFamily;
  read: ScalarFamily;
  write: ScalarFamily;
  closed: ScalarFamily;
}

/** Of all connections so far, whether or not their series are still there. */
interface Totals {
  received: number;
  sent: number;
}

interface Zone {
  received: Scalar;
  sent: Scalar;
}

/** tcp_* of one label set (facts 1.3); evicted like a request set. */
class TcpSet implements Pin {
  readonly #families: TcpFamilies;
  readonly #bag: LabelBag;
  readonly #live: Set<TcpSet>;
  readonly zone: Zone | null;
  readonly #totals: Totals;
  readonly #closed = new Map<string, Scalar>();
  #opened: Scalar | null = null;
  #open: Scalar | null = null;
  #read: Scalar | null = null;
  #write: Scalar | null = null;
  lastUpdateMs = 0;
  connections = 0;

  constructor(families: TcpFamilies, bag: LabelBag, live: Set<TcpSet>, totals: Totals, zone: Zone | null) {
    this.#families = families;
    this.#bag = bag;
    this.#live = live;
    this.#totals = totals;
    this.zone = zone;
  }

  open(): boolean {
    return this.connections > 0;
  }

  connect(nowMs: number): void {
    if (this.#opened === null) {
      this.#opened = this.#families.opened.with(this.#bag);
      this.#open = this.#families.open.with(this.#bag);
      this.#read = this.#families.read.with(this.#bag);
      this.#write = this.#families.write.with(this.#bag);
      this.#live.add(this);
    }
    this.#opened.value++;
    this.connections++;
    (this.#open as Scalar).value = this.connections;
    this.lastUpdateMs = nowMs;
  }

  read(bytes: number): void {
    (this.#read as Scalar).value += bytes;
    this.#totals.received += bytes;
    if (this.zone !== null) this.zone.received.value += bytes;
  }

  write(bytes: number): void {
    (this.#write as Scalar).value += bytes;
    this.#totals.sent += bytes;
    if (this.zone !== null) this.zone.sent.value += bytes;
  }

  close(errno: string, nowMs: number): void {
    let closed = this.#closed.get(errno);
    if (closed === undefined) {
      closed = this.#families.closed.with({ ...this.#bag, errno });
      this.#closed.set(errno, closed);
    }
    closed.value++;
    this.connections--;
    (this.#open as Scalar).value = this.connections;
    this.lastUpdateMs = nowMs;
  }

  detach(): void {
    const { opened, open, read, write, closed } = this.#families;
    if (this.#opened !== null) opened.drop(this.#opened);
    if (this.#open !== null) open.drop(this.#open);
    if (this.#read !== null) read.drop(this.#read);
    if (this.#write !== null) write.drop(this.#write);
    for (const scalar of this.#closed.values()) closed.drop(scalar);
    this.#opened = this.#open = this.#read = this.#write = null;
    this.#closed.clear();
    this.#live.delete(this);
  }
}

/** An open connection keeps its set alive, so that its reads and writes need no time of their own. */
class Connection implements TcpConnection {
  readonly #set: TcpSet;
  readonly #now: () => number;
  #open = true;

  constructor(set: TcpSet, now: () => number) {
    this.#set = set;
    this.#now = now;
    set.connect(now());
  }

  read(bytes: number): void {
    if (this.#open) this.#set.read(bytes);
  }

  write(bytes: number): void {
    if (this.#open) this.#set.write(bytes);
  }

  close(errno: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#set.close(errno, this.#now());
  }
}

/** All connections of a proxy. */
export class Tcp {
  readonly #families: TcpFamilies;
  readonly #transfer: ScalarFamily;
  readonly #live = new Set<TcpSet>();
  readonly #totals: Totals = { received: 0, sent: 0 };
  readonly #sets = new Map<string, TcpSet>();
  readonly #now: () => number;
  readonly #policy: string;
  readonly #behaviour: ProxyBehaviour;

  constructor(page: Page, options: { now: () => number; policy: string }) {
    this.#now = options.now;
    this.#policy = options.policy;
    this.#behaviour = page.behaviour;
    this.#transfer = page.counter('outbound_tcp_transfer_cost_bytes');
    this.#families = {
      opened: page.counter('tcp_open_total'),
      open: page.gauge('tcp_open_connections'),
      read: page.counter('tcp_read_bytes_total'),
      write: page.counter('tcp_write_bytes_total'),
      closed: page.counter('tcp_close_total'),
    };
  }

  inboundSrc(ip: string, port: number, tls: ServerTls, server?: ObjectRef): TcpConnection {
    return new Connection(this.inboundSrcSet(ip, port, tls, server), this.#now);
  }

  /** All of the proxy's connections to its app share one label set. */
  inboundDst(): TcpConnection {
    const bag = { direction: 'inbound', peer: 'dst', tls: 'no_identity', no_tls_reason: 'loopback' };
    return new Connection(
      this.#set('inbound dst', () => bag),
      this.#now,
    );
  }

  outboundSrc(clusterIp: string, port: number): TcpConnection {
    const set = this.#set(`outbound src ${clusterIp} ${port}`, () => ({
      direction: 'outbound',
      peer: 'src',
      ...targetLabels(clusterIp, port),
      tls: 'no_identity',
      no_tls_reason: 'loopback',
    }));
    return new Connection(set, this.#now);
  }

  outboundDst(target: OutboundTarget): TcpConnection {
    return new Connection(this.outboundDstSet(target), this.#now);
  }

  /** `server` absent: the default one. */
  inboundSrcSet(ip: string, port: number, tls: ServerTls, server?: ObjectRef): TcpSet {
    const by = server ?? defaultServer(this.#policy);
    return this.#set(`inbound src ${ip} ${port} ${serverTlsKey(tls)} ${inboundKey(by)}`, () => ({
      direction: 'inbound',
      peer: 'src',
      ...targetLabels(ip, port),
      ...serverTlsLabels(tls),
      ...serverLabels(by, port),
    }));
  }

  outboundDstSet(target: OutboundTarget): TcpSet {
    return this.#set(
      `outbound dst ${outboundTargetKey(target)}`,
      () => ({ ...outboundTargetLabels(target, this.#behaviour), peer: 'dst' }),
      target,
    );
  }

  /** Bytes that passed between the pod and its peers; a fallback for the pod's network counters. */
  bytes(): Readonly<Totals> {
    return this.#totals;
  }

  sweep(nowMs: number, idleMs: number): void {
    for (const set of this.#live) if (!set.open() && nowMs - set.lastUpdateMs > idleMs) set.detach();
  }

  #set(key: string, bag: () => LabelBag, target: OutboundTarget | null = null): TcpSet {
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = new TcpSet(this.#families, bag(), this.#live, this.#totals, target === null ? null : this.#zone(target));
      this.#sets.set(key, set);
    }
    return set;
  }

  #zone(target: OutboundTarget): Zone {
    const label = target.dst.find(([name]) => name === 'dst_zone_locality')?.[1] ?? '';
    const zone_locality = LOCALITY[label] ?? 'Unknown';
    return {
      received: this.#transfer.with({ op: 'Recv', zone_locality }),
      sent: this.#transfer.with({ op: 'Send', zone_locality }),
    };
  }
}
