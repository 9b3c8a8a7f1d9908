import { GRPC_CODES } from '../../core/outcome.ts';
import type { FailureAccrual, RetryPolicy, Timeouts } from '../../core/policy.ts';
import { formatDuration } from '../../core/units.ts';
import type { Path } from '../error.ts';
import type { FailureAccrualEntry, RetryEntry, TimeoutsEntry } from '../schema/retries.ts';
import type { Context } from './context.ts';

export function toRetry(entry: RetryEntry, at: Path, context: Context): RetryPolicy {
  if (!entry.http && !entry.grpc && entry.timeout === undefined && context.isWhole(at)) {
    context.report(at, 'this retries nothing', 'add `http: [5xx]`, `grpc: [unavailable]` or `timeout: 200ms`');
  }
  return {
    http: entry.http ?? [],
    grpc: (entry.grpc ?? []).map((name) => GRPC_CODES.indexOf(name.toUpperCase().replace('-', '_') as 'OK')),
    limit: entry.limit,
    timeoutMs: entry.timeout ?? null,
  };
}

export function toTimeouts(entry: TimeoutsEntry, at: Path, context: Context): Timeouts {
  const timeouts = {
    requestMs: entry.request ?? null,
    responseMs: entry.response ?? null,
    idleMs: entry.idle ?? null,
  };
  if (Object.values(timeouts).every((time) => time === null) && context.isWhole(at)) {
    context.report(at, 'this limits nothing', 'add `request: 500ms`, `response:` or `idle:`');
  }
  return timeouts;
}

export function toFailureAccrual(entry: FailureAccrualEntry, at: Path, context: Context): FailureAccrual {
  if (entry.minPenalty > entry.maxPenalty) {
    context.report(
      [...at, 'minPenalty'],
      `minPenalty ${formatDuration(entry.minPenalty)} is above maxPenalty ${formatDuration(entry.maxPenalty)}`,
      'exchange the two',
    );
  }
  return {
    maxFailures: entry.maxFailures,
    minPenaltyMs: entry.minPenalty,
    maxPenaltyMs: entry.maxPenalty,
    jitterRatio: entry.jitter,
  };
}
