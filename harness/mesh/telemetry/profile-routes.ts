import { LayerExchange } from './exchange.ts';
import type { ScalarFamily } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';
import { type RequestSet, RequestStore } from './request-sets.ts';
import type { ExchangeError } from './types.ts';

/** An exchange that only a request store sees: route_* and route_actual_* of ServiceProfiles (facts 1.2). */
class StoreExchange extends LayerExchange {
  readonly #set: RequestSet;
  /** Of the layer that answers for the proxy's errors; null in all others. */
  readonly #errors: ScalarFamily | null;

  constructor(set: RequestSet, errors: ScalarFamily | null, hasBody: boolean, startMs: number) {
    super(hasBody, startMs);
    this.#set = set;
    this.#errors = errors;
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
    this.countResponse(this.#set, grpcStatus, nowMs);
  }
  protected override onFail(error: ExchangeError, nowMs: number): void {
    this.#set.error(this.status, error.response, nowMs);
    if (this.#errors !== null && error.proxy !== null) this.#errors.with({ error: error.proxy }).value++;
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
  readonly #errors: ScalarFamily;

  constructor(page: Page) {
    this.#page = page;
    this.#errors = page.counter('outbound_http_errors_total');
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
    const errors = direction === 'outbound' && layer === 'effective' ? this.#errors : null;
    return new StoreExchange(set, errors, hasBody, startMs);
  }

  /** Both series are there when a retryable route is first used; one without a budget for it counts in both (facts 1.2). */
  retryable(direction: string, dst: string, route: string | null, skipped: 'no_budget' | 'seed' | null): void {
    const family = this.#page.counter('route_retryable_total');
    const bag = profileLabels(direction, dst, route);
    const [all, noBudget] = [family.with(bag), family.with({ ...bag, skipped: 'no_budget' })];
    if (skipped !== 'seed') all.value++;
    if (skipped === 'no_budget') noBudget.value++;
  }

  sweep(nowMs: number, idleMs: number): void {
    this.#stores.effective.sweep(nowMs, idleMs);
    this.#stores.actual.sweep(nowMs, idleMs);
  }
}

function profileLabels(direction: string, dst: string, route: string | null): LabelBag {
  return { direction, dst, ...(route === null ? {} : { 'rt_*': `rt_route="${route}"` }) };
}
