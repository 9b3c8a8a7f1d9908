import type { TrafficShape, TrafficSpec } from '../scenario/model.ts';
import { wholeRates } from './rate.ts';

/** A k6 scenario, as its `options.scenarios` takes it. */
export interface K6Scenario {
  executor: string;
  startTime: string;
  gracefulStop: string;
  env: { STREAM: string };
  [option: string]: unknown;
}

/** After its time is over a stream's last requests may still take their whole timeout. */
const GRACE_MARGIN_MS = 500;

/** k6 refuses its constant executors a shorter time; its ramping ones take any. */
const CONSTANT_MIN_MS = 1000;

/** How long k6 waits for requests in flight when the stream's time is over. */
export function gracefulStopMs(spec: TrafficSpec): number {
  return Math.max(0, ...spec.requests.map((r) => r.timeoutMs)) + GRACE_MARGIN_MS;
}

/**
 * The k6 scenario of one stream. All VUs are made ahead: one that k6 had to add under way would come too late for the
 * iteration that needed it, which k6 then drops.
 */
export function k6Scenario(spec: TrafficSpec, index: number): K6Scenario {
  const common = {
    startTime: millis(spec.startMs),
    gracefulStop: millis(gracefulStopMs(spec)),
    env: { STREAM: String(index) },
  };
  const shape = spec.shape;
  switch (shape.executor) {
    case 'constant-vus':
      if (shape.durationMs < CONSTANT_MIN_MS) {
        const stages = [{ target: shape.vus, duration: millis(shape.durationMs) }];
        return { executor: 'ramping-vus', ...common, startVUs: shape.vus, stages };
      }
      return { executor: shape.executor, ...common, vus: shape.vus, duration: millis(shape.durationMs) };
    case 'constant-arrival-rate': {
      if (shape.durationMs < CONSTANT_MIN_MS) {
        const { ratePerSecond, durationMs, maxVUs } = shape;
        return k6Scenario({ ...spec, shape: levelRamp(ratePerSecond, durationMs, maxVUs) }, index);
      }
      const { timeUnitSeconds, rates } = wholeRates([shape.ratePerSecond]);
      return {
        executor: shape.executor,
        ...common,
        rate: rates[0],
        timeUnit: `${timeUnitSeconds}s`,
        duration: millis(shape.durationMs),
        preAllocatedVUs: shape.maxVUs,
        maxVUs: shape.maxVUs,
      };
    }
    case 'ramping-arrival-rate': {
      const { timeUnitSeconds, rates } = wholeRates([
        shape.startRatePerSecond,
        ...shape.stages.map((s) => s.ratePerSecond),
      ]);
      return {
        executor: shape.executor,
        ...common,
        startRate: rates[0],
        timeUnit: `${timeUnitSeconds}s`,
        stages: shape.stages.map((stage, i) => ({ target: rates[i + 1], duration: millis(stage.durationMs) })),
        preAllocatedVUs: shape.maxVUs,
        maxVUs: shape.maxVUs,
      };
    }
  }
}

/** An arrival rate that stays as it is, as the ramp from itself to itself. */
function levelRamp(ratePerSecond: number, durationMs: number, maxVUs: number): TrafficShape {
  return {
    executor: 'ramping-arrival-rate',
    startRatePerSecond: ratePerSecond,
    stages: [{ ratePerSecond, durationMs }],
    maxVUs,
  };
}

function millis(ms: number): string {
  return `${Math.round(ms)}ms`;
}
