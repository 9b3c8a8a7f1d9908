import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Breaker } from './breaker.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(maxFailures = 2) {
  const changes: boolean[] = [];
  const accrual = { maxFailures, minPenaltyMs: 1000, maxPenaltyMs: 3000, jitterRatio: 0 };
  const breaker: Breaker = new Breaker(
    accrual,
    () => 0.5,
    () => changes.push(breaker.ready),
  );
  const respond = (status: number, grpcStatus?: string) => {
    const attempt = breaker.observe();
    attempt.head(status, 0, grpcStatus !== undefined);
    attempt.complete(0, grpcStatus);
  };
  return { breaker, respond, changes };
}

describe('Breaker', () => {
  it('shuts after as many failures in a row', () => {
    const { breaker, respond, changes } = setUp(3);
    for (const status of [500, 500, 200, 500, 599]) respond(status);
    expect(breaker.ready).toBe(true);
    respond(503);
    expect(breaker.ready).toBe(false);
    expect(changes).toEqual([false]);
  });

  it('lets one request through after the penalty; a success opens it', () => {
    const { breaker, respond } = setUp();
    respond(500);
    respond(500);
    vi.advanceTimersByTime(999);
    expect(breaker.ready).toBe(false);
    // What was on its way when it shut is not heard.
    respond(200);
    expect(breaker.ready).toBe(false);
    vi.advanceTimersByTime(1);
    expect(breaker.ready).toBe(true);
    breaker.admit();
    expect(breaker.ready).toBe(false);
    respond(200);
    expect(breaker.ready).toBe(true);
    respond(500);
    expect(breaker.ready).toBe(true);
  });

  it('stays shut for twice as long after each failed probe, up to a limit', () => {
    const { breaker, respond } = setUp(1);
    respond(500);
    for (const penalty of [1000, 2000, 3000, 3000]) {
      vi.advanceTimersByTime(penalty - 1);
      expect(breaker.ready).toBe(false);
      vi.advanceTimersByTime(1);
      expect(breaker.ready).toBe(true);
      breaker.admit();
      respond(500);
    }
  });

  it('starts again with the shortest penalty once it was open', () => {
    const { breaker, respond } = setUp(1);
    for (let round = 0; round < 2; round++) {
      respond(500);
      vi.advanceTimersByTime(999);
      expect(breaker.ready).toBe(false);
      vi.advanceTimersByTime(1);
      breaker.admit();
      respond(200);
    }
  });

  it('hears of gRPC codes, of errors and of dropped bodies, not of requests that were given up', () => {
    const { breaker, respond } = setUp(4);
    respond(200, '14');
    respond(200, '2');
    breaker.observe().cancel(0);
    breaker.observe().fail({ response: 'unclassified', proxy: null, route: 'UNKNOWN' }, 0);
    expect(breaker.ready).toBe(true);
    const dropped = breaker.observe();
    dropped.head(500, 0);
    dropped.cancel(0);
    expect(breaker.ready).toBe(false);
    const other = setUp(1);
    other.respond(200, '5');
    other.respond(499);
    expect(other.breaker.ready).toBe(true);
  });
});
