import type { ExchangeError } from '../telemetry/types.ts';
import type { HeaderList } from './headers.ts';

/** An answer that the proxy makes itself (facts, section 2 "Synthesised statuses"). */
export interface SyntheticResponse {
  status: number;
  /** Text of `l5d-proxy-error`. */
  message: string;
}

/** The app closed without an answer: neither a status nor a reason is known. The caller sees a 500. */
export const NO_RESPONSE: ExchangeError = { response: 'unclassified', proxy: 'unexpected', route: 'UNKNOWN' };
/** The body ended early. Counted by the layers that saw it, not as an error of the proxy. */
export const ABORTED_BODY: ExchangeError = { response: 'unclassified', proxy: null, route: 'UNKNOWN' };
/** No endpoint within the queue's timeout. */
export const FAIL_FAST: ExchangeError = { response: 'unclassified', proxy: 'failfast', route: 'FAIL_FAST' };
/** The queue is full. */
export const LOAD_SHED: ExchangeError = { response: 'unclassified', proxy: 'loadshed', route: 'LOAD_SHED' };

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

/** Headers of a synthetic response; `close` asks whoever holds the app's connection to close it. */
export function syntheticHeaders(message: string): HeaderList {
  return ['content-length', '0', 'l5d-proxy-error', message, 'l5d-proxy-connection', 'close'];
}
