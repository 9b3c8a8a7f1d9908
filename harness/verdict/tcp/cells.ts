import type { PodInfo } from '../../core/topology.ts';
import type { LedgerSeries } from '../../ledger/types.ts';
import type { Segment } from '../incarnations.ts';
import { type Names, OUTSIDE } from '../projection.ts';
import { addInto, valueReader } from '../readings.ts';
import { podKey } from '../truth.ts';
import type { TcpMeasure } from './bounds.ts';
import type { TcpTruth } from './connections.ts';
import { projectTcp, TCP_FAMILIES } from './families.ts';
import type { Reach } from './reach.ts';
import type { TcpGround } from './reconcile.ts';

/** All TCP series of one family, side and peer that mean the same, added up: a value a scrape. Absent counts as 0. */
export interface TcpCell {
  family: string;
  measure: TcpMeasure;
  /** `client|<service>`, `peer|<service>|<pod>`, `server|<identity>`, `app|*`. */
  peer: string;
  /** `src` or `dst` where the family has that label. */
  side: string;
  values: Float64Array;
}

export interface TcpStranger {
  family: string;
  why: string;
  values: Float64Array;
}

export interface TcpCells {
  cells: TcpCell[];
  strangers: TcpStranger[];
}

/** The cells of one incarnation's readings; those that the truth expects are there, as zeros, when no series is. */
export function tcpCellsOf(
  segment: Segment,
  series: readonly LedgerSeries[],
  pod: PodInfo,
  { names, connections: truth, versions }: Pick<TcpGround, 'names' | 'connections' | 'versions'>,
  reach: Reach,
): TcpCells {
  const valuesOf = valueReader(segment);
  const cells = new Map<string, TcpCell>();
  const strangers = new Map<string, TcpStranger>();
  const zeros = new Float64Array(segment.scrapes.length);
  const add = (family: string, measure: TcpMeasure, peer: string, side: string, values: Float64Array): void => {
    const key = `${family}|${side}|${peer}`;
    const known = cells.get(key);
    if (known) addInto(known.values, values);
    else cells.set(key, { family, measure, peer, side, values: values.slice() });
  };
  const dialect = versions.of(segment.instance);
  for (const { family, side, peer } of expected(segment, names, truth, reach)) {
    if (!dialect.has(family)) continue;
    add(family, TCP_FAMILIES.get(family)!.measure({ peer: side }), peer, side, zeros);
  }
  for (const s of series) {
    const family = TCP_FAMILIES.get(s.name);
    if (!family) continue;
    const projected = projectTcp(s.name, s.labels, pod, names, truth);
    if (!projected) continue;
    const values = valuesOf(s);
    if (!values) continue;
    if (projected.kind === 'unexplained') {
      const key = `${s.name}|${projected.why}`;
      const known = strangers.get(key);
      if (known) addInto(known.values, values);
      else strangers.set(key, { family: s.name, why: projected.why, values });
      continue;
    }
    const peer =
      projected.kind === 'client'
        ? `client|${projected.service}`
        : projected.kind === 'peer'
          ? `peer|${projected.service}|${projected.pod}`
          : projected.identity === null
            ? 'app|*'
            : `server|${projected.identity}`;
    add(s.name, family.measure(s.labels), peer, s.labels.peer ?? '', values);
  }
  return { cells: [...cells.values()], strangers: [...strangers.values()] };
}

interface Expected {
  family: string;
  side: string;
  peer: string;
}

const TCP = ['tcp_open_total', 'tcp_close_total', 'tcp_read_bytes_total', 'tcp_write_bytes_total'] as const;
const ROUTE = ['outbound_tcp_route_open_total', 'outbound_tcp_route_close_total'] as const;

/** What the truth says there must be. */
function expected({ instance }: Segment, names: Names, truth: TcpTruth, reach: Reach): Expected[] {
  const out: Expected[] = [];
  const all = (side: string, peer: string): void => {
    for (const family of TCP) out.push({ family, side, peer });
  };
  for (const service of new Set(instance.journal.connected.map((c) => c.callee))) {
    if (!reach.throughCaller(instance.workload, service)) continue;
    all('src', `client|${service}`);
    for (const family of ROUTE) out.push({ family, side: '', peer: `client|${service}` });
    for (const pod of names.pods.values()) {
      if (pod.workload === names.services.get(service)?.workload)
        all('dst', `peer|${service}|${podKey(pod.namespace, pod.name)}`);
    }
  }
  const callers = truth.connected.get(instance.workload) ?? [];
  if (callers.length === 0 || !reach.throughCallee(instance.workload)) return out;
  for (const identity of new Set(callers.map((c) => reach.identity(c.caller.workload, c.service)))) {
    all('src', `server|${identity ?? OUTSIDE}`);
    out.push({ family: 'inbound_tcp_authz_allow_total', side: '', peer: `server|${identity ?? OUTSIDE}` });
  }
  all('dst', 'app|*');
  return out;
}
