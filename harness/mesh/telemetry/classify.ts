/** Success and failure of responses as the proxy's classifiers see them (facts, section 2). */

import { GRPC_CODES, GRPC_FAILURES } from '../../core/outcome.ts';

export type Classification = 'success' | 'failure';

export interface Class {
  classification: Classification;
  grpc_status: string;
  error: string;
}

const UNKNOWN = 2;

export function classifyHttp(status: number): Class {
  const failed = status >= 500 && status <= 599;
  return { classification: failed ? 'failure' : 'success', grpc_status: '', error: '' };
}

/**
 * A stream that ended without a readable `grpc-status` (null) counts as `open`, which the version decides, but as a success;
 * a code that gRPC does not know counts as code 2, and as a failure.
 */
export function classifyGrpc(status: string | null, open: string): Class {
  const code = status === null ? null : grpcCode(status);
  if (code === null) return { classification: 'success', grpc_status: open, error: '' };
  return { classification: GRPC_FAILURES.has(code) ? 'failure' : 'success', grpc_status: String(code), error: '' };
}

export function classifyError(error: string): Class {
  return { classification: 'failure', grpc_status: '', error };
}

/** By the responseClasses of a ServiceProfile: gRPC or not, the status alone was looked at. */
export function classifyAs(classification: Classification): Class {
  return { classification, grpc_status: '', error: '' };
}

/** Without the labels that say nothing, as 2.12 prints them. */
export function relevant(cls: Class): Partial<Class> {
  const { classification, grpc_status, error } = cls;
  return { classification, ...(grpc_status === '' ? {} : { grpc_status }), ...(error === '' ? {} : { error }) };
}

/** Code of a `grpc-status`; null when it is not a number. */
function grpcCode(status: string): number | null {
  if (!/^\d+$/.test(status)) return null;
  const code = Number(status);
  if (code > 65_535) return null;
  return code < GRPC_CODES.length ? code : UNKNOWN;
}

/** `grpc_status` of the families of GRPCRoutes, and by its number `status` of those of gRPC Servers: no code, no name. */
export function grpcName(status: string | null): string {
  return GRPC_CODES[wholeCode(status) ?? UNKNOWN] as string;
}

/** `status` of the families of gRPC Servers: empty when the stream had none. */
export function grpcNumber(status: string | null): string {
  return status === null ? '' : String(wholeCode(status) ?? UNKNOWN);
}

/** A code of 0 to 16 in its plain form; all else is unknown to these families. */
function wholeCode(status: string | null): number | null {
  return status !== null && /^(\d|1[0-6])$/.test(status) ? Number(status) : null;
}
