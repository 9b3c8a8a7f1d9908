import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../core/errors.ts';
import { liveChildren } from '../../core/process.ts';
import { prometheusBinary } from '../../prometheus/testing/binary.ts';
import { readScrape } from '../../result/bench/read.ts';
import type { ScrapePoint } from '../../result/bench/types.ts';
import { resolveTool } from '../../tools/resolve.ts';
import { type ScrapeOptions, scrape } from './index.ts';
import { measurePoint } from './point.ts';
import { planOptions, settingsOf } from './testing/points.ts';
import { ScrapeWorld } from './world.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-scrape-test-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
  expect(liveChildren()).toEqual([]);
});

/** Long enough that a machine of two cores that stutters misses no scrape by it. */
const INTERVAL_MS = 3000;
/** A window of as many intervals as it has at least. */
const INTERVALS = 4;
const TIMEOUT_MS = 150_000;
/** Of one test: it is made as that begins. */
const deadline = () => AbortSignal.timeout(TIMEOUT_MS);

function options(change: Partial<ScrapeOptions> = {}): ScrapeOptions {
  return {
    ...planOptions({ targets: [10, 20], series: [500], intervalsMs: [INTERVAL_MS], secondsPerPoint: 4 }),
    ...{
      memoryCheck: true,
      predictions: [],
      accuracy: false,
      families: false,
      tools: { prometheus: prometheusBinary() },
    },
    // As the command line has it by default.
    ...{ runDir: relative(process.cwd(), dir), resume: null, signal: deadline(), progress: () => {} },
    ...change,
  };
}

function expectHealthy(point: ScrapePoint): void {
  const { settings, seriesPerTarget, seconds, prometheus, missed, rejected, generator, scrapeDurationMs } = point;
  expect(seconds).toBe((INTERVALS * INTERVAL_MS) / 1000);
  expect(missed).toEqual({ scrapes: 0, targets: 0, examples: [] });
  expect(Object.keys(rejected)).toEqual(
    expect.arrayContaining(['duplicate_timestamp', 'out_of_order', 'tsdb_too_old']),
  );
  expect(Object.values(rejected).every((count) => count === 0)).toBe(true);
  // One that is late at an edge of the window may fall to either side of it.
  expect(Math.abs(prometheus.scrapes - settings.targets * INTERVALS)).toBeLessThanOrEqual(settings.targets * 0.2);
  expect(prometheus.samples).toBe(prometheus.scrapes * seriesPerTarget);
  // Prometheus' own page, and five series about each scrape.
  expect(prometheus.headSeries).toBeGreaterThan(settings.targets * (seriesPerTarget + 5));
  expect(prometheus.headSeries).toBeLessThan(settings.targets * (seriesPerTarget + 5) + 2000);
  expect(prometheus.cpuSeconds).toBeGreaterThan(0.02);
  expect(prometheus.cpuSeconds).toBeLessThan(6);
  expect(prometheus.residentBytesMax).toBeGreaterThanOrEqual(prometheus.residentBytes);
  expect(prometheus.heapBytes).toBeGreaterThan(5e6);
  expect(prometheus.heapBytes).toBeLessThan(prometheus.residentBytesMax);
  // By then Prometheus has counted our queries, too.
  expect(prometheus.block!.series - prometheus.headSeries).toBeGreaterThanOrEqual(0);
  expect(prometheus.block!.series - prometheus.headSeries).toBeLessThan(200);
  expect(prometheus.block!.samples).toBeGreaterThan(prometheus.samples);
  expect(prometheus.block!.chunkBytes / prometheus.block!.samples).toBeGreaterThan(0.5);
  expect(prometheus.blockBytesPerSample!).toBeLessThan(100);
  expect(prometheus.walBytesPerSample!).toBeGreaterThan(0.2);
  expect(prometheus.walBytesPerSample!).toBeLessThan(20);
  expect(scrapeDurationMs.p50).toBeGreaterThan(0);
  expect(scrapeDurationMs.max).toBeLessThanOrEqual(INTERVAL_MS);
  expect(generator.samplesPerCpuSecond).toBeGreaterThan(10_000);
  expect(point.bytesPerPage).toBeGreaterThan(50 * seriesPerTarget);
}

describe('a sweep', { timeout: TIMEOUT_MS }, () => {
  it('keeps what was measured when it is interrupted, and goes on from there', async () => {
    const interruption = new AbortController();
    const lines: string[] = [];
    const interrupted = await scrape(
      options({
        signal: interruption.signal,
        progress: (line) => {
          lines.push(line);
          // While the second point is being measured.
          if (line.startsWith('2/2: ')) setTimeout(() => interruption.abort(new InterruptedError('SIGINT')), 1500);
        },
      }),
    );
    expect(interrupted.error?.code).toBe('INTERRUPTED');
    expect(interrupted.points).toHaveLength(1);
    expect(await readScrape(join(dir, 'scrape.json'))).toEqual(interrupted);
    expect(liveChildren()).toEqual([]);
    expect(lines.join('\n')).toMatch(/^1\/2: 10 x 500 series each 3 s, .*: 0\.\d+ cores, \d+ MiB, 0 scrapes missed$/m);
    // The logs of what was broken off stay, its data doesn't.
    expect(readdirSync(join(dir, 'points'))).toEqual(['2']);
    expect(existsSync(join(dir, 'points/2/data'))).toBe(false);

    await expect(scrape(options({ resume: dir, seed: 2 }))).rejects.toMatchObject({
      code: 'SWEEP_DIFFERS',
      exitCode: 2,
    });
    const resumed = await scrape(options({ resume: dir }));
    expect(resumed.error).toBeUndefined();
    expect(resumed.startedAt).toBe(interrupted.startedAt);
    expect(resumed.durationMs).toBeGreaterThan(interrupted.durationMs);
    expect(resumed.points[0]).toEqual(interrupted.points[0]);
    expect(resumed.points.map(({ settings }) => settings.targets)).toEqual([10, 20]);
    resumed.points.forEach(expectHealthy);
    expect(readdirSync(join(dir, 'points'))).toEqual([]);
    expect(await readScrape(join(dir, 'scrape.json'))).toEqual(resumed);
  });

  it('is refused before anything starts when there is no room for it, or no such page', async () => {
    await expect(scrape(options({ targets: [10, 200_000], series: [1000] }))).rejects.toMatchObject({
      code: 'NOT_ENOUGH_MEMORY',
      hint: expect.stringMatching(/^it fits with --targets 10; /),
    });
    const asked = { pods: 10, edges: 5000, intervalMs: 10_000, version: 'edge-26.8.3' };
    await expect(scrape(options({ predictions: [asked] }))).rejects.toMatchObject({ code: 'BAD_SHAPE' });
    await expect(scrape(options({ series: [3] }))).rejects.toMatchObject({ code: 'BAD_SHAPE' });
    await expect(scrape(options({ versions: ['1.0'] }))).rejects.toMatchObject({ code: 'UNKNOWN_MESH_VERSION' });
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a point', { timeout: TIMEOUT_MS }, () => {
  it('names the target that stopped to answer', async () => {
    // A pod like the others, of which the proxy answers four times.
    let answers = 0;
    const server = createServer((_request, response) => {
      answers += 1;
      if (answers > 4) return void response.destroy();
      response.end('# TYPE some gauge\nsome 1\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const signal = deadline();
      const settings = settingsOf({ targets: 3, series: 500, intervalMs: INTERVAL_MS });
      const tool = await resolveTool('prometheus', { given: prometheusBinary() });
      await using world = await ScrapeWorld.start({ settings, seed: 1, tool, dir, signal });
      const [like] = world.generator.pods();
      const { port } = server.address() as AddressInfo;
      world.lives.apply({
        removed: [],
        added: [{ ...like!, name: `${like!.workload}-0a1b2c3d4e-ghost`, ip: '127.0.0.1', port }],
      });
      const name = `${like!.namespace}/${like!.workload}-0a1b2c3d4e-ghost`;
      // As if it had been there from the start.
      world.lives.all.get(name)!.fromMs = Math.min(...[...world.lives.all.values()].map(({ fromMs }) => fromMs));
      const point = await measurePoint(world, settings, { secondsPerPoint: 4, signal, progress: () => {} });
      expect(point.missed).toMatchObject({ targets: 1, examples: [expect.stringMatching(`^${name}: \\d of 4$`)] });
      expect(point.missed.scrapes).toBeGreaterThanOrEqual(1);
      expect(point.prometheus.scrapes).toBeGreaterThanOrEqual(11);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
