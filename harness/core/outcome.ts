/**
 * How an answer ended, as one number: an HTTP status (200 to 599), or for gRPC 1000 plus its code. gRPC's HTTP status is
 * always 200, so the pair is never needed. 0: no headers.
 */
export type Outcome = number;

const GRPC = 1000;
/** A gRPC answer that ended without `grpc-status`: Linkerd counts it as code 2, and as a success (facts, section 2). */
export const GRPC_WITHOUT_TRAILERS: Outcome = 1999;

export function grpcOutcome(code: number): Outcome {
  return GRPC + code;
}

export function isGrpc(outcome: Outcome): boolean {
  return outcome >= GRPC;
}

/** The code, null for HTTP and where there was none. */
export function grpcCodeOf(outcome: Outcome): number | null {
  return outcome >= GRPC && outcome !== GRPC_WITHOUT_TRAILERS ? outcome - GRPC : null;
}

export function httpStatusOf(outcome: Outcome): number {
  return outcome >= GRPC ? 200 : outcome;
}

/** Names of the codes 0 to 16, as `outbound_grpc_route_*` spells them (facts, 1.10). */
export const GRPC_CODES = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** Codes that Linkerd counts as failures; all others are successes (facts, section 2). */
export const GRPC_FAILURES: ReadonlySet<number> = new Set([2, 4, 7, 13, 14, 15]);

/** As Linkerd classifies it (facts, section 2): HTTP failures are 500 to 599. */
export function classificationOf(outcome: Outcome): 'success' | 'failure' {
  const code = grpcCodeOf(outcome);
  if (code !== null) return GRPC_FAILURES.has(code) ? 'failure' : 'success';
  return outcome >= 500 && outcome <= 599 ? 'failure' : 'success';
}

/** For people: `503`, `grpc 14 UNAVAILABLE`, `grpc without trailers`. Empty without an answer. */
export function outcomeText(outcome: Outcome): string {
  if (outcome === 0) return '';
  if (outcome === GRPC_WITHOUT_TRAILERS) return 'grpc without trailers';
  const code = grpcCodeOf(outcome);
  return code === null ? String(outcome) : `grpc ${code} ${GRPC_CODES[code] ?? 'UNKNOWN_CODE'}`;
}
