import { expect, it } from 'vitest';
import { fullBeforeMs } from './load.ts';
import { halfWidth, nextMove, type SearchPoint } from './search.ts';
import { normal, random } from './testing/random.ts';
import { MEDIAN_MS, SEARCH, THROTTLED, TIMES } from './testing/throttled.ts';

const RUNS = 200;

/** By which the service's time varies from point to point, and how many points have a pause of the whole machine of this length. */
interface Weather {
  noise: number;
  pauses: number;
  pauseMs: number;
}

/** The median latency of a point, as the service's line makes it: arrivals at even distances, so many places, one time each. */
function medianMs(ratePerSecond: number, serviceMs: number, pause: { atMs: number; ms: number }): number {
  const times = { warmupMs: 1000 * TIMES.warmupSeconds, measuredMs: 1000 * TIMES.measuredSeconds };
  // Nothing goes on in a pause, and what was due in it is done right after.
  const afterPause = (t: number) => (t >= pause.atMs && t < pause.atMs + pause.ms ? pause.atMs + pause.ms : t);
  const places = new Array<number>(THROTTLED.places).fill(0);
  const latencies: number[] = [];
  const fromMs = fullBeforeMs(times);
  for (let dueMs = 0; dueMs < fromMs + times.measuredMs; dueMs += 1000 / ratePerSecond) {
    const free = places.indexOf(Math.min(...places));
    const endMs = afterPause(Math.max(afterPause(dueMs), places[free]!) + serviceMs);
    places[free] = endMs;
    if (dueMs >= fromMs) latencies.push(endMs - dueMs);
  }
  return latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)]!;
}

function search(seed: number, { noise, pauses, pauseMs }: Weather) {
  const uniform = random(seed);
  const points: SearchPoint[] = [];
  const settings = { ...SEARCH, startPerSecond: 60, minPerSecond: 60 / 128, maxPerSecond: 20_000 };
  for (;;) {
    const move = nextMove(points, settings);
    if (move.kind === 'end') return move;
    const serviceMs = THROTTLED.latencyMs * Math.exp(noise * normal(uniform));
    const pause = { atMs: 1000 * (TIMES.warmupSeconds + TIMES.measuredSeconds) * uniform(), ms: 0 };
    if (uniform() < pauses) pause.ms = pauseMs;
    const sustained = medianMs(move.ratePerSecond, serviceMs, pause) <= MEDIAN_MS;
    points.push({ offeredPerSecond: move.ratePerSecond, sustained, why: [] });
  }
}

it.each<[string, Weather]>([
  ['quiet', { noise: 0.003, pauses: 0, pauseMs: 0 }],
  ['that pauses for 220 ms in one point of twelve', { noise: 0.03, pauses: 1 / 12, pauseMs: 220 }],
  ['that pauses for 400 ms in every third', { noise: 0.01, pauses: 1 / 3, pauseMs: 400 }],
])('the settings of the throttled service find its rate on a machine %s', { timeout: 60_000 }, (_, weather) => {
  const runs = Array.from({ length: RUNS }, (_, i) => search(i + 1, weather));
  const near = runs.filter(({ capacity, converged }) => {
    const error = Math.abs((capacity?.value ?? 0) / THROTTLED.perSecond - 1);
    return converged && error <= 0.05 && halfWidth(capacity!) <= 0.05;
  });
  expect(near.length / runs.length).toBeGreaterThanOrEqual(0.995);
});
