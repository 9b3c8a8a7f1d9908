import type { Topology } from '../core/topology.ts';
import type { MetricLedger, TruthJournal } from '../ledger/types.ts';
import type { CheckSummary, FlowResult, QuantileResult, Reason, SloResult, VerdictValue } from '../result/types.ts';
import type { Expectations } from '../scenario/model.ts';
import { type CoverageWindow, checkCoverage } from './coverage.ts';
import { checkOutboundAgainstInbound } from './crosscheck.ts';
import { buildFlows } from './flows.ts';
import { checkIdle } from './idle.ts';
import { checkLedgersAgree } from './ledgers-agree.ts';
import { notesOf } from './notes.ts';
import { namesOf } from './projection.ts';
import { buildQuantiles, pairLatencies } from './quantiles.ts';
import { fail, inconclusive, reasonsOf } from './reasons.ts';
import { reconcile } from './reconcile.ts';
import { Recorder } from './recorder.ts';
import { checkRefusalsAddUp, unexplainedRefusals } from './refusals.ts';
import { ScopeBook } from './scopebook.ts';
import { SeriesIndex } from './series-index.ts';
import { evaluateSlos } from './slo.ts';
import { duplicateSeries, duplicateTargets, unjudgedTargets } from './targets.ts';
import { judgeTcp } from './tcp/index.ts';
import { compileTruth, type Truth } from './truth.ts';
import { Versions } from './versions/index.ts';
import type { Witness } from './witness.ts';

/** All that the judge sees: ledgers, who stands in the mesh, and what was promised. Never what was injected. */
export interface JudgeInput {
  topology: Topology;
  truth: TruthJournal[];
  proxy: MetricLedger;
  prometheus: MetricLedger;
  /** Epoch ms. Nothing moves after `quietFromMs`. */
  window: CoverageWindow;
  /** How far the clocks of all ledgers may be apart. */
  clockMarginMs: number;
  /** Versions of the proxy that the mesh is to have, oldest first; their pages say which each is, all but the oldest ones'. */
  proxyVersions?: readonly string[];
  load: { droppedIterations: number; interrupted: boolean };
  expect: Expectations;
}

export interface Judgement {
  verdict: VerdictValue;
  reasons: Reason[];
  notes: string[];
  flows: FlowResult[];
  quantiles: QuantileResult[];
  slo: SloResult[];
  checks: CheckSummary[];
}

const MAX_MARGIN_MS = 500;

/**
 * Compares the three ledgers with one another. docs/bounds.md derives every bound.
 * @param witness told of what flows are made of; the judgement is the same without one
 */
export function judge(input: JudgeInput, witness?: Witness): Judgement {
  const { topology, proxy, prometheus, window, expect } = input;
  const alignable = input.clockMarginMs >= 0 && input.clockMarginMs <= MAX_MARGIN_MS;
  const marginMs = alignable ? input.clockMarginMs : MAX_MARGIN_MS;
  const settings = { marginMs, quietFromMs: window.quietFromMs, trafficEndMs: window.trafficEndMs };

  const truth = compileTruth(input.truth, topology, marginMs);
  const versions = new Versions(truth, [prometheus, proxy], input.proxyVersions);
  const book = new ScopeBook(truth, namesOf(topology), versions);
  const index = new SeriesIndex([proxy, prometheus]);
  const recorder = new Recorder();
  const coverage = checkCoverage(topology, truth, { proxy, prometheus }, window);
  const observed = reconcile({ proxy, prometheus }, index, book, settings, recorder, witness);
  checkLedgersAgree(proxy, prometheus, index, book, settings, recorder);
  checkOutboundAgainstInbound(observed.prometheus, book, recorder);
  checkRefusalsAddUp(observed.proxy, book, recorder);
  checkRefusalsAddUp(observed.prometheus, book, recorder);

  const flows = [
    ...buildFlows(book, observed, recorder, coverage, witness),
    ...judgeTcp(topology, truth, book, { proxy, prometheus }, settings, recorder, coverage, witness),
  ];
  const pairs = pairLatencies(book, observed.prometheus);
  witness?.latencies(pairs);
  const quantiles = buildQuantiles(pairs);
  const seconds = Math.max(0.001, (window.trafficEndMs - window.originMs) / 1000);
  const slos = evaluateSlos(expect.slo, { book, observed: observed.prometheus, pairs, seconds });

  const reasons = [
    // What it is the cause of comes after.
    ...duplicateSeries(proxy),
    ...(expect.goldenEveryFlow ? goldenReasons(recorder, quantiles) : []),
    ...slos.reasons,
    ...checkIdle(expect.idle, topology, truth, [proxy, prometheus]),
    ...duplicateTargets([proxy, prometheus]),
    ...unexplainedRefusals(truth),
    ...coverage.reasons,
    ...circumstances(input, alignable, truth),
  ];
  const notes = [
    ...notesOf({ truth, prometheus, observed: observed.prometheus, flows, recorder, versions }),
    ...unjudgedTargets(topology, truth, [proxy, prometheus]),
  ];
  if (!expect.goldenEveryFlow && recorder.violations.size > 0) {
    notes.push(`${recorder.violations.size} flows and families violate their bounds; the scenario does not judge them`);
  }
  return {
    verdict: worst(reasons),
    reasons,
    notes,
    flows,
    quantiles,
    slo: slos.slo,
    checks: [...recorder.summaries.values()].sort((a, b) => (a.family + a.ledger < b.family + b.ledger ? -1 : 1)),
  };
}

function worst(reasons: readonly Reason[]): VerdictValue {
  if (reasons.some((r) => r.verdict === 'fail')) return 'fail';
  return reasons.length > 0 ? 'inconclusive' : 'pass';
}

function goldenReasons(recorder: Recorder, quantiles: readonly QuantileResult[]): Reason[] {
  const outside = quantiles
    .filter((q) => q.verdict === 'fail')
    .map((q) =>
      fail(
        'QUANTILE_OUTSIDE',
        `p${q.quantile * 100} of ${q.source} -> ${q.destination} (${q.direction}) is ${q.truthMs.toFixed(2)} ms by the callee's clock; by the buckets it lies in [${q.lowMs}, ${q.highMs}) ms`,
      ),
    );
  return [...reasonsOf(recorder.violations.values()), ...outside];
}

/** What makes the measurement itself doubtful. */
function circumstances(input: JudgeInput, alignable: boolean, truth: Truth): Reason[] {
  const reasons: Reason[] = [];
  const { droppedIterations, interrupted } = input.load;
  if (droppedIterations > 0) {
    reasons.push(
      inconclusive(
        'DROPPED_ITERATIONS',
        `k6 dropped ${droppedIterations} iterations: the traffic was not the one asked for`,
      ),
    );
  }
  if (interrupted) reasons.push(inconclusive('INTERRUPTED', 'the load was interrupted before its end'));
  if (!alignable) {
    reasons.push(
      inconclusive(
        'CLOCKS_NOT_ALIGNED',
        `the clocks can't be aligned to ${MAX_MARGIN_MS} ms: their margin is ${input.clockMarginMs} ms`,
      ),
    );
  }
  if (truth.made.size === 0 && truth.instances.every((i) => i.journal.connected.length === 0)) {
    reasons.push(inconclusive('NO_TRAFFIC', 'nobody has made a request: there is nothing to compare'));
  }
  return reasons;
}
