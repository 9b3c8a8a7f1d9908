import type { Topology } from '../../core/topology.ts';
import type { MetricLedger } from '../../ledger/types.ts';
import type { Interval, Reading } from '../bounds.ts';
import { type Segment, segmentsOf } from '../incarnations.ts';
import type { Names } from '../projection.ts';
import { MONOTONE, readingOf } from '../readings.ts';
import type { Recorder, Subject } from '../recorder.ts';
import { podKey, type Truth } from '../truth.ts';
import type { Versions } from '../versions/index.ts';
import type { Witness } from '../witness.ts';
import { tcpBound } from './bounds.ts';
import { type TcpCell, type TcpStranger, tcpCellsOf } from './cells.ts';
import type { TcpTruth } from './connections.ts';
import { TCP_FAMILIES } from './families.ts';
import { type Reach, reachOf } from './reach.ts';
import { buildTcpScope, type TcpLayer, type TcpScope } from './scope.ts';

/** What the judge knows besides the ledgers. */
export interface TcpGround {
  truth: Truth;
  connections: TcpTruth;
  names: Names;
  versions: Versions;
  topology: Topology;
}

export interface TcpSettings {
  marginMs: number;
  quietFromMs: number;
}

/** The cells of one incarnation of one pod, with the scope of each. */
export interface ObservedTcp {
  segment: Segment;
  cells: { cell: TcpCell; scope: TcpScope; pair: Pair }[];
}

export interface Pair {
  source: string;
  destination: string;
  direction: 'inbound' | 'outbound';
}

/** Compares every sample of every TCP series of a ledger with the truth. */
export function reconcileTcp(
  ledger: MetricLedger,
  ground: TcpGround,
  settings: TcpSettings,
  recorder: Recorder,
  witness?: Witness,
): ObservedTcp[] {
  const reach = reachOf(ground.topology);
  const observed: ObservedTcp[] = [];
  ledger.targets.forEach((target, index) => {
    const key = podKey(target.namespace, target.pod);
    const pod = ground.names.pods.get(key);
    const instances = ground.truth.instancesOfPod.get(key);
    if (!pod || !instances) return;
    const series = ledger.series.filter((s) => s.target === index && TCP_FAMILIES.has(s.name));
    for (const segment of segmentsOf(target, instances)) {
      const { cells, strangers } = tcpCellsOf(segment, series, pod, ground, reach);
      const readings = segment.scrapes.map((s) => readingOf(s, segment.instance, settings));
      const found: ObservedTcp = { segment, cells: [] };
      for (const cell of cells) {
        const scope = scopeOf(cell, segment, ground, reach);
        const pair = pairOf(cell, segment, ground.names);
        const intervals = check(ledger.source, segment, cell, scope, pair, readings, recorder);
        if (isShown(cell)) {
          const { peer, values } = cell;
          const { source } = ledger;
          witness?.compared({ ledger: source, target, segment, edge: pair, peer, status: OPENED, values, intervals });
        }
        found.cells.push({ cell, scope, pair });
      }
      for (const stranger of strangers) report(ledger.source, segment, stranger, recorder);
      observed.push(found);
    }
  });
  return observed;
}

/** As flows name what they count. */
export const OPENED = 'connections';

/** Of each connection, the series on the side of whoever is nearer to the caller: flows show this one. */
const isShown = ({ family, side }: TcpCell): boolean => family === 'tcp_open_total' && side === 'src';

function scopeOf(cell: TcpCell, { instance }: Segment, ground: TcpGround, reach: Reach): TcpScope {
  const [layer, who, pod] = cell.peer.split('|') as [TcpLayer, string, string?];
  if (layer === 'server' || layer === 'app') {
    const callers = layer === 'app' ? null : callersWith(who, instance.workload, ground.connections, reach);
    return buildTcpScope(ground.connections, {
      layer,
      callee: instance.workload,
      service: null,
      caller: null,
      callers,
      pod: instance.pod,
      incarnation: instance,
    });
  }
  return buildTcpScope(ground.connections, {
    layer,
    callee: ground.names.services.get(who)?.workload ?? who,
    service: who,
    caller: instance,
    callers: null,
    pod: pod ?? null,
    incarnation: null,
  });
}

/** Workloads whose connections the callee's proxy sees under this identity. */
function callersWith(identity: string, callee: string, connections: TcpTruth, reach: Reach): Set<string> {
  const list = connections.connected.get(callee) ?? [];
  return new Set(
    list.filter((c) => reach.identity(c.caller.workload, c.service) === identity).map((c) => c.caller.workload),
  );
}

function pairOf(cell: TcpCell, { instance }: Segment, names: Names): Pair {
  const [layer, who] = cell.peer.split('|') as [string, string];
  if (layer === 'client' || layer === 'peer') {
    const destination = names.services.get(who)?.workload ?? who;
    return { source: instance.workload, destination, direction: 'outbound' };
  }
  const sources = layer === 'app' ? ['*'] : [...(names.workloadsOfIdentity.get(who) ?? [])].sort();
  return {
    source: sources.length > 0 ? sources.join('|') : '-',
    destination: instance.workload,
    direction: 'inbound',
  };
}

function check(
  ledger: MetricLedger['source'],
  segment: Segment,
  cell: TcpCell,
  scope: TcpScope,
  pair: Pair,
  readings: readonly Reading[],
  recorder: Recorder,
): Interval[] {
  const pod = cell.peer.startsWith('peer|') ? ` to ${cell.peer.split('|')[2]}` : '';
  const side = cell.side === '' ? '' : `, peer ${cell.side}`;
  const subject: Subject = {
    family: cell.family,
    ledger,
    ...pair,
    status: null,
    place: `${segment.instance.pod} incarnation ${segment.instance.ordinal}${pod}${side}`,
    reason: TCP_FAMILIES.get(cell.family)!.reason,
    exact: true,
  };
  const checker = recorder.about(subject);
  const boundAt = tcpBound(scope, cell.measure);
  return readings.map((reading, i) => {
    const bound = boundAt(reading);
    const t = segment.scrapes[i]!.t;
    checker.check(t, cell.values[i]!, bound, reading.settled ? 'NOT_EQUAL_AT_END' : 'BOUND_VIOLATED');
    if (reading.settled) recorder.width(subject, bound);
    if (i > 0 && cell.measure !== 'current' && cell.values[i]! < cell.values[i - 1]!) {
      recorder
        .about({ ...subject, reason: MONOTONE })
        .check(t, cell.values[i]!, { low: cell.values[i - 1]!, high: Number.POSITIVE_INFINITY }, 'COUNTER_FELL');
    }
    return bound;
  });
}

function report(ledger: MetricLedger['source'], segment: Segment, stranger: TcpStranger, recorder: Recorder): void {
  const checker = recorder.about({
    family: stranger.family,
    ledger,
    source: '?',
    destination: segment.instance.workload,
    direction: 'inbound',
    status: null,
    place: `${segment.instance.pod} incarnation ${segment.instance.ordinal}: ${stranger.why}`,
    reason: 'the truth knows no such connections',
    exact: true,
  });
  stranger.values.forEach((value, i) => {
    checker.check(segment.scrapes[i]!.t, value, { low: 0, high: 0 }, 'UNEXPLAINED_SERIES');
  });
}
