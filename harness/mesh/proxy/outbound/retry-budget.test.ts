import { describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget.ts';

function withdrawals(budget: RetryBudget, nowMs: number): number {
  let count = 0;
  while (count < 1000 && budget.withdraw(nowMs)) count++;
  return count;
}

describe('RetryBudget', () => {
  it('holds so many a second of its time from the start', () => {
    expect(withdrawals(new RetryBudget({ retryRatio: 0, minRetriesPerSecond: 3, ttlMs: 5000 }, 0), 0)).toBe(15);
    expect(withdrawals(new RetryBudget({ retryRatio: 0.2, minRetriesPerSecond: 10, ttlMs: 10_000 }, 0), 0)).toBe(100);
  });

  it('grows by a share of the requests, in whole numbers', () => {
    const budget = new RetryBudget({ retryRatio: 0.2, minRetriesPerSecond: 0, ttlMs: 10_000 }, 0);
    expect(budget.withdraw(0)).toBe(false);
    for (let i = 0; i < 14; i++) budget.deposit(0);
    expect(withdrawals(budget, 0)).toBe(2);
    const third = new RetryBudget({ retryRatio: 0.3, minRetriesPerSecond: 0, ttlMs: 10_000 }, 0);
    for (let i = 0; i < 9; i++) third.deposit(0);
    // 1 / 0.3, cut off, is 3.
    expect(withdrawals(third, 0)).toBe(3);
  });

  it('of more than one a request', () => {
    const budget = new RetryBudget({ retryRatio: 3, minRetriesPerSecond: 0, ttlMs: 10_000 }, 0);
    budget.deposit(0);
    expect(withdrawals(budget, 0)).toBe(3);
  });

  it('forgets what is older than its time, a tenth at a time', () => {
    const budget = new RetryBudget({ retryRatio: 1, minRetriesPerSecond: 0, ttlMs: 1000 }, 0);
    for (let ms = 0; ms < 1000; ms += 100) budget.deposit(ms + 50);
    expect(budget.withdraw(1000)).toBe(true);
    expect(withdrawals(budget, 3000)).toBe(0);
    const spent = new RetryBudget({ retryRatio: 0, minRetriesPerSecond: 2, ttlMs: 1000 }, 0);
    expect(withdrawals(spent, 0)).toBe(2);
    expect(withdrawals(spent, 500)).toBe(0);
    expect(withdrawals(spent, 5000)).toBe(2);
  });
});
