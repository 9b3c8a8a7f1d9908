import { describe, expect, it } from 'vitest';
import { halfWidth, nextMove, RETRIES, type SearchPoint, type SearchSettings } from './search.ts';
import { normal, random } from './testing/random.ts';

const SETTINGS: SearchSettings = {
  startPerSecond: 50,
  minPerSecond: 1,
  maxPerSecond: 20_000,
  precision: 0.05,
  level: 0.95,
  maxPoints: 40,
};

/** What comes of a point at a rate. */
type Responder = (ratePerSecond: number, index: number, before: readonly SearchPoint[]) => boolean | null;

/** One whose capacity varies by so much from point to point. */
function noisy(capacity: number, noise: number, seed: number): Responder {
  const uniform = random(seed);
  return (rate) => rate <= capacity * Math.exp(noise * normal(uniform));
}

function search(responder: Responder, settings: Partial<SearchSettings> = {}) {
  const points: SearchPoint[] = [];
  const steps: string[] = [];
  for (;;) {
    const move = nextMove(points, { ...SETTINGS, ...settings });
    if (move.kind === 'end') return { ...move, points, steps };
    if (points.length > 100) throw new Error('it does not end');
    const sustained = responder(move.ratePerSecond, points.length, points);
    points.push({ offeredPerSecond: move.ratePerSecond, sustained, why: sustained === null ? ['no telemetry'] : [] });
    steps.push(move.step);
  }
}

const seeds = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
/** A capacity, some way off the rate that the search begins with. */
const capacityOf = (seed: number) => 20 * 100 ** random(seed + 7000)();
const share = <T>(all: readonly T[], is: (one: T) => boolean) => all.filter(is).length / all.length;

describe('a search', () => {
  it('holds the capacity in its interval as often as it says, in few points, where points vary by 3 %', () => {
    const runs = seeds(500).map((seed) => {
      const truth = capacityOf(seed);
      const { capacity, points, converged } = search(noisy(truth, 0.03, seed));
      return { held: capacity!.low <= truth && truth <= capacity!.high, points: points.length, converged, capacity };
    });
    expect(share(runs, ({ held }) => held)).toBeGreaterThanOrEqual(0.95);
    expect(share(runs, ({ converged }) => converged)).toBeGreaterThanOrEqual(0.99);
    expect(runs.every(({ converged, capacity }) => !converged || halfWidth(capacity!) <= 0.05)).toBe(true);
    const counts = runs.map(({ points }) => points).sort((a, b) => a - b);
    expect(counts[250]).toBeLessThanOrEqual(15);
    expect(counts[450]).toBeLessThanOrEqual(21);
  });

  it('says the same twice: intervals overlap', () => {
    const pairs = seeds(200).map((seed) =>
      [seed, seed + 10_000].map((each) => search(noisy(400, 0.03, each)).capacity!),
    );
    expect(share(pairs, ([a, b]) => a!.low <= b!.high && b!.low <= a!.high)).toBeGreaterThanOrEqual(0.99);
  });

  it('comes as near as it is asked to where nothing varies', () => {
    for (const precision of [0.1, 0.05, 0.02]) {
      for (const seed of seeds(20)) {
        const truth = capacityOf(seed);
        const { capacity, converged, points } = search((rate) => rate <= truth, { precision });
        expect(converged).toBe(true);
        expect(Math.abs(capacity!.value / truth - 1)).toBeLessThanOrEqual(precision);
        expect(points.length).toBeLessThanOrEqual(precision < 0.05 ? 28 : 20);
      }
    }
  });

  it('is confirmed by repeats on both sides', () => {
    const { capacity, points } = search(noisy(400, 0.01, 3));
    const near = points.filter((p) => Math.abs(p.offeredPerSecond / capacity!.value - 1) <= 0.08);
    expect(near.filter((p) => p.sustained && p.offeredPerSecond <= capacity!.value).length).toBeGreaterThanOrEqual(2);
    expect(near.filter((p) => !p.sustained && p.offeredPerSecond >= capacity!.value).length).toBeGreaterThanOrEqual(2);
  });

  it('gets over a rate well within the capacity that was spoilt once', () => {
    const runs = seeds(100).map((seed) => {
      const respond = noisy(400, 0.02, seed);
      // The first points are those of the bracket, far below.
      return search((rate, index, before) => (index === seed % 3 ? false : respond(rate, index, before)));
    });
    const near = ({ capacity }: (typeof runs)[number]) => Math.abs(capacity!.value / 400 - 1) <= 0.06;
    expect(share(runs, near)).toBeGreaterThanOrEqual(0.95);
  });

  it('holds the capacity where the machine spoils one point in twelve', () => {
    const runs = seeds(200).map((seed) => {
      const respond = noisy(400, 0.02, seed);
      const spoils = random(seed + 500);
      const { capacity } = search((...point) => spoils() >= 1 / 12 && respond(...point));
      return capacity!.low <= 400 && 400 <= capacity!.high;
    });
    expect(share(runs, (held) => held)).toBeGreaterThanOrEqual(0.93);
  });

  it('says that what it measured was changing', () => {
    const falling = seeds(100).map((seed) => {
      const uniform = random(seed);
      return search((rate, index) => rate <= 400 * 0.97 ** index * Math.exp(0.01 * normal(uniform)));
    });
    expect(
      share(falling, ({ stopped }) => /getting slower|contradict|not confirmed/.test(stopped)),
    ).toBeGreaterThanOrEqual(0.5);
    const steady = seeds(200).map((seed) => search(noisy(400, 0.03, seed)));
    expect(share(steady, ({ stopped }) => /getting|contradict/.test(stopped))).toBeLessThanOrEqual(0.03);
  });

  it('still ends where a mesh that was overloaded once stays worse', () => {
    const hysteresis: Responder = (rate, _, before) =>
      rate <= (before.some(({ sustained }) => sustained === false) ? 300 : 400);
    const { capacity } = search(hysteresis);
    expect(capacity!.low).toBeLessThanOrEqual(305);
    expect(capacity!.high).toBeGreaterThanOrEqual(295);
  });

  it('is a function of its points: what is replayed goes on where it was', () => {
    const { points } = search(noisy(400, 0.03, 11));
    for (let n = 0; n < points.length; n += 1) {
      const move = nextMove(points.slice(0, n), SETTINGS);
      expect(move).toMatchObject({ kind: 'measure', ratePerSecond: points[n]!.offeredPerSecond });
    }
  });
});

describe('points that do not count', () => {
  it('are measured again, and do not move the search', () => {
    const spoilt = search((rate, index) => (index % 3 === 1 ? null : rate <= 400));
    const clean = search((rate) => rate <= 400);
    const counted = (points: readonly SearchPoint[]) => points.filter(({ sustained }) => sustained !== null);
    expect(counted(spoilt.points).map((p) => p.offeredPerSecond)).toEqual(clean.points.map((p) => p.offeredPerSecond));
    expect(spoilt.capacity).toEqual(clean.capacity);
  });

  it('above a rate, always: the search stays below it', () => {
    const { capacity, points } = search((rate) => (rate > 520 ? null : rate <= 400));
    expect(Math.abs(capacity!.value / 400 - 1)).toBeLessThanOrEqual(0.05);
    for (const [, its] of Map.groupBy(points, (p) => p.offeredPerSecond)) {
      expect(its.filter(({ sustained }) => sustained === null).length).toBeLessThanOrEqual(RETRIES + 1);
    }
  });

  it('right above what is sustained: the capacity is at least that', () => {
    const { capacity, converged, stopped } = search((rate) => (rate > 260 ? null : true));
    expect(converged).toBe(false);
    expect(capacity).toMatchObject({ high: Number.POSITIVE_INFINITY });
    expect(capacity!.value).toBeGreaterThan(235);
    expect(stopped).toContain('at least');
  });

  it('at any rate: it ends soon, and says why', () => {
    const { capacity, stopped, points } = search(() => null);
    expect(capacity).toBeNull();
    expect(stopped).toContain('no telemetry');
    expect(points).toHaveLength(2 * (RETRIES + 1));
  });
});

describe('limits', () => {
  it('a mesh that sustains the highest rate', () => {
    const { capacity, converged, stopped } = search(() => true, { maxPerSecond: 300 });
    expect(capacity).toEqual({ value: 300, low: 300, high: Number.POSITIVE_INFINITY, level: 0.95 });
    expect([converged, stopped]).toEqual([
      false,
      '300/s, the highest rate to try, is sustained: the capacity is at least that',
    ]);
  });

  it('a mesh that does not sustain the lowest', () => {
    const { capacity, stopped } = search(() => false, { minPerSecond: 10 });
    expect([capacity, stopped]).toEqual([null, 'not even 10/s, the lowest rate to try, is sustained']);
  });

  it('points that are used up leave the interval that there is', () => {
    const { capacity, converged, points } = search((rate) => rate <= 400, { maxPoints: 6 });
    expect([converged, points.length]).toEqual([false, 6]);
    expect(capacity!.low).toBeLessThanOrEqual(400);
    expect(capacity!.high).toBeGreaterThanOrEqual(400);
    expect(halfWidth(capacity!)).toBeGreaterThan(0.05);
  });

  it('no rate beyond the limits is asked for', () => {
    const { points } = search(noisy(280, 0.1, 5), { minPerSecond: 40, maxPerSecond: 300 });
    expect(points.every((p) => p.offeredPerSecond >= 40 && p.offeredPerSecond <= 300)).toBe(true);
  });
});
