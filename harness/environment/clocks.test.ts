import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { epochMs } from '../core/clock.ts';
import { measureClocks } from './clocks.ts';

const clock = (name: string, offsetMs: number) => ({ name, read: async () => epochMs() + offsetMs });

// The wall clock agrees with ours, however the machine's is being set right meanwhile.
beforeEach(() => void vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(epochMs())));
afterEach(() => void vi.restoreAllMocks());

describe('the margin of clocks', () => {
  it('is the resolution of stamps where all agree', async () => {
    const { marginMs, reason } = await measureClocks([clock('a', 0), clock('b', 0)]);
    expect(marginMs).toBe(1);
    expect(reason).toContain('1 ms resolution');
  });

  it.each([
    ['fast', 1000],
    ['slow', -1000],
  ])('covers the worst, and names it: %s', async (name, offsetMs) => {
    const { marginMs, reason } = await measureClocks([clock('a', 3), clock(name, offsetMs), clock('b', -3)]);
    // What lies within the time it took to ask is no certain offset.
    expect(marginMs).toBeGreaterThan(500);
    expect(marginMs).toBeLessThanOrEqual(1001);
    expect(reason).toContain(`(${name})`);
  });

  it('does not count the time that an answer took', async () => {
    const slow = {
      name: 'late',
      read: async () => {
        const value = epochMs();
        await new Promise((resolve) => setTimeout(resolve, 50));
        return value;
      },
    };
    expect((await measureClocks([slow])).marginMs).toBe(1);
  });

  it('compares the wall clock too', async () => {
    vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(epochMs()) + 1000);
    const { marginMs, reason } = await measureClocks([clock('a', 0)]);
    expect(marginMs).toBeGreaterThan(500);
    expect(reason).toContain('(wall clock)');
  });

  it('is not known when a clock cannot be read', async () => {
    const read = () => Promise.reject(new Error('gone'));
    await expect(measureClocks([{ name: 'dead', read }])).rejects.toThrow('gone');
  });
});
