import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_KIND_OPTIONS } from '../../environment/contract.ts';
import { readCapacity } from '../../result/bench/read.ts';
import { tempDir } from '../../run/testing/tools.ts';
import { parseScenario } from '../../scenario/load.ts';
import { CAPACITY_FILE, capacity } from './index.ts';
import { halfWidth } from './search.ts';
import { MEDIAN_MS, SEARCH, THROTTLED, TIMES } from './testing/throttled.ts';

const FILE = 'scenarios/bench/throttled.yaml';

async function slower() {
  const text = await readFile(FILE, 'utf8');
  const { places, latencyMs } = THROTTLED;
  return parseScenario(
    text.replace('concurrency: 4', `concurrency: ${places}`).replace('latency: 50ms', `latency: ${latencyMs}ms`),
    FILE,
  );
}

it('finds the rate of a service that is throttled, within 5 %', { timeout: 900_000 }, async () => {
  await using dir = await tempDir();
  const result = await capacity({
    scenario: await slower(),
    objectives: { p50Ms: MEDIAN_MS, p95Ms: null, p99Ms: null, successRate: 0.99 },
    ...{ of: '*', sides: ['meshed'], environment: 'local', kind: DEFAULT_KIND_OPTIONS, tools: {} },
    ...{ ...TIMES, ...SEARCH, rates: {}, curve: false },
    ...{ resume: null, runDir: dir.path, signal: new AbortController().signal },
    progress: { event() {}, pointDone() {}, note() {} },
  });
  const [side] = result.sides;
  const story = side!.points.map((p) => `${p.offeredPerSecond} ${p.sustained} ${p.why.join('; ')}`).join('\n');
  expect(result.error, story).toBeUndefined();
  expect(side!.converged, story).toBe(true);
  expect(Math.abs(side!.capacity!.value / THROTTLED.perSecond - 1), story).toBeLessThanOrEqual(0.05);
  expect(halfWidth(side!.capacity!)).toBeLessThanOrEqual(0.05);
  expect(side!.limitedBy).toMatch(new RegExp(`^p50 <= ${MEDIAN_MS} ms$|^a queue that does not grow$`));
  // Every point that counts has telemetry that is right, and says what its parts used.
  for (const point of side!.points.filter(({ sustained, droppedIterations }) => sustained && droppedIterations === 0)) {
    expect(point.verdict).toBe('pass');
    expect(point.usage.map(({ part }) => part)).toEqual(expect.arrayContaining(['app', 'proxy', 'load']));
  }
  expect(await readCapacity(join(dir.path, CAPACITY_FILE))).toMatchObject({ sides: result.sides });
});
