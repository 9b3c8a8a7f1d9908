import { expect, test } from 'vitest';
import { epochMs } from '../clock.ts';
import { cancelWait, type Waiter, wakeAt } from './wait.ts';

/** Keeps the event loop turning, which is when timers of whole milliseconds fire early. */
async function whileBusy(work: Promise<unknown>): Promise<void> {
  let over = false;
  work.finally(() => {
    over = true;
  });
  while (!over) await new Promise((resolve) => setImmediate(resolve));
}

test('no wait ends before its time', async () => {
  const earlyBy: number[] = [];
  const waits = Array.from(
    { length: 300 },
    (_, i) =>
      new Promise<void>((resolve) => {
        const waiter: Waiter = {
          timer: null,
          dueMs: 0,
          wake() {
            earlyBy.push(this.dueMs - epochMs());
            resolve();
          },
        };
        const nowMs = epochMs();
        wakeAt(waiter, nowMs + (i % 29) + i / 300, nowMs);
      }),
  );
  await whileBusy(Promise.all(waits));
  expect(earlyBy).toHaveLength(300);
  expect(Math.max(...earlyBy)).toBeLessThanOrEqual(0);
});

test('a cancelled wait never ends', async () => {
  let woken = 0;
  const waiter: Waiter = {
    timer: null,
    dueMs: 0,
    wake() {
      woken += 1;
    },
  };
  wakeAt(waiter, epochMs() + 5, epochMs());
  cancelWait(waiter);
  // Set after it, for later: a timer that were still set would have fired before.
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(woken).toBe(0);
});
