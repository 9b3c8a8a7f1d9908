import { LayerExchange } from './exchange.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';
import { type RequestSet, RequestStore } from './request-sets.ts';
import type { ExchangeError } from './types.ts';

/** An exchange that only a request store sees: route_* and route_actual_* of ServiceProfiles (facts 1.2). */
class StoreExchange extends LayerExchange {
  readonly #set: RequestSet;

  constructor(set: RequestSet, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#set = set;
    set.handles++;
    set.attach(startMs);
  }

  protected override onDispatch(nowMs: number): void {
    if (!this.hasBody) this.#set.request(nowMs);
  }
  protected override onBodyPolled(nowMs: number): void {
    this.#set.request(nowMs);
  }
  protected override onRequestFrame(): void {}
  protected override onFirstResponseFrame(nowMs: number): void {
    this.#set.latency(this.status, nowMs - this.dispatchMs, nowMs);
  }
  protected override onResponseFrame(): void {}
  protected override onComplete(grpcStatus: string | null, nowMs: number): void {
    if (!this.frameSeen) this.#set.latency(this.status, nowMs - this.dispatchMs, nowMs);
    if (this.grpc) this.#set.grpc(this.status, grpcStatus, nowMs);
    else this.#set.http(this.status, nowMs);
  }
  protected override onFail(error: ExchangeError, nowMs: number): void {
    this.#set.error(this.status, error.response, nowMs);
  }
  protected override onCancelBody(nowMs: number): void {
    this.onComplete(null, nowMs);
  }
  protected override onRelease(): void {
    this.#set.handles--;
  }
}

/** route_*, route_actual_* and route_retryable_total: traffic of Services with a ServiceProfile. */
export class ProfileRoutes {
  readonly #page: Page;
  readonly #stores: Readonly<Record<'effective' | 'actual', RequestStore>>;
  readonly #sets = new Map<string, RequestSet>();

  constructor(page: Page) {
    this.#page = page;
    this.#stores = {
      effective: new RequestStore(page, 'route_'),
      actual: new RequestStore(page, 'route_actual_', { latency: false }),
    };
  }

  exchange(
    direction: string,
    dst: string,
    route: string | null,
    layer: 'effective' | 'actual',
    hasBody: boolean,
    startMs: number,
  ): StoreExchange {
    const key = `${layer} ${direction} ${dst} ${route === null ? '' : `=${route}`}`;
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = this.#stores[layer].set(profileLabels(direction, dst, route));
      this.#sets.set(key, set);
    }
    return new StoreExchange(set, hasBody, startMs);
  }

  /** The series of skipped retries is seeded with the first retryable response (facts 1.2). */
  retryable(direction: string, dst: string, route: string | null, skipped: 'no_budget' | null): void {
    const family = this.#page.counter('route_retryable_total');
    const bag = profileLabels(direction, dst, route);
    const [all, noBudget] = [family.with(bag), family.with({ ...bag, skipped: 'no_budget' })];
    if (skipped === null) all.value++;
    else noBudget.value++;
  }

  sweep(nowMs: number, idleMs: number): void {
    this.#stores.effective.sweep(nowMs, idleMs);
    this.#stores.actual.sweep(nowMs, idleMs);
  }
}

function profileLabels(direction: string, dst: string, route: string | null): LabelBag {
  return { direction, dst, ...(route === null ? {} : { 'rt_*': `rt_route="${route}"` }) };
}
