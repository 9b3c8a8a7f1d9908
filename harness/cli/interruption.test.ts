import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EXIT, InterruptedError } from '../core/errors.ts';
import { Interruption } from './interruption.ts';

const never = new Promise<never>(() => {});

let signals: EventEmitter;
let done: string[];
let interruption: Interruption;
/** How the work that does not end by itself was ended. */
let end: unknown;
beforeEach(() => {
  vi.useFakeTimers();
  signals = new EventEmitter();
  done = [];
  end = undefined;
  interruption = new Interruption(
    {
      signals: signals as unknown as NodeJS.Process,
      killChildren: () => void done.push('children killed'),
      exitNow: (code) => done.push(`exit ${code}`) as never,
    },
    (signal) => void done.push(`told of ${signal}`),
  );
  interruption.bound(never).catch((error: unknown) => {
    end = error;
  });
});
afterEach(() => {
  interruption[Symbol.dispose]();
  vi.useRealTimers();
});

describe.each(['SIGINT', 'SIGTERM', 'SIGHUP'])('%s', (signal) => {
  it('of the five seconds that are promised leaves four to end in order, then kills the children, and gives up half a second later', async () => {
    signals.emit(signal, signal);
    expect(interruption.signal.reason).toBeInstanceOf(InterruptedError);
    expect(interruption.leftMs).toBe(4000);
    await vi.advanceTimersByTimeAsync(3999);
    expect(done).toEqual([`told of ${signal}`]);
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toEqual([`told of ${signal}`, 'children killed']);
    await vi.advanceTimersByTimeAsync(499);
    expect(end).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    // What was started meanwhile too.
    expect(done).toEqual([`told of ${signal}`, 'children killed', 'children killed']);
    expect(end).toBe(interruption.signal.reason);
  });

  it('ends the process at once when it comes again, its children before it', () => {
    signals.emit('SIGINT', 'SIGINT');
    signals.emit(signal, signal);
    expect(done).toEqual(['told of SIGINT', 'children killed', `exit ${EXIT.interrupted}`]);
  });
});

it('does nothing to work that has ended, and hears no signal any more', async () => {
  signals.emit('SIGINT', 'SIGINT');
  expect(await interruption.bound(Promise.resolve('ended'))).toBe('ended');
  interruption[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(done).toEqual(['told of SIGINT']);
  expect(end).toBeUndefined();
  expect(signals.eventNames()).toEqual([]);
});
