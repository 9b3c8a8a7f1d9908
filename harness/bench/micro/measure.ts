import { Bench as Tinybench } from 'tinybench';
import type { MicroBench } from '../../result/bench/types.ts';
import { median, quantile, ratioOf, type Slice } from './statistics.ts';
import type { Bench, Effort, Ready } from './types.ts';
import { yardstick } from './yardstick.ts';

/** Share of a slice that the yardstick takes beside the benchmark. */
const YARDSTICK_SHARE = 0.5;

/**
 * Measures a benchmark in slices, each beside the yardstick, so that both see the same machine.
 * @throws what the benchmark throws
 */
export async function measure(bench: Bench, effort: Effort): Promise<MicroBench> {
  const ready = await bench.setUp();
  try {
    await slice(ready, effort.warmUpMs);
    const slices: Slice[] = [];
    const count = Math.min(bench.slices ?? effort.slices, effort.slices);
    for (let i = 0; i < count; i++) slices.push(await slice(ready, effort.sliceMs));
    const runs = slices.flatMap((s) => s.bench);
    return {
      name: bench.name,
      unit: bench.unit,
      unitsPerRun: ready.unitsPerRun,
      medianMs: median(runs),
      p99Ms: quantile(runs, 0.99),
      runs: runs.length,
      ratio: ratioOf(slices),
    };
  } finally {
    await ready.dispose?.();
  }
}

async function slice(ready: Ready, ms: number): Promise<Slice> {
  return { yardstick: await timed(yardstick, ms * YARDSTICK_SHARE), bench: await timed(() => ready.run(), ms) };
}

/**
 * CPU time of this process: what others do on the machine meanwhile counts as little as may be. Work of the engine's other
 * threads for us, collecting garbage, is part of it.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Milliseconds of each run; at least one. */
async function timed(run: () => unknown, ms: number): Promise<readonly number[]> {
  const bench = new Tinybench({
    time: ms,
    iterations: 1,
    warmup: false,
    retainSamples: true,
    throws: true,
    now: cpuMs,
  });
  bench.add('run', run);
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== 'completed') throw new Error('the benchmark has not completed');
  return result.latency.samples ?? [];
}
