import type { Journal } from '../ledger/journal.ts';
import type { Answers } from './answers.ts';
import type { PodMetrics } from './metrics.ts';
import type { Origin } from './origin.ts';
import type { Places } from './places.ts';

/** What the requests of a pod share. */
export class PodContext {
  readonly journal: Journal;
  readonly answers: Answers;
  readonly metrics: PodMetrics;
  /** Readiness fails and connections are not kept. */
  draining = false;
  /** null: any number of requests is handled at once. */
  readonly places: Places | null;
  readonly #origin: Origin;
  #inFlight = 0;
  #hanging = 0;
  #onIdle: (() => void) | null = null;

  constructor(
    journal: Journal,
    answers: Answers,
    origin: Origin,
    metrics: (inFlight: () => number) => PodMetrics,
    places: Places | null = null,
  ) {
    this.journal = journal;
    this.answers = answers;
    this.#origin = origin;
    this.places = places;
    this.metrics = metrics(() => this.#inFlight);
  }

  sinceOrigin(nowMs: number): number | null {
    return this.#origin.epochMs === null ? null : nowMs - this.#origin.epochMs;
  }

  begun(): void {
    this.#inFlight += 1;
  }

  /** A request that will never be answered: no drain waits for it. */
  hung(): void {
    this.#hanging += 1;
    this.#checkIdle();
  }

  ended(hung: boolean): void {
    this.#inFlight -= 1;
    if (hung) this.#hanging -= 1;
    this.#checkIdle();
  }

  /** Resolves when every request that can end has ended, its answer out of our hands. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
  }

  #checkIdle(): void {
    // Where requests that hang have every place, no other one will ever be handled.
    if (this.#inFlight === this.#hanging || this.#hanging === this.places?.count) this.#onIdle?.();
  }
}
