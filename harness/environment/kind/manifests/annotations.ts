import type { FailureAccrual, RetryPolicy, Timeouts } from '../../../core/policy.ts';
import type { ServiceSpec } from '../../../scenario/model.ts';

/** As Linkerd reads it: whole numbers with a unit. */
export function duration(ms: number): string {
  return `${ms}ms`;
}

/** The codes that `retry.linkerd.io/grpc` has a name for. */
const GRPC_NAMES = new Map([
  [1, 'cancelled'],
  [4, 'deadline-exceeded'],
  [8, 'resource-exhausted'],
  [13, 'internal'],
  [14, 'unavailable'],
]);

/** Of a route, or of a Service for its default route. */
export function retryAnnotations(retry: RetryPolicy | null | undefined): Record<string, string> {
  if (!retry) return {};
  const names = retry.grpc.flatMap((code) => GRPC_NAMES.get(code) ?? []);
  return {
    ...(retry.http.length > 0 && { 'retry.linkerd.io/http': retry.http.map(statusRange).join(',') }),
    ...(names.length > 0 && { 'retry.linkerd.io/grpc': names.join(',') }),
    'retry.linkerd.io/limit': String(retry.limit),
    ...(retry.timeoutMs !== null && { 'retry.linkerd.io/timeout': duration(retry.timeoutMs) }),
  };
}

function statusRange([low, high]: [number, number]): string {
  if (low === 500 && high === 599) return '5xx';
  return low === high ? String(low) : `${low}-${high}`;
}

export function timeoutAnnotations(timeouts: Timeouts | undefined): Record<string, string> {
  if (!timeouts) return {};
  const { requestMs, responseMs, idleMs } = timeouts;
  return {
    ...(requestMs !== null && { 'timeout.linkerd.io/request': duration(requestMs) }),
    ...(responseMs !== null && { 'timeout.linkerd.io/response': duration(responseMs) }),
    ...(idleMs !== null && { 'timeout.linkerd.io/idle': duration(idleMs) }),
  };
}

function accrualAnnotations(accrual: FailureAccrual | undefined): Record<string, string> {
  if (!accrual) return {};
  const mode = 'balancer.linkerd.io/failure-accrual';
  return {
    [mode]: 'consecutive',
    [`${mode}-consecutive-max-failures`]: String(accrual.maxFailures),
    [`${mode}-consecutive-min-penalty`]: duration(accrual.minPenaltyMs),
    [`${mode}-consecutive-max-penalty`]: duration(accrual.maxPenaltyMs),
    [`${mode}-consecutive-jitter-ratio`]: String(accrual.jitterRatio),
  };
}

const OPAQUE_PORTS = 'config.linkerd.io/opaque-ports';

/** What a Service says to the proxies that call it. Its ports name no `appProtocol`: that would end detection. */
export function serviceAnnotations(service: ServiceSpec): Record<string, string> {
  const { opaque, port } = service;
  return {
    // Empty: not even those of the default list.
    ...(opaque !== undefined && { [OPAQUE_PORTS]: opaque ? String(port) : '' }),
    ...retryAnnotations(service.retry),
    ...timeoutAnnotations(service.timeouts),
    ...accrualAnnotations(service.failureAccrual),
  };
}

/** What its pods say to their own proxies, beside the ports that are skipped. */
export function podPolicyAnnotations({ opaque, appPort, defaultPolicy }: ServiceSpec): Record<string, string> {
  return {
    ...(opaque !== undefined && { [OPAQUE_PORTS]: opaque ? String(appPort) : '' }),
    ...(defaultPolicy && { 'config.linkerd.io/default-inbound-policy': defaultPolicy }),
  };
}
