import {
  classificationOf,
  GRPC_CODES,
  GRPC_FAILURES,
  GRPC_WITHOUT_TRAILERS,
  grpcOutcome,
  httpStatusOf,
  type Outcome,
  outcomeText,
} from '../core/outcome.ts';
import type { Category } from './bounds.ts';

/**
 * What labels say about an outcome. Some families can't tell all outcomes apart; there one number stands for several.
 */

/** HTTP status 200, whatever the code of gRPC. */
export const ANY_200 = 2000;
/** gRPC code 2, or none: `grpc_status="UNKNOWN"` of the route families is either. */
export const GRPC_UNKNOWN = 2002;

/** gRPC code 0, or none: old proxies counted an answer without trailers so (facts, section 9). */
export const GRPC_OPEN = 2001;

const OK = grpcOutcome(0);
const UNKNOWN = grpcOutcome(2);

export type Status = number | '*';

/** Whether an outcome is what `status`, as a family tells it, stands for. */
export function hasStatus(status: Status, outcome: Outcome): boolean {
  if (status === '*' || status === outcome) return true;
  if (status === ANY_200) return outcome > 0 && httpStatusOf(outcome) === 200;
  if (status === GRPC_OPEN) return outcome === OK || outcome === GRPC_WITHOUT_TRAILERS;
  return status === GRPC_UNKNOWN && (outcome === UNKNOWN || outcome === GRPC_WITHOUT_TRAILERS);
}

/** Whether answers that end without trailers, of a stream that its caller left, are counted under this status. */
export function isOpenEnd(status: Status): boolean {
  return status === GRPC_WITHOUT_TRAILERS || status === GRPC_OPEN;
}

/** For people. */
export function statusText(status: number): string {
  if (status === ANY_200) return '200';
  return outcomeText(status === GRPC_UNKNOWN ? UNKNOWN : status === GRPC_OPEN ? OK : status);
}

/** Whether the mesh can have made such an answer because a service failed: then it may also be a race that nobody waited for. */
export function mayBeFailure(status: Status): boolean {
  return status === '*' || status === GRPC_UNKNOWN || (status < ANY_200 && classificationOf(status) === 'failure');
}

/** How a family names an outcome. */
export type StatusView = (outcome: Outcome) => number;

export const asOutcome: StatusView = (outcome) => outcome;
export const asHttp: StatusView = (outcome) => (httpStatusOf(outcome) === 200 ? ANY_200 : outcome);
export const asOldOutcome: StatusView = (outcome) =>
  outcome === OK || outcome === GRPC_WITHOUT_TRAILERS ? GRPC_OPEN : outcome;
export const asGrpcName: StatusView = (outcome) =>
  outcome === UNKNOWN || outcome === GRPC_WITHOUT_TRAILERS ? GRPC_UNKNOWN : outcome;

type Labels = Record<string, string>;

const http = (status: string): number => asHttp(Number(status));

/** response_total: status, classification, code and error must agree. */
export function responseCategory(labels: Labels): Category | null {
  const { classification, status_code: code = '', grpc_status: grpc = '', error = '' } = labels;
  if (code === '') return classification === 'failure' && grpc === '' ? { kind: 'none' } : null;
  if (error !== '') return classification === 'failure' && grpc === '' ? { kind: 'broken', status: http(code) } : null;
  if (grpc === '') {
    const status = Number(code);
    return classification === classificationOf(status) ? { kind: 'ok', status } : null;
  }
  if (code !== '200') return null;
  const value = Number(grpc);
  if (classification === (GRPC_FAILURES.has(value) ? 'failure' : 'success')) {
    return { kind: 'ok', status: grpcOutcome(value) };
  }
  // Without trailers Linkerd says 2, and success (facts, section 2).
  return value === 2 && classification === 'success' ? { kind: 'ok', status: GRPC_WITHOUT_TRAILERS } : null;
}

export function latencyCategory(labels: Labels): Category | null {
  const status = labels.status_code ?? '';
  return status === '' ? { kind: 'none' } : { kind: 'any', status: http(status) };
}

/** inbound_http_statuses_total. */
export function serverStatus(labels: Labels): Category | null {
  const status = labels.status ?? '';
  return status === '' ? { kind: 'none' } : { kind: 'any', status: http(status) };
}

/** inbound_grpc_statuses_total: the code; empty when the stream ended without one. */
export function grpcServerStatus(labels: Labels): Category | null {
  const status = labels.status ?? '';
  return status === '' ? { kind: 'codeless' } : { kind: 'ok', status: grpcOutcome(Number(status)) };
}

/** outbound_http_route_*. */
export function routeStatus(labels: Labels): Category | null {
  const { http_status: status = '', error = '' } = labels;
  if (status !== '') return { kind: error === '' ? 'ok' : 'broken', status: http(status) };
  if (error === '') return null;
  return { kind: error === 'FAIL_FAST' ? 'failfast' : 'none' };
}

/** outbound_grpc_route_*: the code by name; UNKNOWN also where there was none (facts, 1.10). */
export function grpcRouteStatus(labels: Labels): Category | null {
  const { grpc_status: name = '', error = '' } = labels;
  const code = (GRPC_CODES as readonly string[]).indexOf(name);
  if (code < 0) return null;
  if (error === '') return { kind: 'ok', status: asGrpcName(grpcOutcome(code)) };
  if (error === 'FAIL_FAST') return name === 'UNKNOWN' ? { kind: 'failfast' } : null;
  return { kind: 'lost' };
}
