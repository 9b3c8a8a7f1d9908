import { EXIT, HarnessError } from '../../core/errors.ts';
import type { Objectives } from '../../result/bench/types.ts';
import { type RequestSpec, type Scenario, shapeDurationMs, type TrafficShape } from '../../scenario/model.ts';

/** How long a point's traffic lasts. */
export interface PointTimes {
  warmupMs: number;
  measuredMs: number;
}

/** Name of the one stream of a point. */
const STREAM = 'capacity';
/** Share of the warm-up in which the rate rises; for the rest of it the rate is that of the point, and nothing counts yet. */
const RISING = 0.6;
/** The rate that it rises from, as a share. */
const RISES_FROM = 0.1;
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * Virtual users: so many that k6 lacks one only when requests stay for longer than a mesh within its objectives ever keeps
 * them. By Little's law rate x latency are under way; the bound on latency is taken several times, and a second at least, so
 * that a machine that stutters drops nothing. Each user costs k6 memory and time to make: hence a limit.
 */
const TIMES_THE_BOUND = 4;
const SHORTEST_BOUND_MS = 1000;
const MIN_USERS = 20;
const MAX_USERS = 2000;

/**
 * The traffic whose rate is looked for, as one open stream of weighted requests: with one stream a missing user is missed by
 * all requests alike, and its arrivals are evenly spaced whatever they ask for.
 * @param of `*`, or `namespace/name`
 * @returns requests with weights that sum up to 1, and the rate that the scenario itself has of them, per second
 * @throws HarnessError UNKNOWN_SERVICE, CAPACITY_TRAFFIC
 */
export function loadOf(scenario: Scenario, of: string): { requests: RequestSpec[]; ratePerSecond: number } {
  const all = weighted(scenario);
  if (of === '*') return normal(all);
  const service = scenario.services.find(({ id }) => id === of);
  if (!service) {
    throw new HarnessError('UNKNOWN_SERVICE', `${scenario.name} has no service ${of}`, {
      hint: `its services: ${scenario.services.map(({ id }) => id).join(', ')}`,
      exitCode: EXIT.invalidInput,
    });
  }
  const to = all.filter(({ request }) => request.service === of);
  if (to.length > 0) return normal(to);
  const { protocol = 'http' } = service;
  if (protocol !== 'http' && protocol !== 'grpc') {
    throw refused(`${of} speaks ${protocol}, which k6 does not`, 'name a service that calls it');
  }
  const timeoutMs = Math.max(DEFAULT_TIMEOUT_MS, ...all.map(({ request }) => request.timeoutMs));
  const routes = service.routes.filter(({ streams }) => !streams);
  if (routes.length === 0) throw refused(`${of} has no route that k6 can ask for`, 'name a service that calls it');
  const requests = routes.map(({ method, path }) => ({
    ratePerSecond: 0,
    request: {
      service: of,
      method: protocol === 'grpc' ? 'POST' : method === null || method === 'CONNECT' ? 'GET' : method,
      path,
      weight: 1 / routes.length,
      requestBytes: 0,
      timeoutMs,
    } satisfies RequestSpec,
  }));
  return { requests: requests.map(({ request }) => request), ratePerSecond: normal(all).ratePerSecond };
}

interface Weighted {
  request: RequestSpec;
  ratePerSecond: number;
}

/** Every request of the scenario with the rate that it has while its stream runs. */
function weighted({ name, traffic }: Scenario): Weighted[] {
  const closed = traffic.filter(({ shape }) => shape.executor === 'constant-vus');
  if (closed.length > 0 && closed.length < traffic.length) {
    throw refused(
      `${name} has streams with an arrival rate and others without (${closed[0]!.name}): their proportions are not known`,
      'give each stream an arrival rate, or none',
    );
  }
  return traffic.flatMap(({ shape, requests }) => {
    const total = requests.reduce((sum, { weight }) => sum + weight, 0);
    return requests.map((request) => ({ request, ratePerSecond: (meanRate(shape) * request.weight) / total }));
  });
}

/** Requests per second; of a closed model its users: they have no rate of their own, but proportions. */
function meanRate(shape: TrafficShape): number {
  switch (shape.executor) {
    case 'constant-vus':
      return shape.vus;
    case 'constant-arrival-rate':
      return shape.ratePerSecond;
    case 'ramping-arrival-rate': {
      let from = shape.startRatePerSecond;
      let requests = 0;
      for (const { ratePerSecond, durationMs } of shape.stages) {
        requests += ((from + ratePerSecond) / 2) * durationMs;
        from = ratePerSecond;
      }
      return requests / Math.max(1, shapeDurationMs(shape));
    }
  }
}

function normal(all: readonly Weighted[]): { requests: RequestSpec[]; ratePerSecond: number } {
  const ratePerSecond = all.reduce((sum, one) => sum + one.ratePerSecond, 0);
  if (!(ratePerSecond > 0)) throw refused('there is no traffic', 'the scenario needs a stream with a rate above zero');
  const requests = all
    .filter((one) => one.ratePerSecond > 0)
    .map((one) => ({ ...one.request, weight: one.ratePerSecond / ratePerSecond }));
  return { requests, ratePerSecond };
}

/**
 * Whether a scenario can be loaded at a rate of choice.
 * @throws HarnessError CAPACITY_TRAFFIC, UNKNOWN_SERVICE
 */
export function checkLoad(scenario: Scenario, of: string): void {
  if (scenario.faults && scenario.faults.length > 0) {
    throw refused(
      `${scenario.name} provokes faults: what it measured would be of them`,
      'choose a scenario without `faults:`',
    );
  }
  loadOf(scenario, of);
}

/**
 * The scenario at an arrival rate: an open model, its requests in their proportions. The rate rises in the warm-up, without a
 * step from zero, and then stays. What would disturb it (changes of behaviour, restarts) and what is expected of it besides
 * its telemetry is left out; every flow is judged.
 */
export function scenarioAt(
  scenario: Scenario,
  options: { of: string; ratePerSecond: number; times: PointTimes; objectives: Objectives; unmeshed: boolean },
): Scenario {
  const { of, ratePerSecond, times, objectives, unmeshed } = options;
  const { faults: _none, rollout: _neither, rules: _nor, unmeshed: _its, ...rest } = scenario;
  return {
    ...rest,
    timeline: [],
    restarts: [],
    expect: { goldenEveryFlow: true, slo: [], idle: [] },
    traffic: [
      {
        name: STREAM,
        startMs: 0,
        shape: shapeOf(ratePerSecond, times, usersFor(ratePerSecond, objectives)),
        requests: loadOf(scenario, of).requests,
      },
    ],
    ...(unmeshed && { unmeshed: true }),
  };
}

/** The arrivals of a point. */
export function shapeOf(
  ratePerSecond: number,
  { warmupMs, measuredMs }: PointTimes,
  maxVUs: number,
): Extract<TrafficShape, { executor: 'ramping-arrival-rate' }> {
  const risingMs = Math.round(warmupMs * RISING);
  return {
    executor: 'ramping-arrival-rate',
    startRatePerSecond: roundedRate(ratePerSecond * RISES_FROM),
    stages: [
      { ratePerSecond, durationMs: risingMs },
      { ratePerSecond, durationMs: warmupMs - risingMs + measuredMs },
    ],
    maxVUs,
  };
}

/** How long the full rate lasts before anything counts, ms. */
export function fullBeforeMs({ warmupMs }: Pick<PointTimes, 'warmupMs'>): number {
  return warmupMs - Math.round(warmupMs * RISING);
}

export function usersFor(ratePerSecond: number, { p50Ms, p95Ms, p99Ms }: Objectives): number {
  const boundMs = Math.max(SHORTEST_BOUND_MS, TIMES_THE_BOUND * Math.max(p50Ms ?? 0, p95Ms ?? 0, p99Ms ?? 0));
  return Math.min(MAX_USERS, Math.max(MIN_USERS, Math.ceil((ratePerSecond * boundMs) / 1000)));
}

/** A rate that people can read, and that k6 takes as a whole number in a time unit that is not too long. */
export function roundedRate(ratePerSecond: number): number {
  const digits = ratePerSecond >= 1000 ? 0 : ratePerSecond >= 100 ? 1 : ratePerSecond >= 1 ? 2 : 4;
  return Math.max(Number(ratePerSecond.toFixed(digits)), 0.0001);
}

function refused(message: string, hint: string): HarnessError {
  return new HarnessError('CAPACITY_TRAFFIC', message, { hint, exitCode: EXIT.invalidInput });
}
