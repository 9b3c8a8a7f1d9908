import { classificationOf } from '../core/outcome.ts';
import type { Reason, SloResult } from '../result/types.ts';
import type { SloCondition, SloSpec } from '../scenario/model.ts';
import { isOfService } from './peers.ts';
import { OUTSIDE } from './projection.ts';
import { mergePairs, type PairLatencies, quantileOf, truthQuantile } from './quantiles.ts';
import { fail, inconclusive, show } from './reasons.ts';
import { type ObservedSegment, pairOf } from './reconcile.ts';
import type { ScopeBook } from './scopebook.ts';

export interface SloInput {
  book: ScopeBook;
  observed: readonly ObservedSegment[];
  pairs: readonly PairLatencies[];
  /** Duration of the traffic. */
  seconds: number;
}

/**
 * Service level objectives, by the truth and by Prometheus: from the callers' side, because only there answers that the
 * mesh made are seen. A request without an answer is a failure of the truth; Linkerd does not count it.
 */
export function evaluateSlos(specs: readonly SloSpec[], input: SloInput): { slo: SloResult[]; reasons: Reason[] } {
  const slo: SloResult[] = [];
  const reasons: Reason[] = [];
  for (const spec of specs) {
    for (const condition of spec.conditions) {
      const { result, reason } = evaluate(spec, condition, input);
      slo.push(result);
      if (reason) reasons.push(reason);
    }
  }
  return { slo, reasons };
}

function evaluate(spec: SloSpec, condition: SloCondition, input: SloInput): { result: SloResult; reason?: Reason } {
  const matches = (source: string, destination: string): boolean =>
    (spec.source === '*' || source === spec.source) && (spec.destination === '*' || destination === spec.destination);
  const measured =
    condition.metric === 'successRate'
      ? successRates(matches, input)
      : condition.metric === 'rate'
        ? rates(matches, input)
        : latencies(matches, condition.metric, input);
  const { truth, observed, edges } = measured;
  const text = `${condition.metric} ${condition.text}`;
  const result: SloResult = { flow: spec.flow, condition: text, truth, observed, verdict: 'pass' };
  const name = `${spec.flow}: ${text}`;
  if (truth === null || observed === null) {
    result.verdict = 'inconclusive';
    const who = truth === null ? 'the truth' : 'Prometheus';
    return { result, reason: inconclusive('SLO_NO_DATA', `${name}: ${who} has no such traffic`) };
  }
  const numbers = `the truth is ${withUnit(condition, truth)}, Prometheus says ${withUnit(condition, observed)}`;
  if (!holds(condition, truth)) {
    result.verdict = 'fail';
    return { result, reason: fail('SLO_MISSED', `${name}: missed, ${numbers}`) };
  }
  // A latency is known up to the edges of its bucket only: they disagree when no value between the edges would do.
  const agrees = edges ? edges.some((edge) => holds(condition, edge)) : holds(condition, observed);
  if (!agrees) {
    result.verdict = 'fail';
    return { result, reason: fail('SLO_DISAGREEMENT', `${name}: ${numbers}; by Prometheus it would be missed`) };
  }
  return { result };
}

function holds(condition: SloCondition, value: number): boolean {
  switch (condition.op) {
    case '>=':
      return value >= condition.value;
    case '<=':
      return value <= condition.value;
    case '>':
      return value > condition.value;
    case '<':
      return value < condition.value;
  }
}

function withUnit({ metric }: SloCondition, value: number): string {
  if (metric === 'successRate') return `${show(Number((value * 100).toPrecision(6)))}%`;
  if (metric === 'rate') return `${show(Number(value.toPrecision(4)))}/s`;
  return `${show(Number(value.toPrecision(4)))} ms`;
}

type Match = (source: string, destination: string) => boolean;
interface Measured {
  truth: number | null;
  observed: number | null;
  edges?: number[];
}

function successRates(matches: Match, input: SloInput): Measured {
  let good = 0;
  let all = 0;
  for (const m of input.book.truth.requests) {
    if (!matches(m.caller.workload, m.callee) || m.request.outcome === 'open') continue;
    all++;
    if (m.kind !== 'gone' && classificationOf(m.status) === 'success') good++;
  }
  let seenGood = 0;
  let seen = 0;
  forCounters(input, matches, 'response_total', (kind, status, value) => {
    if (kind === 'total') return;
    seen += value;
    if (kind === 'ok' && classificationOf(status) === 'success') seenGood += value;
  });
  return { truth: all > 0 ? good / all : null, observed: seen > 0 ? seenGood / seen : null };
}

function rates(matches: Match, input: SloInput): Measured {
  let all = 0;
  for (const m of input.book.truth.requests) if (matches(m.caller.workload, m.callee)) all++;
  let seen = 0;
  forCounters(input, matches, 'request_total', (_kind, _status, value) => {
    seen += value;
  });
  const { seconds } = input;
  return { truth: all > 0 ? all / seconds : null, observed: seen > 0 ? seen / seconds : null };
}

function forCounters(
  input: SloInput,
  matches: Match,
  family: string,
  use: (kind: string, status: number, value: number) => void,
): void {
  for (const o of input.observed) {
    for (const cell of o.cells.cells.values()) {
      // Who stands outside the mesh has no proxy: the callee's tells.
      const told = cell.peer.split('|', 2).join('|') === `in|${OUTSIDE}` || isOfService(cell.peer);
      if (cell.family.name !== family || !told) continue;
      const { source, destination } = pairOf(o.segment, cell.peer, input.book);
      if (!matches(source, destination)) continue;
      use(cell.category.kind, 'status' in cell.category ? cell.category.status : 0, cell.last);
    }
  }
}

function latencies(matches: Match, metric: 'p50' | 'p90' | 'p95' | 'p99', input: SloInput): Measured {
  const { identityOfWorkload } = input.book.names;
  const told = (source: string) => (identityOfWorkload.get(source) === OUTSIDE ? 'inbound' : 'outbound');
  const pairs = input.pairs.filter((p) => p.direction === told(p.source) && matches(p.source, p.destination));
  const merged = mergePairs(pairs);
  if (!merged) return { truth: null, observed: null };
  const quantile = Number(metric.slice(1)) / 100;
  const { observedMs, lowMs, highMs } = quantileOf(merged, quantile);
  return { truth: truthQuantile(merged, quantile), observed: observedMs, edges: [lowMs, highMs] };
}
