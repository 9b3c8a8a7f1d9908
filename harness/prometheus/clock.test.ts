import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { correctionMs, measureClock } from './clock.ts';

/** A Prometheus whose clock is ahead, asked over a line that takes its time there and back. */
function clockOf(aheadMs: number, trips: [there: number, back: number][]) {
  let now = 1_000_000.25;
  let look = 0;
  return {
    async clock() {
      const [there, back] = trips[look++ % trips.length]!;
      const fromMs = now;
      now += there;
      const atMs = Math.floor(now + aheadMs);
      now += back;
      return { atMs, fromMs, untilMs: now };
    },
  };
}

describe('measureClock', () => {
  it('is never surer than it may be', async () => {
    const trip = fc.tuple(fc.double({ min: 0, max: 80, noNaN: true }), fc.double({ min: 0, max: 80, noNaN: true }));
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.array(trip, { minLength: 1, maxLength: 5 }),
        async (ahead, trips) => {
          const measured = await measureClock(clockOf(ahead, trips));
          expect(Math.abs(measured.aheadMs - ahead)).toBeLessThanOrEqual(measured.uncertaintyMs + 1e-6);
          const shortest = Math.min(...trips.map(([there, back]) => there + back));
          expect(measured.uncertaintyMs).toBeLessThanOrEqual(shortest / 2 + 1);
        },
      ),
    );
  });

  it('trusts the shortest look when a clock was set in the meantime', async () => {
    const looks = [
      { atMs: 1000, fromMs: 1000, untilMs: 1001 },
      { atMs: 9000, fromMs: 2000, untilMs: 2100 },
    ];
    let look = 0;
    const { aheadMs } = await measureClock({ clock: async () => looks[look++ % 2]! });
    expect(Math.abs(aheadMs)).toBeLessThan(2);
  });
});

describe('correctionMs', () => {
  it('leaves clocks alone that may go alike', () => {
    expect(correctionMs({ aheadMs: 90, uncertaintyMs: 1 })).toBe(0);
    expect(correctionMs({ aheadMs: -2300, uncertaintyMs: 2250 })).toBe(0);
    expect(correctionMs({ aheadMs: -2300.4, uncertaintyMs: 3 })).toBe(-2300);
  });
});
