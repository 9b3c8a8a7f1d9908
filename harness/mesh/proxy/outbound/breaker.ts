import { GRPC_FAILURES } from '../../../core/outcome.ts';
import type { FailureAccrual } from '../../../core/policy.ts';
import type { Exchange } from '../../telemetry/types.ts';
import { type Backoff, backoffMs } from './backoff.ts';

/**
 * Circuit breaker of one endpoint (linkerd2-proxy, `http/breaker/consecutive_failures.rs`): after so many failures in a row it
 * takes no requests for a while, then one; by how that ends it is open again, or shut for longer.
 */
export class Breaker {
  readonly #maxFailures: number;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  readonly #changed: () => void;
  #state: 'open' | 'shut' | 'probation' = 'open';
  #permit = false;
  #failures = 0;
  #penalties = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param changed called when `ready` is another than before */
  constructor(accrual: FailureAccrual, random: () => number, changed: () => void) {
    this.#maxFailures = accrual.maxFailures;
    const { minPenaltyMs: minMs, maxPenaltyMs: maxMs, jitterRatio: jitter } = accrual;
    this.#backoff = { minMs, maxMs, jitter };
    this.#random = random;
    this.#changed = changed;
  }

  /** It takes a request now. */
  get ready(): boolean {
    return this.#state === 'open' || (this.#state === 'probation' && this.#permit);
  }

  /** A request goes to the endpoint. In probation no other may, until it has ended. */
  admit(): void {
    if (this.#state !== 'probation') return;
    this.#permit = false;
    this.#changed();
  }

  /** One attempt: heard of as an exchange is. */
  observe(): Exchange {
    return new Observed((failed) => this.#classified(failed));
  }

  destroy(): void {
    clearTimeout(this.#timer);
  }

  #classified(failed: boolean): void {
    if (this.#state === 'open') {
      this.#failures = failed ? this.#failures + 1 : 0;
      if (this.#failures >= this.#maxFailures) this.#shut();
    } else if (this.#state === 'probation') {
      if (failed) this.#shut();
      else this.#open();
    }
  }

  #open(): void {
    this.#state = 'open';
    this.#failures = 0;
    this.#penalties = 0;
    this.#changed();
  }

  #shut(): void {
    const was = this.ready;
    this.#state = 'shut';
    if (was) this.#changed();
    const ms = backoffMs(this.#backoff, this.#penalties++, this.#random);
    this.#timer = setTimeout(() => {
      this.#state = 'probation';
      this.#permit = true;
      this.#changed();
    }, ms);
    this.#timer.unref();
  }
}

/** Classifies a response when its stream ends, also when it is dropped; of one that never began nobody hears. */
class Observed implements Exchange {
  readonly #tell: (failed: boolean) => void;
  #status = 0;
  #grpc = false;

  constructor(tell: (failed: boolean) => void) {
    this.#tell = tell;
  }

  dispatch(): void {}
  requestFrame(): void {}
  requestEnd(): void {}
  responseFrame(): void {}

  head(status: number, _nowMs: number, grpc = false): void {
    this.#status = status;
    this.#grpc = grpc;
  }

  complete(_nowMs: number, grpcStatus: string | null = null): void {
    if (this.#grpc) this.#tell(grpcStatus !== null && GRPC_FAILURES.has(Number(grpcStatus)));
    else this.#tell(this.#status >= 500 && this.#status <= 599);
  }

  fail(): void {
    this.#tell(true);
  }

  cancel(): void {
    if (this.#status !== 0) this.complete(0);
  }
}
