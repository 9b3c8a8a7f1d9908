import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { missedOf, type ScrapedTarget, slotsOf } from './missed.ts';

const INTERVAL = 1000;

/** Scraped at 250 ms past each second of [0, 10 s) of some epoch, unless told otherwise. */
function target(change: Partial<ScrapedTarget> & { seconds?: number[]; late?: Record<number, number> } = {}) {
  const { seconds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], late = {}, ...rest } = change;
  const up = seconds.map((second) => ({ t: 1e12 + second * INTERVAL + 250 + (late[second] ?? 0), v: 1 }));
  return { name: 'shop/a', up, fromMs: 1e12, untilMs: 1e12 + 10_000, ...rest };
}
const LATER = 1e12 + 60_000;

describe('missed scrapes', () => {
  it('are none where each slot has its scrape', () => {
    expect(slotsOf(target(), INTERVAL, LATER)).toEqual({ expected: 10, missed: 0 });
  });

  it('are slots without a scrape, and with one that failed', () => {
    expect(slotsOf(target({ seconds: [0, 1, 4, 5, 6, 7, 8, 9] }), INTERVAL, LATER)).toEqual({
      expected: 10,
      missed: 2,
    });
    expect(slotsOf(target({ seconds: [3, 4] }), INTERVAL, LATER)).toEqual({ expected: 10, missed: 8 });
    const failing = target();
    const up = failing.up.map(({ t }, i) => ({ t, v: i === 3 ? 0 : 1 }));
    expect(slotsOf({ ...failing, up }, INTERVAL, LATER)).toEqual({ expected: 10, missed: 1 });
  });

  it('are not those that are late by less than an interval, even past the edge of a second or of the window', () => {
    const late = target({ late: { 2: 700, 3: 400, 9: 900 } });
    expect(slotsOf(late, INTERVAL, LATER)).toEqual({ expected: 10, missed: 0 });
    expect(slotsOf(target({ seconds: [0, 1, 3, 4, 5, 6, 7, 8, 9] }), INTERVAL, LATER)).toEqual({
      expected: 10,
      missed: 1,
    });
  });

  it('are none of a Prometheus that is late with most, and by chance equally with some', () => {
    const busy = target({ seconds: [0, 1, 2, 3], late: { 1: 400, 2: 400, 3: 20 }, untilMs: 1e12 + 4000 });
    expect(slotsOf(busy, INTERVAL, LATER)).toEqual({ expected: 4, missed: 0 });
    const busier = target({ late: { 3: 3, 4: 4, 5: 3, 6: 3, 7: 3, 8: 3, 9: 600 } });
    expect(slotsOf(busier, INTERVAL, LATER)).toEqual({ expected: 10, missed: 0 });
  });

  it('are all of a target that was never scraped', () => {
    expect(slotsOf(target({ seconds: [] }), INTERVAL, LATER)).toEqual({ expected: 10, missed: 10 });
  });

  it('are counted only while the pod was there', () => {
    const came = target({ seconds: [6, 7, 8, 9], fromMs: 1e12 + 5_500 });
    expect(slotsOf(came, INTERVAL, LATER)).toEqual({ expected: 4, missed: 0 });
    const went = target({ seconds: [0, 1, 2, 3], untilMs: 1e12 + 3_600 });
    expect(slotsOf(went, INTERVAL, LATER)).toEqual({ expected: 4, missed: 0 });
    expect(slotsOf(target({ fromMs: 1e12 + 5000, untilMs: 1e12 + 4000 }), INTERVAL, LATER)).toEqual({
      expected: 0,
      missed: 0,
    });
  });

  it('are not known yet while the last scrape may be under way', () => {
    const running = target({ seconds: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
    expect(slotsOf(running, INTERVAL, 1e12 + 10_000)).toEqual({ expected: 9, missed: 0 });
    expect(slotsOf(running, INTERVAL, 1e12 + 10_250)).toEqual({ expected: 10, missed: 1 });
  });

  it('are exactly those that are left out, whatever the phase, the jitter, and what is missing', () => {
    fc.assert(
      fc.property(
        fc.record({
          intervalMs: fc.constantFrom(500, 1000, 2000, 10_000, 15_000),
          phase: fc.double({ min: 0, max: 0.999, noNaN: true }),
          slots: fc.integer({ min: 8, max: 40 }),
          late: fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), { minLength: 40, maxLength: 40 }),
          gone: fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { maxLength: 3 }),
        }),
        ({ intervalMs, phase: share, slots, late, gone }) => {
          const phase = Math.floor(share * intervalMs);
          const start = 1_700_000_000_000;
          const all = Array.from({ length: slots }, (_, slot) => slot);
          // One in two is on time, as with a Prometheus that keeps up.
          const lateBy = (slot: number) => (slot % 2 === 0 ? 0 : late[slot]!);
          const at = (slot: number) => Math.round(start + (slot + lateBy(slot)) * intervalMs) + phase;
          const left = all.filter((slot) => !gone.includes(slot));
          const up = left.map((slot) => ({ t: at(slot), v: 1 }));
          const window = { fromMs: start, untilMs: start + slots * intervalMs };
          const { missed, expected } = slotsOf({ name: 'a', up, ...window }, intervalMs, start + 1e9);
          expect(missed).toBe(slots - left.length);
          expect(expected).toBe(slots);
        },
      ),
    );
  });

  it('name the targets that missed the most', () => {
    const few = target({ name: 'shop/few', seconds: [0, 1, 2, 3, 4, 5, 6, 7, 8] });
    const many = target({ name: 'shop/many', seconds: [0, 1, 2] });
    expect(missedOf([target(), few, many], INTERVAL, LATER)).toEqual({
      scrapes: 8,
      targets: 2,
      examples: ['shop/many: 7 of 10', 'shop/few: 1 of 10'],
      expected: 30,
    });
    const lot = Array.from({ length: 9 }, (_, i) => target({ name: `shop/${i}`, seconds: [] }));
    expect(missedOf(lot, INTERVAL, LATER)).toMatchObject({ scrapes: 90, targets: 9, examples: { length: 5 } });
  });
});
