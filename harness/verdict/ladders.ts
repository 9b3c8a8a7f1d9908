import {
  attemptRequests,
  attemptResponses,
  attemptTimes,
  retryableBound,
  retryLimitExceeded,
  retryRequests,
  retrySuccesses,
} from './attempts.ts';
import {
  type Bound,
  durationBound,
  type Ground,
  type Interval,
  latencyBound,
  type Reading,
  refusalBound,
  requestBound,
  responseBound,
} from './bounds.ts';
import type { CellGroup, HeldBound } from './cell-groups.ts';
import type { Cell } from './cell-table.ts';
import { effectiveRequests, effectiveResponses, effectiveTimes } from './effective.ts';
import type { Family } from './families.ts';
import type { Status } from './outcomes.ts';
import { type Scope, steps } from './scope.ts';
import { Steps } from './steps.ts';
import { durationSumBound, latencySumBound } from './sums.ts';

/**
 * What the cells of a segment must show at its readings. Edges between which no request of the scope lies have the same bounds,
 * and so have families that count the same: each is worked out once.
 */
export class Ladders {
  readonly #readings: readonly Reading[];
  readonly #marginMs: number;
  #group: CellGroup | null = null;
  #ladder = new Map<number, HeldBound>();

  constructor(readings: readonly Reading[], marginMs: number) {
    this.#readings = readings;
    this.#marginMs = marginMs;
  }

  /** One for each reading. They are shared: not to be changed. */
  intervals(cell: Cell, scope: Scope): readonly Interval[] {
    const { slot } = cell;
    slot.bound ??= this.#boundOf(cell, scope);
    const held = slot.bound;
    if (held.by !== this) {
      const { bound } = held;
      held.intervals = this.#readings.map((reading) => bound(reading));
      held.by = this;
    }
    return held.intervals;
  }

  #boundOf(cell: Cell, scope: Scope): HeldBound {
    // Cells of one group come one after the other.
    if (cell.group !== this.#group) {
      this.#group = cell.group;
      const what = whatOf(cell);
      let ladder = scope.bounds.get(what);
      if (!ladder) {
        ladder = new Map();
        scope.bounds.set(what, ladder);
      }
      this.#ladder = ladder;
    }
    const step = stepOf(cell, scope);
    let held = this.#ladder.get(step);
    if (!held) {
      held = { bound: boundOf(cell, { scope, marginMs: this.#marginMs }), by: null, intervals: [] };
      this.#ladder.set(step, held);
    }
    return held;
  }
}

/** All that `boundOf` asks of a cell, but its edge. */
function whatOf({ family, category }: Cell): string {
  const { measure, style, part, refusal, retry } = family;
  const status = 'status' in category ? category.status : '';
  return `${measure}|${part === 'sum'}|${style.layer}|${style.legacy}|${refusal ?? retry ?? ''}|${category.kind}${status}`;
}

/** On which step of the ladder an edge stands: by how many requests of the scope took no longer. */
function stepOf({ family: { part, measure }, le }: Cell, scope: Scope): number {
  if (part !== 'bucket' && part !== 'count') return 0;
  const edge = part === 'count' ? Number.POSITIVE_INFINITY : le;
  if (edge === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  // `< le + 1` of what was cut to whole milliseconds, `<= le` of what was not.
  if (measure === 'latency') return firstBytes(scope).below(edge + 1);
  return ends(scope).at(edge * 1000);
}

function firstBytes(scope: Scope): Steps {
  return steps(scope, 'ladder/firstByte', () => {
    const made = [...scope.own, ...scope.othersKnown].map((m) => m.firstByteMs! - m.startMs);
    const served = scope.served.flatMap(({ request: r }) => [
      (r.firstByteMs ?? r.startMs) - r.startMs,
      // Of what the callee cut off, its proxy makes an answer at the end.
      (r.endMs ?? r.startMs) - r.startMs,
    ]);
    return new Steps([...made, ...served]);
  });
}

function ends(scope: Scope): Steps {
  return steps(scope, 'ladder/end', () => {
    const made = [...scope.own, ...scope.othersKnown].map((m) => m.endMs! - m.startMs);
    const served = scope.served.map(({ request: r }) => r.endMs! - r.startMs);
    return new Steps([...made, ...served]);
  });
}

function boundOf(cell: Cell, ground: Ground): Bound {
  const { family, category, le } = cell;
  const { style, part } = family;
  const edge = part === 'count' ? Number.POSITIVE_INFINITY : le;
  // Failed before headers: the histogram is there, and stays at zero.
  if (family.measure === 'latency' && !('status' in category)) return () => ({ low: 0, high: 0 });
  const status = 'status' in category ? category.status : '*';
  if (part === 'sum') return sumOf(cell, ground, status);
  if (family.measure === 'refusal') return refusalBound(ground, family.refusal!);
  if (family.measure === 'retryable') {
    const bound = retryableBound(ground);
    // Those for which there was no budget are some of them.
    return category.kind === 'total' ? (reading) => ({ low: 0, high: bound(reading).high }) : bound;
  }
  if (family.measure === 'retry') return retryBound(ground, family.retry!);
  const { retries } = ground.scope;
  if (retries !== 'none') {
    const effective = retries === 'effective';
    switch (family.measure) {
      case 'request':
        return effective ? effectiveRequests(ground) : attemptRequests(ground, style.layer);
      case 'response':
        return effective ? effectiveResponses(ground, category, style) : attemptResponses(ground, category, style);
      case 'latency':
        return (effective ? effectiveTimes : attemptTimes)(ground, status, edge + 1, 'firstByte', true);
      case 'duration':
        return (effective ? effectiveTimes : attemptTimes)(ground, '*', edge * 1000, 'end', false);
    }
  }
  switch (family.measure) {
    case 'request':
      return requestBound(ground, style.layer);
    case 'response':
      return responseBound(ground, category, style);
    case 'latency':
      return latencyBound(ground, status as number, edge);
    case 'duration':
      return durationBound(ground, edge * 1000, style);
  }
}

/** Of retried requests nobody has measured each attempt: the histogram's own edges bind their sums. */
function sumOf({ family }: Cell, ground: Ground, status: Status): Bound {
  if (ground.scope.retries !== 'none') return () => ({ low: 0, high: Number.POSITIVE_INFINITY });
  return family.measure === 'latency' ? latencySumBound(ground, status as number) : durationSumBound(ground);
}

function retryBound(ground: Ground, of: NonNullable<Family['retry']>): Bound {
  switch (of) {
    case 'requests':
      return retryRequests(ground);
    case 'successes':
      return retrySuccesses(ground);
    case 'limit_exceeded':
      return retryLimitExceeded(ground);
    case 'overflow':
      return () => ({ low: 0, high: Number.POSITIVE_INFINITY });
  }
}
