import {
  DEFAULT_OPAQUE_PORTS,
  type FailureAccrual,
  NO_TIMEOUTS,
  type RetryPolicy,
  type Timeouts,
} from '../../../../core/policy.ts';
import { ANNOTATIONS } from '../../contract.ts';
import { PortList } from '../../injector/annotations.ts';
import { duration } from './values.ts';

type Annotations = Record<string, string> | undefined;

const DEFAULT_RETRY_LIMIT = 1;
const GRPC_CONDITIONS: Record<string, number> = {
  cancelled: 1,
  'deadline-exceeded': 4,
  'resource-exhausted': 8,
  internal: 13,
  unavailable: 14,
};

/** `retry.linkerd.io/*` of a route or a Service; null without any. @throws RangeError for what Linkerd refuses */
export function retryOf(annotations: Annotations): RetryPolicy | null {
  const limit = number(annotations?.['retry.linkerd.io/limit']);
  const timeoutMs = optionalDuration(annotations?.['retry.linkerd.io/timeout']);
  const http = annotations?.['retry.linkerd.io/http'];
  const grpc = annotations?.['retry.linkerd.io/grpc'];
  // A limit or a timeout of 0 is as if it was not there.
  if (!limit && !timeoutMs && http === undefined && grpc === undefined) return null;
  return {
    http: list(http).map(statusRange),
    grpc: list(grpc).map(grpcCode),
    limit: limit || DEFAULT_RETRY_LIMIT,
    timeoutMs: timeoutMs || null,
  };
}

/** `timeout.linkerd.io/*`. @throws RangeError */
export function timeoutsOf(annotations: Annotations): Timeouts {
  const of = (name: string) => optionalDuration(annotations?.[`timeout.linkerd.io/${name}`]);
  const [requestMs, responseMs, idleMs] = [of('request'), of('response'), of('idle')];
  return requestMs === null && responseMs === null && idleMs === null ? NO_TIMEOUTS : { requestMs, responseMs, idleMs };
}

/** `balancer.linkerd.io/failure-accrual*` of a Service; only the mode `consecutive`. @throws RangeError */
export function failureAccrualOf(annotations: Annotations): FailureAccrual | null {
  const mode = 'balancer.linkerd.io/failure-accrual';
  if (annotations?.[mode] !== 'consecutive') return null;
  const of = (name: string) => annotations[`${mode}-consecutive-${name}`];
  const accrual: FailureAccrual = {
    maxFailures: number(of('max-failures')) ?? 7,
    minPenaltyMs: optionalDuration(of('min-penalty')) ?? 1000,
    maxPenaltyMs: optionalDuration(of('max-penalty')) ?? 60_000,
    jitterRatio: number(of('jitter-ratio')) ?? 0.5,
  };
  if (accrual.minPenaltyMs > accrual.maxPenaltyMs || accrual.maxPenaltyMs === 0) throw new RangeError('no penalty');
  return accrual;
}

/** The annotation in place of the default list, also when it is empty. @throws HarnessError BAD_PORTS */
export function isOpaque(annotations: Annotations, port: number): boolean {
  const ports = annotations?.[ANNOTATIONS.opaquePorts];
  return ports === undefined
    ? DEFAULT_OPAQUE_PORTS.includes(port)
    : new PortList(ANNOTATIONS.opaquePorts, ports).includes(port);
}

function statusRange(condition: string): [number, number] {
  const named = { '5xx': [500, 599], 'gateway-error': [502, 504] }[condition.toLowerCase()];
  if (named) return named as [number, number];
  const [, low, high = low] = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(condition) ?? [];
  if (low === undefined || Number(low) > Number(high)) throw new RangeError(`no statuses: ${condition}`);
  return [Number(low), Number(high)];
}

function grpcCode(condition: string): number {
  const code = GRPC_CONDITIONS[condition.toLowerCase()];
  if (code === undefined) throw new RangeError(`no gRPC condition: ${condition}`);
  return code;
}

function list(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',');
}

function number(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text.trim());
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) throw new RangeError(`no number: ${text}`);
  return value;
}

function optionalDuration(text: string | undefined): number | null {
  return text === undefined ? null : duration(text);
}
