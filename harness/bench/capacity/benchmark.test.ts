import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../core/errors.ts';
import { DEFAULT_KIND_OPTIONS } from '../../environment/contract.ts';
import { readCapacity } from '../../result/bench/read.ts';
import type { CapacityPoint, CapacityResult } from '../../result/bench/types.ts';
import { CAPACITY_FILE } from '../../result/bench/write.ts';
import { tempDir } from '../../run/testing/tools.ts';
import { parseScenario } from '../../scenario/load.ts';
import { Benchmark, type Measure } from './benchmark.ts';
import type { CapacityOptions, Side } from './options.ts';
import type { PointPlan } from './point.ts';
import { ratioOf } from './price.ts';
import { checkUsed, readEarlier, writePlan } from './resume.ts';
import { REPEATS } from './schedule.ts';

const SCENARIO = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: pair, description: Two services. }
namespace: shop
seed: 3
services: [{ name: web }, { name: cart }]
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 30/s, duration: 10s }
  - { executor: constant-arrival-rate, target: cart, rate: 10/s, duration: 10s }
`;
/** Of the two sides. */
const CAPACITY: Record<Side, number> = { meshed: 200, unmeshed: 500 };

function optionsFor(runDir: string, over: Partial<CapacityOptions> = {}): CapacityOptions {
  return {
    scenario: parseScenario(SCENARIO, 'pair.yaml'),
    objectives: { p50Ms: null, p95Ms: null, p99Ms: 100, successRate: 0.99 },
    ...{ of: '*', sides: ['meshed', 'unmeshed'], environment: 'local', kind: DEFAULT_KIND_OPTIONS, tools: {} },
    ...{ measuredSeconds: 20, warmupSeconds: 5, rates: {}, precision: 0.05, maxPoints: 30, level: 0.95, curve: true },
    ...{ resume: null, runDir, signal: new AbortController().signal },
    progress: { event() {}, pointDone() {}, note() {} },
    ...over,
  };
}

/** A mesh of which everything is known. */
function pointAt({ index, dir, step, side, ratePerSecond }: PointPlan): CapacityPoint {
  const sustained = ratePerSecond <= CAPACITY[side];
  const meshed = side === 'meshed';
  const p99 = sustained ? (meshed ? 30 : 20) : 900;
  const used = (part: string, cpu: number) => ({
    ...{ part, cpuSecondsPer1000Requests: cpu, cores: (cpu * ratePerSecond) / 1000, residentBytes: 50e6 },
  });
  return {
    ...{
      index,
      step,
      dir,
      offeredPerSecond: ratePerSecond,
      achievedPerSecond: Math.min(ratePerSecond, CAPACITY[side]),
    },
    ...{
      sustained,
      why: sustained ? [] : ['p99 900 ms, wanted 100 ms'],
      requests: 100,
      failed: 0,
      droppedIterations: 0,
    },
    ...{ successRate: 1, latencyMs: { p50: meshed ? 9 : 5, p95: meshed ? 15 : 8, p99, max: p99 } },
    usage: meshed ? [used('app', 0.5), used('proxy', 1.5)] : [used('app', 0.4)],
    ...{ verdict: meshed ? 'pass' : null, reasons: [], diagnoses: [] },
  };
}

const known: Measure = async (plan) => pointAt(plan);
const rates = (record: CapacityResult) => record.sides.map(({ points }) => points.map((p) => p.offeredPerSecond));

async function whole(dir: string): Promise<CapacityResult> {
  const benchmark = new Benchmark(optionsFor(dir, { atLeast: 150 }), null);
  await benchmark.run(known);
  return benchmark.record();
}

describe('a benchmark', () => {
  it('finds both sides by turns, and what the mesh costs', async () => {
    await using dir = await tempDir();
    const record = await whole(dir.path);
    const [meshed, unmeshed] = record.sides;
    expect([meshed!.side, unmeshed!.side]).toEqual(['meshed', 'unmeshed']);
    expect(record.atLeast).toBe(150);
    expect(Math.abs(meshed!.capacity!.value / 200 - 1)).toBeLessThan(0.05);
    expect(Math.abs(unmeshed!.capacity!.value / 500 - 1)).toBeLessThan(0.05);
    expect(record.sides.map((side) => [side.converged, side.limitedBy])).toEqual([
      [true, 'p99 <= 100 ms'],
      [true, 'p99 <= 100 ms'],
    ]);
    const { price } = record;
    expect(price!.capacityRatio!.low).toBeLessThan(0.4);
    expect(price!.capacityRatio!.high).toBeGreaterThan(0.4);
    expect(price).toMatchObject({
      addedLatencyMs: { p50: 4, p95: 7, p99: 10 },
      proxyCpu: 1.5,
      appCpu: { meshed: 0.5, unmeshed: 0.4 },
    });
    expect(price!.text).toMatch(
      /^\d+ of \d+ requests\/s without a mesh \(\d+%, between \d+% and \d+%\); at [\d.]+\/s latency in ms \+4 \(±0\.654\) at p50, \+7 \(±0\.654\) at p95, \+10 \(±0\.654\) at p99; .*; memory 50 MB of proxies, 50 MB of apps \(50 MB without\); per 1,000 requests\/s more \+0 MB \(within noise, ±0\) of proxies, /,
    );
    const order = record.sides
      .flatMap(({ side, points }) => points.map((p) => ({ side, ...p })))
      .sort((a, b) => a.index - b.index);
    expect(order.map(({ index }) => index)).toEqual(order.map((_, i) => i + 1));
    expect(order.slice(0, 8).map(({ side }) => side[0])).toEqual(['m', 'u', 'm', 'u', 'm', 'u', 'm', 'u']);
    const { durationMs: _, ...rest } = record;
    expect(await readCapacity(join(dir.path, CAPACITY_FILE))).toMatchObject(rest);
  });

  it('has a curve around both capacities, and the same rate of both three times', async () => {
    await using dir = await tempDir();
    const record = await whole(dir.path);
    for (const { points, capacity } of record.sides) {
      for (const share of [0.25, 0.5, 0.75, 0.9, 1.1, 1.25]) {
        const near = points.some((p) => Math.abs(p.offeredPerSecond / capacity!.value / share - 1) <= 0.065);
        expect([share, near]).toEqual([share, true]);
      }
      const common = points.filter((p) => p.step === 'knee' && p.offeredPerSecond === record.price!.atPerSecond);
      expect(common).toHaveLength(REPEATS);
    }
  });

  it('keeps what it has when it is interrupted, and goes on where it ended', async () => {
    await using dir = await tempDir();
    await using at = await tempDir();
    const expected = await whole(dir.path);
    const options = optionsFor(at.path);
    await writePlan(options);
    const abort = new AbortController();
    const broken = new Benchmark({ ...options, signal: abort.signal }, null);
    await broken.run(async (plan) => {
      if (plan.index === 8) abort.abort(new InterruptedError('SIGINT'));
      return pointAt(plan);
    });
    const half = await readCapacity(join(at.path, CAPACITY_FILE));
    expect(half.error?.code).toBe('INTERRUPTED');
    expect(half.sides.flatMap(({ points }) => points)).toHaveLength(7);
    expect(half.sides[0]!.stopped).toContain('not finished: after 4 points');
    const resumed = new Benchmark(options, await readEarlier(options, at.path));
    await resumed.run(known);
    expect(rates(resumed.record())).toEqual(rates(expected));
    expect(resumed.record()).toMatchObject({ startedAt: half.startedAt });
    expect(resumed.record().error).toBeUndefined();
    expect(resumed.done).toBe(true);
  });

  it('ends when the environment does not come up, with why', async () => {
    await using dir = await tempDir();
    const error = { code: 'PORT_TAKEN', message: 'port 1 is taken', hint: 'free it' };
    const benchmark = new Benchmark(optionsFor(dir.path), null);
    let times = 0;
    await benchmark.run(async (plan) => {
      times += 1;
      return { ...pointAt(plan), sustained: null, requests: 0, error };
    });
    expect(times).toBe(2);
    expect(benchmark.record()).toMatchObject({ error, sides: [{ capacity: null }, { capacity: null }] });
  });

  it('says that a rate well below the capacity was not sustained later', async () => {
    await using dir = await tempDir();
    const benchmark = new Benchmark(optionsFor(dir.path, { sides: ['unmeshed'] }), null);
    await benchmark.run(async (plan) => ({ ...pointAt(plan), ...(plan.step === 'knee' && { sustained: false }) }));
    expect(benchmark.record().sides[0]!.stopped).toMatch(/later [\d.]+\/s, well below it, was not sustained/);
  });

  it('says what its windows are too short for', async () => {
    await using dir = await tempDir();
    const benchmark = new Benchmark(
      optionsFor(dir.path, { measuredSeconds: 1, warmupSeconds: 1, rates: { max: 20, start: 8 } }),
      null,
    );
    await benchmark.run(async (plan) => ({ ...pointAt(plan), sustained: plan.ratePerSecond <= 12 }));
    expect(benchmark.record().sides[0]!.stopped).toMatch(/in windows of 1 s an overload below [\d.]+% may not show/);
  });
});

describe('resuming', () => {
  it.each([
    ['of', { of: 'shop/web' }, 'of was "*", and is "shop/web"'],
    [
      'objectives',
      { objectives: { p50Ms: null, p95Ms: null, p99Ms: 50, successRate: 0.99 } },
      'objectives: p99Ms was 100, and is 50',
    ],
    ['the window', { measuredSeconds: 30 }, 'seconds: measured was 20, and is 30'],
    ['the environment', { environment: 'kind' }, 'environment was "local", and is "kind"'],
    [
      'the scenario',
      { scenario: parseScenario(SCENARIO.replace('30/s', '31/s'), 'x') },
      'scenario: traffic has changed',
    ],
  ] as [string, Partial<CapacityOptions>, string][])('is refused where %s differs', async (_, change, message) => {
    await using dir = await tempDir();
    await writePlan(optionsFor(dir.path));
    await new Benchmark(optionsFor(dir.path), null).save();
    const other = readEarlier({ ...optionsFor(dir.path), ...change }, dir.path);
    await expect(other).rejects.toMatchObject({ code: 'NOT_RESUMABLE', message: expect.stringContaining(message) });
  });

  it('is refused where the programs or the mesh differ', async () => {
    await using dir = await tempDir();
    const benchmark = new Benchmark(optionsFor(dir.path), null);
    const mesh = { kind: 'linkerd', version: 'edge-26.8.3', proxyVersion: 'v2.366.0' };
    const earlier = {
      ...benchmark.record(),
      tools: [
        { name: 'k6', version: '1.8.1' },
        { name: 'prometheus', version: '3.15.0' },
      ],
      environment: { name: 'kind', mesh },
    };
    const refusal = (message: string) => expect.objectContaining({ code: 'NOT_RESUMABLE', exitCode: 2, message });
    const says = (text: string) => expect.stringContaining(text) as string;
    expect(() => checkUsed(null, { tools: earlier.tools, mesh })).not.toThrow();
    expect(() => checkUsed(earlier, { tools: earlier.tools, mesh })).not.toThrow();
    expect(() => checkUsed(earlier, { tools: [{ name: 'kind', version: '1' }] })).not.toThrow();
    expect(() => checkUsed(earlier, { tools: [{ name: 'k6', version: '1.9.0' }] })).toThrow(
      refusal(says('k6 was 1.8.1, and is 1.9.0')),
    );
    expect(() => checkUsed(earlier, { mesh: { ...mesh, version: 'edge-26.9.1' } })).toThrow(
      refusal(says('mesh was linkerd edge-26.8.3 (proxy v2.366.0), and is linkerd edge-26.9.1 (proxy v2.366.0)')),
    );
  });

  it('is refused with another meshproof', async () => {
    await using dir = await tempDir();
    await writePlan(optionsFor(dir.path));
    await new Benchmark(optionsFor(dir.path), null).save();
    const file = join(dir.path, 'plan.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/"meshproof": "[^"]+"/, '"meshproof": "0.0.0-other"'));
    await expect(readEarlier(optionsFor(dir.path), dir.path)).rejects.toMatchObject({
      code: 'NOT_RESUMABLE',
      message: expect.stringContaining('meshproof was "0.0.0-other"'),
    });
  });

  it('is refused on another machine', async () => {
    await using dir = await tempDir();
    await writePlan(optionsFor(dir.path));
    await new Benchmark(optionsFor(dir.path), null).save();
    const file = join(dir.path, 'plan.json');
    const plan = JSON.parse(await readFile(file, 'utf8')) as { machine: { cores: number } };
    plan.machine.cores += 62;
    await writeFile(file, JSON.stringify(plan));
    await expect(readEarlier(optionsFor(dir.path), dir.path)).rejects.toMatchObject({ code: 'NOT_RESUMABLE' });
  });

  it('with more points or another precision goes on; folders are named from where it goes on', async () => {
    await using dir = await tempDir();
    await using next = await tempDir();
    const few = optionsFor(dir.path, { maxPoints: 3, curve: false });
    await writePlan(few);
    await new Benchmark(few, null).run(known);
    const options = optionsFor(next.path, { precision: 0.1 });
    const benchmark = new Benchmark(options, await readEarlier(options, dir.path));
    await benchmark.run(known);
    const [first] = benchmark.record().sides[0]!.points;
    expect(first!.dir).toMatch(/^\.\.\/.*\/point-01-meshed-40$/);
    expect(benchmark.record().sides.every(({ converged }) => converged)).toBe(true);
  });
});

describe('a ratio', () => {
  it('is no more certain than either of the two', () => {
    const of = (value: number, half: number) => ({
      value,
      low: value * (1 - half),
      high: value * (1 + half),
      level: 0.95,
    });
    const ratio = ratioOf(of(300, 0.05), of(600, 0.05))!;
    expect(ratio.value).toBe(0.5);
    expect(ratio.high / ratio.value - 1).toBeCloseTo(0.05 * Math.SQRT2, 2);
    expect(ratioOf({ ...of(300, 0.05), high: Number.POSITIVE_INFINITY }, of(600, 0.05))).toBeNull();
  });
});
