import type { RetryPolicy } from '../../../core/policy.ts';
import { headerValue } from '../headers.ts';
import { type Backoff, backoffMs } from './backoff.ts';
import type { AttemptResult, RetryRules } from './retrying-request.ts';

/** Linkerd's policy controller sets it so for every route. */
const BACKOFF: Backoff = { minMs: 25, maxMs: 250, jitter: 1 };

/** Failures before a response that another attempt may heal. */
const RETRYABLE_ERRORS: ReadonlySet<string> = new Set(['FAIL_FAST', 'RESPONSE_HEADERS_TIMEOUT', 'REFUSED']);

/** Retries by the annotations `retry.linkerd.io/*` of a route (linkerd2-proxy, `policy/route/retry.rs`). */
export class RouteRetries implements RetryRules {
  readonly #policy: RetryPolicy;
  readonly #random: () => number;
  readonly #tell: (event: 'retry' | 'success' | 'limit-exceeded') => void;

  constructor(
    policy: RetryPolicy,
    random: () => number,
    tell: (event: 'retry' | 'success' | 'limit-exceeded') => void,
  ) {
    this.#policy = policy;
    this.#random = random;
    this.#tell = tell;
  }

  isRetryable(result: AttemptResult): boolean {
    if ('error' in result) return RETRYABLE_ERRORS.has(result.error.route);
    const { http, grpc } = this.#policy;
    if (grpc.length > 0) {
      const code = headerValue(result.headers, 'grpc-status') ?? headerValue(result.trailers ?? [], 'grpc-status');
      if (code !== undefined && grpc.includes(Number(code))) return true;
    }
    return http.some(([low, high]) => low <= result.status && result.status <= high);
  }

  again(attempt: number): number | null {
    if (attempt <= this.#policy.limit) return backoffMs(BACKOFF, attempt - 1, this.#random);
    this.#tell('limit-exceeded');
    return null;
  }

  retried(): void {
    this.#tell('retry');
  }

  settled(attempt: number, result: AttemptResult): void {
    if (attempt > 1 && !('error' in result)) this.#tell('success');
  }
}
