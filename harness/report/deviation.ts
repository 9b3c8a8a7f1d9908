import { GRPC_FAILURES } from '../core/outcome.ts';
import type { FlowResult, QuantileResult, ScenarioResult } from '../result/types.ts';
import { countDeviation } from './flows.ts';
import { formatMs, formatNumber, formatSigned } from './format.ts';

/** The worst that Prometheus was off the truth, by golden metric, in a few characters. */
export interface Deviation {
  /** `none`: there was nothing to compare. `missing`: there was, and Prometheus had no data. */
  state: 'exact' | 'within' | 'off' | 'missing' | 'none';
  text: string;
  /** The same as a number: a share, a difference of two shares, milliseconds. null: there is none. */
  value: number | null;
}

export interface GoldenDeviations {
  /** Requests: by how many the count is off, and what share of the truth that is. */
  count: Deviation;
  /** Success rate: in percentage points (pp). */
  success: Deviation;
  /** Latency: how far a quantile over buckets lies from the truth; `within` as long as its bucket allows that. */
  latency: Deviation;
}

const NONE: Deviation = { state: 'none', text: '-', value: null };
const MISSING: Deviation = { state: 'missing', text: 'no data', value: null };
const EXACT: Deviation = { state: 'exact', text: 'exact', value: 0 };

export function goldenDeviations(scenario: ScenarioResult): GoldenDeviations {
  return {
    count: countOf(scenario.flows),
    success: successOf(scenario.flows),
    latency: latencyOf(scenario.quantiles),
  };
}

function countOf(flows: FlowResult[]): Deviation {
  if (flows.length === 0) return NONE;
  if (flows.some((f) => f.prometheus === null && f.verdict !== 'pass')) return MISSING;
  let worst = { deviation: 0, share: 0, off: false };
  for (const flow of flows) {
    const deviation = countDeviation(flow) ?? 0;
    const share = Math.abs(deviation) / Math.max(1, flow.truth);
    // Callers that gave up leave open what was counted: only the verdict knows.
    const off = flow.verdict !== 'pass' && deviation !== 0;
    if (off === worst.off ? share > worst.share : off) worst = { deviation, share, off };
  }
  if (worst.deviation === 0) return EXACT;
  const text = `${formatSigned(worst.deviation, 1)} (${formatNumber(worst.share * 100, 1)}%)`;
  return { state: worst.off ? 'off' : 'within', text, value: Math.sign(worst.deviation) * worst.share };
}

/** Sums of floats. */
const NOTHING = 1e-9;

function successOf(flows: FlowResult[]): Deviation {
  let worst = { by: 0, off: false };
  let compared = false;
  const answers = flows.filter((f) => f.protocol !== 'tcp');
  for (const group of Map.groupBy(answers, (f) => JSON.stringify([f.source, f.destination, f.direction])).values()) {
    if (group.some((f) => f.prometheus === null)) {
      if (group.some((f) => f.prometheus === null && f.verdict !== 'pass')) return MISSING;
      continue;
    }
    const by = successDeviation(group);
    if (by === null) continue;
    compared = true;
    const off = Math.abs(by) >= NOTHING && group.some((f) => f.verdict !== 'pass');
    if (off === worst.off ? Math.abs(by) > Math.abs(worst.by) : off) worst = { by, off };
  }
  if (!compared) return NONE;
  const text = `${formatSigned(worst.by * 100, 2)} pp`;
  return Math.abs(worst.by) < NOTHING ? EXACT : { state: worst.off ? 'off' : 'within', text, value: worst.by };
}

/** How far the observed ratio is outside of those that the unobservable requests allow. */
function successDeviation(group: FlowResult[]): number | null {
  const sum = (flows: FlowResult[], key: 'truth' | 'prometheus' | 'unobservable') =>
    flows.reduce((total, f) => total + (f[key] ?? 0), 0);
  const good = group.filter(isSuccess);
  const bad = group.filter((f) => !isSuccess(f));
  const seen = sum(group, 'prometheus');
  const truth = sum(group, 'truth');
  if (seen === 0 || truth === 0) return null;
  const observed = sum(good, 'prometheus') / seen;
  const [goodTruth, badTruth] = [sum(good, 'truth'), sum(bad, 'truth')];
  const low = ratio(goodTruth - sum(good, 'unobservable'), badTruth);
  const high = ratio(goodTruth, badTruth - sum(bad, 'unobservable'));
  if (observed < low) return observed - low;
  return observed > high ? observed - high : 0;
}

function ratio(good: number, bad: number): number {
  return good + bad > 0 ? Math.max(0, good) / (Math.max(0, good) + Math.max(0, bad)) : 1;
}

/** As Linkerd classifies: a 5xx, some codes of gRPC, and no answer are failures. */
export function isSuccess({ status }: FlowResult): boolean {
  const code = /^grpc (\d+)/.exec(status)?.[1];
  if (code !== undefined) return !GRPC_FAILURES.has(Number(code));
  return status !== '' && !status.startsWith('5');
}

function latencyOf(quantiles: QuantileResult[]): Deviation {
  if (quantiles.length === 0) return NONE;
  if (quantiles.some((q) => q.observedMs === null && q.verdict !== 'pass')) return MISSING;
  let worst = { off: 0, outside: false };
  for (const q of quantiles) {
    if (q.observedMs === null) continue;
    const off = q.observedMs - q.truthMs;
    // Its bucket has edges for whole milliseconds as well: only the verdict knows.
    const outside = q.verdict === 'fail';
    const worse = outside === worst.outside ? Math.abs(off) > Math.abs(worst.off) : outside;
    if (worse) worst = { off, outside };
  }
  const text = `${worst.off > 0 ? '+' : ''}${formatMs(worst.off)}`;
  const value = worst.off;
  return worst.outside ? { state: 'off', text: `${text} !`, value } : { state: 'within', text, value };
}
