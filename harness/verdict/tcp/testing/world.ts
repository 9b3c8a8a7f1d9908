import type { PodInfo, Topology } from '../../../core/topology.ts';
import type { MetricLedger, TruthJournal } from '../../../ledger/types.ts';
import { Rng } from '../../testing/rng.ts';

/** One connection from beginning to end: the moments at which each of the six parties counts it. */
export interface SimulatedConnection {
  caller: PodInfo;
  callee: PodInfo;
  beginMs: number;
  acceptMs: number;
  endMs: number;
  up: number;
  down: number;
  outcome: 'closed' | 'reset' | 'timeout';
}

export interface TcpWorld {
  topology: Topology;
  journals: TruthJournal[];
  connections: SimulatedConnection[];
  ledger: (change?: (s: Counted) => Counted | null) => MetricLedger;
  originMs: number;
  quietFromMs: number;
  marginMs: number;
}

/** What a proxy counts at one moment in one series. */
export interface Counted {
  pod: string;
  name: string;
  labels: Record<string, string>;
  t: number;
  value: number;
}

const ORIGIN = 1_700_000_000_000;
const INTERVAL_MS = 500;
const TRAFFIC_MS = 6000;

const identity = (name: string): string => `${name}.shop.serviceaccount.identity.linkerd.cluster.local`;

function pod(name: string, replica: number, octet: number, appPort: number): PodInfo {
  const ip = `10.0.0.${octet}`;
  return {
    ...{ namespace: 'shop', name: `${name}-5d9f8-x${replica}`, workload: `shop/${name}`, replica, ip, appPort },
    instance: `${ip}:4191`,
  };
}

/** A few callers and a database of two pods; every connection is counted by four sensors, as linkerd2-proxy has them. */
export function simulateTcp(seed: number, options: { broken?: boolean } = {}): TcpWorld {
  const draw = new Rng(seed);
  const random = (): number => draw.next();
  const web = [pod('web', 0, 1, 8080), pod('web', 1, 2, 8080)];
  const jobs = [pod('jobs', 0, 3, 8080)];
  const db = [pod('db', 0, 4, 5432), pod('db', 1, 5, 5432)];
  const workload = (name: string, protocol: 'http' | 'tcp') => ({
    ...{ id: `shop/${name}`, namespace: 'shop', name, serviceAccount: name, identity: identity(name), protocol },
  });
  const topology: Topology = {
    trustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    workloads: [workload('web', 'http'), workload('jobs', 'http'), workload('db', 'tcp')],
    pods: [...web, ...jobs, ...db],
    services: [
      {
        ...{ id: 'shop/db', namespace: 'shop', name: 'db', authority: 'db.shop.svc.cluster.local' },
        ...{ clusterIp: '10.96.0.9', port: 5432, workload: 'shop/db' },
      },
    ],
  };
  const pick = <T>(list: T[]): T => list[Math.floor(random() * list.length)]!;
  const connections = Array.from({ length: 60 }, (): SimulatedConnection => {
    const beginMs = ORIGIN + random() * TRAFFIC_MS;
    const acceptMs = beginMs + 4 + random() * 5;
    const broken = options.broken === true && random() < 0.3;
    return {
      caller: pick([...web, ...jobs]),
      callee: pick(db),
      ...{ beginMs, acceptMs, endMs: acceptMs + 5 + random() * 400 },
      ...{ up: 10 + Math.floor(random() * 5000), down: 10 + Math.floor(random() * 20_000) },
      outcome: broken ? pick(['reset', 'timeout']) : 'closed',
    };
  });
  const journals = topology.pods.map((p) => journalOf(p, connections));
  const quietFromMs = ORIGIN + TRAFFIC_MS + 1500;
  const ledger = (change: (s: Counted) => Counted | null = (s) => s): MetricLedger => {
    const samples: Counted[] = [];
    for (let t = ORIGIN - INTERVAL_MS; t <= quietFromMs + INTERVAL_MS; t += INTERVAL_MS) {
      for (const p of topology.pods) samples.push(...counted(p, connections, t));
    }
    return ledgerOf(
      topology,
      samples.flatMap((s) => change(s) ?? []),
    );
  };
  return { topology, journals, connections, ledger, originMs: ORIGIN, quietFromMs, marginMs: 1 };
}

function journalOf(p: PodInfo, connections: readonly SimulatedConnection[]): TruthJournal {
  return {
    ...{ workload: p.workload, pod: p.name, incarnation: '0', startMs: ORIGIN - 10_000, endMs: null },
    ...{ served: [], made: [] },
    accepted: connections
      .filter((c) => c.callee === p)
      .map((c) => ({
        ...{ caller: c.caller.workload, openMs: c.acceptMs, closeMs: c.endMs },
        ...{ outcome: c.outcome === 'closed' ? ('closed' as const) : ('reset' as const) },
        ...{ readBytes: c.up, writtenBytes: c.down },
      })),
    connected: connections
      .filter((c) => c.caller === p)
      .map((c) => ({
        ...{ callee: 'shop/db', openMs: c.beginMs, closeMs: c.endMs + 1, outcome: c.outcome },
        ...{ readBytes: c.outcome === 'closed' ? c.down : Math.floor(c.down / 2), writtenBytes: c.up },
        pod: c.outcome === 'timeout' ? '' : c.callee.name,
      })),
  };
}

/** All that a pod's proxy shows at `t`. Each sensor counts at its own moment between those of the two ends. */
function counted(p: PodInfo, connections: readonly SimulatedConnection[], t: number): Counted[] {
  const out = new Map<string, Counted>();
  const add = (name: string, labels: Record<string, string>, value: number): void => {
    const key = name + JSON.stringify(labels);
    const known = out.get(key);
    if (known) known.value += value;
    else out.set(key, { pod: p.name, name, labels, t, value });
  };
  const sensor = (labels: Record<string, string>, openMs: number, c: SimulatedConnection, up: boolean) => {
    if (t < openMs) return;
    const over = t >= c.endMs;
    const [read, write] = up ? [c.up, c.down] : [c.down, c.up];
    add('tcp_open_total', labels, 1);
    add('tcp_open_connections', labels, over ? 0 : 1);
    if (over) add('tcp_close_total', { ...labels, errno: '' }, 1);
    // Nothing comes through before the app has accepted.
    const share = Math.max(0, (t - c.acceptMs) / (c.endMs - c.acceptMs));
    add('tcp_read_bytes_total', labels, over ? read : Math.floor(read * share));
    add('tcp_write_bytes_total', labels, over ? write : Math.floor(write * share));
  };
  const target = (ip: string, port: number) => ({
    ...{ target_addr: `${ip}:${port}`, target_ip: ip, target_port: String(port) },
  });
  for (const c of connections) {
    if (c.caller === p) {
      const src = { direction: 'outbound', peer: 'src', ...target('10.96.0.9', 5432), tls: 'no_identity' };
      sensor(src, c.beginMs + 1, c, true);
      const parent = { parent_namespace: 'shop', parent_name: 'db', parent_port: '5432', route_name: 'opaq' };
      if (t >= c.beginMs + 1) add('outbound_tcp_route_open_total', parent, 1);
      if (t >= c.endMs) add('outbound_tcp_route_close_total', { ...parent, error: '' }, 1);
      const dst = {
        ...{ direction: 'outbound', peer: 'dst', authority: 'db.shop.svc.cluster.local:5432' },
        ...target(c.callee.ip, 5432),
        ...{ tls: 'true', server_id: identity('db'), dst_namespace: 'shop', dst_pod: c.callee.name },
      };
      sensor(dst, c.beginMs + 2, c, false);
    }
    if (c.callee === p) {
      const who = { ...target(p.ip, 5432), tls: 'true', client_id: identity(c.caller.workload.split('/')[1]!) };
      sensor({ direction: 'inbound', peer: 'src', ...who }, c.beginMs + 3, c, true);
      if (t >= c.beginMs + 3) add('inbound_tcp_authz_allow_total', who, 1);
      // The kernel completes the connection for the app before the proxy hears of it.
      sensor({ direction: 'inbound', peer: 'dst', tls: 'no_identity' }, c.acceptMs + 2, c, false);
    }
  }
  return [...out.values()];
}

function ledgerOf(topology: Topology, samples: readonly Counted[]): MetricLedger {
  const times = [...new Set(samples.map((s) => s.t))].sort((a, b) => a - b);
  const targets = topology.pods.map((p) => ({
    ...{ job: 'linkerd-proxy', namespace: p.namespace, pod: p.name, instance: p.instance },
    scrapes: times.map((t) => ({ t, fromMs: t, untilMs: t, ok: true, startTime: ORIGIN / 1000 - 10 })),
  }));
  const series = new Map<string, MetricLedger['series'][number]>();
  for (const { pod: name, name: family, labels, t, value } of samples) {
    const target = targets.findIndex((x) => x.pod === name);
    const key = `${target}|${family}|${JSON.stringify(labels)}`;
    const known = series.get(key) ?? { name: family, labels, target, samples: [] };
    known.samples.push({ t, v: value });
    series.set(key, known);
  }
  return { source: 'prometheus', targets, series: [...series.values()] };
}
