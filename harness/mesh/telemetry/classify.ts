/** Success and failure of responses as the proxy's default classifier sees them (facts, section 2). */

export interface Class {
  classification: 'success' | 'failure';
  grpc_status: string;
  error: string;
}

/** gRPC codes that are failures; all others, NOT_FOUND and RESOURCE_EXHAUSTED included, are successes. */
const GRPC_FAILURES = new Set(['2', '4', '7', '13', '14', '15']);

export function classifyHttp(status: number): Class {
  const failed = status >= 500 && status <= 599;
  return { classification: failed ? 'failure' : 'success', grpc_status: '', error: '' };
}

/** `code` null: the stream ended without trailers, which counts as code 2 but as a success. */
export function classifyGrpc(code: string | null): Class {
  if (code === null) return { classification: 'success', grpc_status: '2', error: '' };
  return { classification: GRPC_FAILURES.has(code) ? 'failure' : 'success', grpc_status: code, error: '' };
}

export function classifyError(error: string): Class {
  return { classification: 'failure', grpc_status: '', error };
}
