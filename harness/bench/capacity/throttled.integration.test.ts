import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_KIND_OPTIONS } from '../../environment/contract.ts';
import { readCapacity } from '../../result/bench/read.ts';
import { tempDir } from '../../run/testing/tools.ts';
import { parseScenario } from '../../scenario/load.ts';
import { CAPACITY_FILE, capacity } from './index.ts';
import { halfWidth } from './search.ts';

const THROTTLED = 'scenarios/bench/throttled.yaml';
/**
 * Twenty places, 250 ms each, instead of four with 50 ms: the same rate, of which a machine whose timers fire some milliseconds
 * late takes less.
 */
async function slower() {
  const text = await readFile(THROTTLED, 'utf8');
  return parseScenario(
    text.replace('concurrency: 4', 'concurrency: 20').replace('latency: 50ms', 'latency: 250ms'),
    THROTTLED,
  );
}
const TRUTH = 80;

it('finds the rate of a service that is throttled, within 5 %', { timeout: 600_000 }, async () => {
  await using dir = await tempDir();
  const result = await capacity({
    scenario: await slower(),
    // Over 80/s the wait grows by a share of the time: at 83/s to 170 ms within the 5.8 s of the full rate.
    objectives: { p50Ms: null, p95Ms: null, p99Ms: 420, successRate: 0.99 },
    ...{ of: '*', sides: ['meshed'], environment: 'local', kind: DEFAULT_KIND_OPTIONS, tools: {} },
    ...{ measuredSeconds: 5, warmupSeconds: 2, rates: {}, precision: 0.05, maxPoints: 25, level: 0.95, curve: false },
    ...{ resume: null, runDir: dir.path, signal: new AbortController().signal },
    progress: { event() {}, pointDone() {}, note() {} },
  });
  const [side] = result.sides;
  const story = side!.points.map((p) => `${p.offeredPerSecond} ${p.sustained} ${p.why.join('; ')}`).join('\n');
  expect(result.error, story).toBeUndefined();
  expect(side!.converged, story).toBe(true);
  expect(Math.abs(side!.capacity!.value / TRUTH - 1), story).toBeLessThanOrEqual(0.05);
  expect(halfWidth(side!.capacity!)).toBeLessThanOrEqual(0.05);
  expect(side!.limitedBy).toMatch(/^p99 <= 420 ms$|^a queue that does not grow$/);
  // Every point that counts has telemetry that is right, and says what its parts used.
  for (const point of side!.points.filter(({ sustained, droppedIterations }) => sustained && droppedIterations === 0)) {
    expect(point.verdict).toBe('pass');
    expect(point.usage.map(({ part }) => part)).toEqual(expect.arrayContaining(['app', 'proxy', 'load']));
  }
  expect(await readCapacity(join(dir.path, CAPACITY_FILE))).toMatchObject({ sides: result.sides });
});
