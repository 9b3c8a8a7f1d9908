import { HarnessError } from '../core/errors.ts';
import { classificationOf, GRPC_WITHOUT_TRAILERS, grpcOutcome } from '../core/outcome.ts';
import type { RunningEnvironment } from '../environment/contract.ts';
import type { ServedRequest, TruthJournal } from '../ledger/types.ts';
import { PrometheusClient } from '../prometheus/client.ts';
import {
  grafanaDeployment,
  grafanaTopLine,
  type PeopleMetric,
  type PeopleQuery,
  vizStat,
} from '../prometheus/queries.ts';
import type { QueryResult } from '../result/types.ts';
import type { Scenario } from '../scenario/model.ts';
import type { Observation } from './observe.ts';

/** `linkerd viz stat`'s default window. */
const VIZ_WINDOW_MS = 60_000;
/** Grafana's $__rate_interval is four scrape intervals at least. */
const RATE_INTERVAL_SCRAPES = 4;
/** Below this relative difference a query is taken to say the truth. */
const SAME_WITHIN = 0.01;

interface Asked extends PeopleQuery {
  windowMs: number;
}

/**
 * What people's queries show for each service as traffic ends, beside the truth over the same window. For information:
 * they extrapolate, interpolate and mix in probes, so no verdict hangs on them.
 */
export async function askPeoplesQueries(
  env: RunningEnvironment,
  scenario: Scenario,
  observation: Observation,
  window: { originMs: number; trafficEndMs: number },
): Promise<QueryResult[]> {
  const client = new PrometheusClient(env.prometheusUrl);
  const rateInterval = RATE_INTERVAL_SCRAPES * scenario.mesh.scrapeIntervalMs;
  const results: QueryResult[] = [];
  for (const service of scenario.services) {
    const subject = { namespace: service.namespace, deployment: service.name };
    const asked: Asked[] = [
      ...vizStat(subject, VIZ_WINDOW_MS).map((q) => ({ ...q, windowMs: VIZ_WINDOW_MS })),
      ...grafanaDeployment(subject, rateInterval).map((q) => ({ ...q, windowMs: rateInterval })),
      { ...grafanaTopLine(subject, rateInterval), windowMs: rateInterval },
    ];
    const values = await Promise.all(asked.map((q) => evaluate(client, q, window.trafficEndMs)));
    for (const [index, query] of asked.entries()) {
      const value = values[index] ?? null;
      const truth = truthOver(observation.truth, service.id, window.trafficEndMs - query.windowMs, window.trafficEndMs)[
        query.metric
      ];
      results.push({
        tool: query.tool,
        subject: service.id,
        metric: query.metric,
        expr: query.expr,
        value,
        truth,
        why: differs(value, truth) ? query.caveat : '',
      });
    }
  }
  return results;
}

async function evaluate(client: PrometheusClient, query: PeopleQuery, atMs: number): Promise<number | null> {
  const samples = await client.query(query.expr, atMs).catch((error: unknown) => {
    // Where series stand twice a query may be refused: it shows nothing then.
    if (error instanceof HarnessError && error.code === 'PROMETHEUS_ERROR') return [];
    throw error;
  });
  const value = samples.length === 1 ? samples[0]!.v : Number.NaN;
  return Number.isFinite(value) ? value : null;
}

/** The golden metrics of a service by its own ledger, over requests that ended in (fromMs, untilMs]; probes are not traffic. */
export function truthOver(
  truth: TruthJournal[],
  service: string,
  fromMs: number,
  untilMs: number,
): Record<PeopleMetric, number | null> {
  const served = truth
    .filter((journal) => journal.workload === service)
    .flatMap((journal) => journal.served)
    .filter(
      (r) =>
        r.caller !== '-' && r.endMs !== null && r.endMs > fromMs && r.endMs <= untilMs && r.outcome !== 'client-gone',
    );
  const latencies = served
    .flatMap((r) => (r.firstByteMs === null ? [] : [r.firstByteMs - r.startMs]))
    .sort((a, b) => a - b);
  const good = served.filter((r) => r.outcome === 'completed' && succeeded(r)).length;
  const quantile = (q: number) =>
    latencies[Math.min(latencies.length - 1, Math.ceil(q * latencies.length) - 1)] ?? null;
  return {
    rate: (served.length * 1000) / (untilMs - fromMs),
    successRate: served.length === 0 ? null : good / served.length,
    p50: quantile(0.5),
    p95: quantile(0.95),
    p99: quantile(0.99),
  };
}

/** As Linkerd classifies it; a gRPC answer without trailers is a success to it (telemetry facts, section 2). */
function succeeded({ status, grpc }: ServedRequest): boolean {
  const outcome = grpc === null ? status : grpc === 'missing' ? GRPC_WITHOUT_TRAILERS : grpcOutcome(grpc);
  return classificationOf(outcome) === 'success';
}

function differs(value: number | null, truth: number | null): boolean {
  if (value === null || truth === null) return value !== truth;
  return Math.abs(value - truth) > SAME_WITHIN * Math.max(Math.abs(truth), Number.EPSILON);
}
