import type { BoundResult, FlowResult, VerdictValue } from '../../result/types.ts';
import type { Coverage } from '../coverage.ts';
import type { LedgerName, Recorder } from '../recorder.ts';
import { flowKey } from '../recorder.ts';
import { isOver } from '../truth.ts';
import type { Witness } from '../witness.ts';
import { wasOpen } from './connections.ts';
import { TCP_FAMILIES } from './families.ts';
import { type ObservedTcp, OPENED, type Pair, type TcpGround } from './reconcile.ts';
import type { TcpScope } from './scope.ts';

/** What a TCP flow counts: its connections, the bytes from caller to callee, and those that came back. */
export const TCP_QUANTITIES = [OPENED, 'bytes up', 'bytes down'] as const;
export type TcpQuantity = (typeof TCP_QUANTITIES)[number];

const QUANTITY_OF: Record<string, TcpQuantity> = {
  tcp_open_total: OPENED,
  tcp_read_bytes_total: 'bytes up',
  tcp_write_bytes_total: 'bytes down',
};

/** Of each family, the series on the side of whoever is nearer to the caller: what it reads is what the caller writes. */
interface Draft {
  pair: Pair;
  quantity: TcpQuantity;
  truth: number;
  unobservable: number;
  proxy: number | null;
  prometheus: number | null;
  pods: Set<string>;
}

/** The TCP flows of a run: source, destination, direction, and what is counted. */
export function buildTcpFlows(
  ground: TcpGround,
  observed: Record<LedgerName, readonly ObservedTcp[]>,
  recorder: Recorder,
  coverage: Coverage,
  witness?: Witness,
): FlowResult[] {
  const drafts = new Map<string, Draft>();
  const counted = new Set<string>();
  for (const ledger of ['prometheus', 'proxy'] as const) {
    for (const { segment, cells } of observed[ledger]) {
      for (const { cell, scope, pair } of cells) {
        const quantity = QUANTITY_OF[cell.family];
        if (!quantity || cell.side !== 'src') continue;
        const draft = draftOf(drafts, pair, quantity);
        const value = cell.values.at(-1) ?? 0;
        draft[ledger] = (draft[ledger] ?? 0) + value;
        draft.pods.add(segment.instance.pod);
        const key = `${segment.instance.id}|${cell.peer}|${quantity}`;
        if (!counted.has(key)) {
          counted.add(key);
          draft.truth += truthOf(scope, quantity);
          if (quantity === OPENED) witness?.truth({ edge: pair, status: OPENED, times: openedIn(scope) });
        }
        const over = isOver(segment.instance);
        if (ledger === 'prometheus' && over) draft.unobservable += Math.max(0, truthOf(scope, quantity) - value);
      }
    }
  }
  addUnscraped(drafts, ground, counted, witness);
  return [...drafts.values()]
    .map((draft) => resultOf(draft, recorder, coverage))
    .filter((f) => f.truth > 0 || f.proxy || f.prometheus || f.verdict !== 'pass')
    .sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

function draftOf(drafts: Map<string, Draft>, pair: Pair, quantity: TcpQuantity): Draft {
  const key = `${flowKey(pair)}|${quantity}`;
  const known = drafts.get(key);
  if (known) return known;
  const draft: Draft = {
    ...{ pair, quantity, truth: 0, unobservable: 0, proxy: null, prometheus: null },
    pods: new Set(),
  };
  drafts.set(key, draft);
  return draft;
}

/** By whom the bytes are known better: callers on the outbound side, callees on the inbound one. */
function truthOf({ layer, mine, accepted }: TcpScope, quantity: TcpQuantity): number {
  const callers = layer === 'client';
  if (quantity === OPENED) return callers ? mine.filter(wasOpen).length : accepted.length;
  const up = quantity === 'bytes up';
  return callers
    ? mine.reduce((sum, { connection: c }) => sum + (up ? c.writtenBytes : c.readBytes), 0)
    : accepted.reduce((sum, { connection: c }) => sum + (up ? c.readBytes : c.writtenBytes), 0);
}

/** When the connections of `truthOf` began, epoch ms. */
function openedIn({ layer, mine, accepted }: TcpScope): number[] {
  const those = layer === 'client' ? mine.filter(wasOpen) : accepted;
  return those.map(({ connection }) => connection.openMs);
}

/** Connections of incarnations of which no ledger has any reading: the flow is there, and nobody has seen it. */
function addUnscraped(
  drafts: Map<string, Draft>,
  { connections }: TcpGround,
  counted: ReadonlySet<string>,
  witness?: Witness,
): void {
  for (const list of connections.connected.values()) {
    for (const c of list) {
      if (!wasOpen(c) || counted.has(`${c.caller.id}|client|${c.service}|${OPENED}`)) continue;
      const pair: Pair = { source: c.caller.workload, destination: c.callee, direction: 'outbound' };
      const draft = drafts.get(`${flowKey(pair)}|${OPENED}`);
      if (!draft) continue;
      witness?.truth({ edge: pair, status: OPENED, times: [c.connection.openMs] });
      draft.truth++;
      draft.unobservable++;
    }
  }
}

function resultOf(draft: Draft, recorder: Recorder, coverage: Coverage): FlowResult {
  const { pair, quantity, truth, proxy, prometheus, unobservable } = draft;
  const bounds = boundsOf(pair, quantity, recorder);
  return {
    ...pair,
    route: 'opaq',
    protocol: 'tcp',
    status: quantity,
    truth,
    proxy,
    prometheus,
    unobservable,
    verdict: verdictOf(draft, bounds, coverage),
    truthByRoute: {},
    bounds,
  };
}

/** Bounds of the pair, and those of all sources together. What is no count of bytes stands at the connections. */
function boundsOf(pair: Pair, quantity: TcpQuantity, recorder: Recorder): BoundResult[] {
  return [...recorder.bounds.values()]
    .filter(
      ({ subject: s }) =>
        TCP_FAMILIES.has(s.family) &&
        (QUANTITY_OF[s.family] ?? OPENED) === quantity &&
        s.direction === pair.direction &&
        s.destination === pair.destination &&
        (s.source === pair.source || s.source === '*' || s.source === '?'),
    )
    .map(({ result }) => result);
}

function verdictOf(draft: Draft, bounds: readonly BoundResult[], coverage: Coverage): VerdictValue {
  if (bounds.some((b) => b.violations > 0)) return 'fail';
  const blind = (ledger: LedgerName): boolean => [...draft.pods].some((p) => coverage.blind[ledger].has(p));
  return blind('proxy') || blind('prometheus') ? 'inconclusive' : 'pass';
}

function textOf(f: FlowResult): string {
  return [f.source, f.destination, f.direction, TCP_QUANTITIES.indexOf(f.status as TcpQuantity)].join('|');
}
