import type { Histogram, Scalar } from './families.ts';
import type { LabelBag } from './labels.ts';
import type { Page } from './page.ts';

export interface EndpointsChange {
  ready: number;
  pending: number;
  added: number;
  removed: number;
}

/** The families of one balancer (facts 1.8, 1.10), all seeded when it is made, its gate open. */
export class Balancer {
  readonly #ready: Scalar;
  readonly #pending: Scalar;
  readonly #p2c: Scalar;
  readonly #updates: Readonly<Record<'Reset' | 'Add' | 'Remove', Scalar>>;
  readonly #requests: Scalar;
  readonly #latency: Histogram;
  readonly #gateOpen: Scalar;
  readonly #gateShut: Scalar;
  readonly #openTime: Scalar;
  readonly #shutTime: Scalar;
  #discovered = false;
  #isOpen = false;

  constructor(
    page: Page,
    prefix: string,
    bag: LabelBag,
    options: { timeoutSeconds: number; createdEpochSeconds: number },
  ) {
    const endpoints = page.gauge(`${prefix}_endpoints`);
    this.#ready = endpoints.with({ ...bag, endpoint_state: 'ready' });
    this.#pending = endpoints.with({ ...bag, endpoint_state: 'pending' });
    this.#p2c = page.gauge(`${prefix}_p2c_endpoints`).with(bag);
    const updates = page.counter(`${prefix}_p2c_updates`);
    this.#updates = {
      Reset: updates.with({ ...bag, op: 'Reset' }),
      Add: updates.with({ ...bag, op: 'Add' }),
      Remove: updates.with({ ...bag, op: 'Remove' }),
    };
    page.gauge(`${prefix}_queue_length`).with(bag);
    this.#requests = page.counter(`${prefix}_queue_requests`).with(bag);
    this.#latency = page.histogram(`${prefix}_queue_latency_seconds`).with(bag);
    this.#gateOpen = page.counter(`${prefix}_queue_gate_open`).with(bag);
    this.#gateShut = page.counter(`${prefix}_queue_gate_shut`).with(bag);
    this.#openTime = page.gauge(`${prefix}_queue_gate_open_time_seconds`).with(bag);
    this.#shutTime = page.gauge(`${prefix}_queue_gate_shut_time_seconds`).with(bag);
    page.gauge(`${prefix}_queue_gate_timeout_seconds`).with(bag).value = options.timeoutSeconds;
    this.open(options.createdEpochSeconds);
  }

  /** The first update of a pool resets it; later ones count each endpoint that came or went. */
  endpoints(change: EndpointsChange, epochSeconds: number): void {
    this.#ready.value = change.ready;
    this.#pending.value = change.pending;
    this.#p2c.value = change.ready + change.pending;
    if (this.#discovered) {
      this.#updates.Add.value += change.added;
      this.#updates.Remove.value += change.removed;
    } else {
      this.#discovered = true;
      this.#updates.Reset.value++;
      this.open(epochSeconds);
    }
  }

  /** A dropped pool leaves its gauges at zero; the next one has a gate of its own. Returns how many endpoints went. */
  dropped(): number {
    const endpoints = this.#p2c.value;
    this.#ready.value = this.#pending.value = this.#p2c.value = 0;
    this.#discovered = false;
    this.#isOpen = false;
    return endpoints;
  }

  queued(seconds: number): void {
    this.#requests.value++;
    this.#latency.observe(seconds);
  }

  /** Only a change of the gate counts. The time of the other state goes back to zero. */
  open(epochSeconds: number): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#gateOpen.value++;
    this.#openTime.value = epochSeconds;
    this.#shutTime.value = 0;
  }

  shut(epochSeconds: number): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#gateShut.value++;
    this.#shutTime.value = epochSeconds;
    this.#openTime.value = 0;
  }
}
