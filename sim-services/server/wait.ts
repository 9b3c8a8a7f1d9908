import { epochMs } from '../clock.ts';

/** A wait that can be cancelled; `done` is called on the object it was started for, so no closure is made. */
export interface Waiter {
  timer: NodeJS.Timeout | null;
  dueMs: number;
  wake(): void;
}

/** Calls `wake` once `dueMs` (epoch) has come: never before, and late by about a millisecond at most on an idle machine. */
export function wakeAt(waiter: Waiter, dueMs: number, nowMs: number): void {
  waiter.dueMs = dueMs;
  waiter.timer = setTimeout(look, Math.ceil(dueMs - nowMs), waiter);
}

function look(waiter: Waiter): void {
  waiter.timer = null;
  // Node counts whole milliseconds from the start of the loop's turn, so a timer may be early by one.
  const nowMs = epochMs();
  if (nowMs < waiter.dueMs) wakeAt(waiter, waiter.dueMs, nowMs);
  else waiter.wake();
}

export function cancelWait(waiter: Waiter): void {
  if (waiter.timer) clearTimeout(waiter.timer);
  waiter.timer = null;
}
