import type { Plan } from '../behaviour/route.ts';
import { epochMs } from '../clock.ts';
import type { ErrorRule } from '../contract.ts';
import type { CallObserver } from './call.ts';
import type { PodContext } from './context.ts';
import type { Guest } from './places.ts';
import type { AppRoute } from './route.ts';
import { cancelWait, type Waiter, wakeAt } from './wait.ts';

/** What can go wrong by plan; a hang is no one's to act on. */
export type Injected = Exclude<ErrorRule, { kind: 'hang' }>;

/**
 * What a pod does about one request, whatever it speaks: draw, latency, calls, answer. Protocols say how an answer, a failure
 * and an injected error look.
 */
export abstract class Flow implements Waiter, CallObserver, Guest {
  timer: NodeJS.Timeout | null = null;
  dueMs = 0;
  protected readonly pod: PodContext;
  protected readonly route: AppRoute;
  protected readonly startMs: number;
  protected readonly plan: Plan;
  /** Nothing is to be written any more. */
  protected over = false;
  protected hangs = false;
  #acted = false;
  #nextStep = 0;
  #pendingCalls = 0;
  #failures: (number | null)[] = [];

  constructor(pod: PodContext, route: AppRoute, startMs: number, plan: Plan) {
    this.pod = pod;
    this.route = route;
    this.startMs = startMs;
    this.plan = plan;
  }

  /** The route's own answer. */
  protected abstract answer(): void;
  /** An answer to a failure of a callee, as an HTTP status. */
  protected abstract answerFailure(status: number): void;
  protected abstract inject(error: Injected): void;
  /** The pause before the next piece of the answer is over. */
  protected abstract writePiece(): void;

  /** Handles it, where the pod has few places as soon as one is free. */
  start(): void {
    const { places } = this.pod;
    if (places) places.enter(this, this.startMs);
    else this.handle(this.startMs);
  }

  /** The latency begins, and the calls and the answer follow. */
  handle(fromMs: number): void {
    if (this.plan.error?.kind === 'hang') {
      this.hangs = true;
      this.pod.hung();
    } else if (this.plan.latencyMs > 0) {
      wakeAt(this, fromMs + this.plan.latencyMs, epochMs());
    } else {
      this.#act();
    }
  }

  /** When its last wait was to end, epoch ms; null where others than itself took the time, or nothing did. */
  protected get endDueMs(): number | null {
    return this.route.steps.length === 0 && this.dueMs > 0 ? this.dueMs : null;
  }

  /** The latency, or the pause before the next piece of the body, is over. */
  wake(): void {
    if (this.#acted) this.writePiece();
    else this.#act();
  }

  callEnded(index: number, failure: number | null): void {
    this.#failures[index] = failure;
    this.#pendingCalls -= 1;
    if (this.#pendingCalls > 0 || this.over) return;
    const first = this.#failures.find((status) => status !== null);
    if (first !== undefined && first !== null) this.answerFailure(first);
    else this.#takeStep();
  }

  /** Waits are over, and no further step begins. */
  protected cancel(): void {
    this.over = true;
    cancelWait(this);
  }

  #act(): void {
    this.#acted = true;
    const { error } = this.plan;
    if (error === null) this.#takeStep();
    else if (error.kind !== 'hang') this.inject(error);
  }

  #takeStep(): void {
    const step = this.route.steps[this.#nextStep];
    if (!step) {
      this.answer();
      return;
    }
    this.#nextStep += 1;
    this.#pendingCalls = step.length;
    this.#failures = new Array(step.length).fill(null);
    for (let i = 0; i < step.length; i += 1) step[i]!.start(this, i);
  }
}
