import type { Topology } from '../../core/topology.ts';
import type { MetricLedger } from '../../ledger/types.ts';
import type { FlowResult } from '../../result/types.ts';
import type { Coverage } from '../coverage.ts';
import type { Recorder } from '../recorder.ts';
import type { ScopeBook } from '../scopebook.ts';
import type { Truth } from '../truth.ts';
import type { Witness } from '../witness.ts';
import { compileConnections } from './connections.ts';
import { buildTcpFlows } from './flows.ts';
import { reconcileTcp, type TcpSettings } from './reconcile.ts';

/**
 * TCP connections of the run: every reading of the tcp_* families against the truth, and the flows. Nothing happens when no
 * workload speaks TCP. What is violated goes to the recorder, as of other families.
 */
export function judgeTcp(
  topology: Topology,
  truth: Truth,
  book: Pick<ScopeBook, 'names' | 'versions'>,
  ledgers: { proxy: MetricLedger; prometheus: MetricLedger },
  settings: TcpSettings,
  recorder: Recorder,
  coverage: Coverage,
  witness?: Witness,
): FlowResult[] {
  const connections = compileConnections(truth, topology);
  if (connections.workloads.size === 0) return [];
  const ground = { truth, connections, names: book.names, versions: book.versions, topology };
  const observed = {
    proxy: reconcileTcp(ledgers.proxy, ground, settings, recorder, witness),
    prometheus: reconcileTcp(ledgers.prometheus, ground, settings, recorder, witness),
  };
  return buildTcpFlows(ground, observed, recorder, coverage, witness);
}
