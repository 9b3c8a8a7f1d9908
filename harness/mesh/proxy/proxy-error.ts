import type { ExchangeError } from '../telemetry/types.ts';
import type { HeaderList } from './headers.ts';

/** An answer that the proxy makes itself (facts, section 2 "Synthesised statuses"). */
export interface SyntheticResponse {
  status: number;
  /** Text of `l5d-proxy-error`. */
  message: string;
  /** false: whoever asked need not close its connection. */
  close?: boolean;
  /** `grpc-status` where it is not that of the HTTP status. */
  grpcStatus?: number;
  /** A route's own answer: the layers count its status, although the proxy counts an error. */
  injected?: boolean;
}

/** The app closed without an answer: neither a status nor a reason is known. The caller sees a 500. */
export const NO_RESPONSE: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' };
/** The body ended early. Counted by the layers that saw it, not as an error of the proxy. */
export const ABORTED_BODY: ExchangeError = { response: 'unclassified', proxy: null, route: 'UNKNOWN' };
/** No endpoint within the queue's timeout. */
export const FAIL_FAST: ExchangeError = { response: 'unclassified', proxy: 'failfast', route: 'FAIL_FAST' };
/** The queue is full. */
export const LOAD_SHED: ExchangeError = { response: 'unclassified', proxy: 'loadshed', route: 'LOAD_SHED' };

/** No rule of the Service's routes matches. */
export const NO_ROUTE: SyntheticResponse = { status: 404, message: 'no route', close: false };

/** Codes of RFC 9113, 7 that have a name of their own among the `error` values of the outbound route families. */
const ROUTE_ERRORS: Record<number, string> = { 7: 'REFUSED', 8: 'CANCEL', 11: 'ENHANCE_YOUR_CALM' };
const REASONS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** A peer reset an HTTP/2 stream before headers. */
export function resetError(code: number): ExchangeError {
  return { response: `h2(${REASONS[code] ?? code})`, proxy: null, route: ROUTE_ERRORS[code] ?? 'RESET' };
}

/** gRPC codes of the proxy's own answers (linkerd2-proxy, app/core/src/errors/respond.rs). */
const GRPC_STATUS: Record<number, number> = { 403: 7, 404: 5, 429: 8, 500: 13, 502: 14, 503: 14, 504: 4, 508: 10 };

/** Trailers by which a gRPC stream ends that this proxy has cut off. */
export const BODY_RESCUE: HeaderList = ['grpc-status', '13', 'grpc-message', 'unexpected error'];

export interface Answer {
  status: number;
  headers: HeaderList;
  grpcStatus: string | null;
}

/** What whoever asked gets; of gRPC the status is 200, and the answer ends with its head. */
export function syntheticAnswer(response: SyntheticResponse, grpc: boolean): Answer {
  const { status, message, close = true } = response;
  if (!grpc) return { status, headers: syntheticHeaders(message, close), grpcStatus: null };
  const grpcStatus = String(response.grpcStatus ?? GRPC_STATUS[status] ?? 2);
  const own = ['content-length', '0', 'content-type', 'application/grpc', 'grpc-status', grpcStatus];
  const headers = [...own, 'grpc-message', message, 'l5d-proxy-error', message];
  if (close) headers.push('l5d-proxy-connection', 'close');
  return { status: 200, headers, grpcStatus };
}

/** Headers of a synthetic response; `close` asks whoever holds the app's connection to close it. */
export function syntheticHeaders(message: string, close = true): HeaderList {
  const headers = ['content-length', '0', 'l5d-proxy-error', message];
  if (close) headers.push('l5d-proxy-connection', 'close');
  return headers;
}
