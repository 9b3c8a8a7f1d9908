/**
 * Reconciles a ledger of so many series in a process of its own, started with --expose-gc, and prints what it took as JSON.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { judge } from '../../verdict/judge.ts';
import { largeInput, seriesOf } from '../../verdict/testing/large.ts';
import type { Reconciled } from './bounds.ts';

/** The first is that of an engine which knows none of it yet. */
const RUNS = 6;

const collect = (globalThis as { gc?: () => void }).gc;
if (!collect) throw new Error('start it with --expose-gc');
collect();
const before = process.memoryUsage();
const input = largeInput(Number(process.argv[2]));
collect();
const inputBytes = process.memoryUsage().heapUsed - before.heapUsed;
restartPeak();
const runs: { seconds: number; cpuSeconds: number }[] = [];
for (let run = 0; run < RUNS; run += 1) {
  collect();
  const [began, used] = [performance.now(), process.cpuUsage()];
  const { verdict } = judge(input);
  const { user, system } = process.cpuUsage(used);
  runs.push({ seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 });
  if (verdict !== 'pass') throw new Error(`the verdict of a mesh that counts right is ${verdict}`);
}
const reconciled: Reconciled = {
  series: seriesOf(input),
  seconds: warm('seconds'),
  cpuSeconds: warm('cpuSeconds'),
  peakBytes: peakBytes() - before.rss - inputBytes,
  inputBytes,
};
process.stdout.write(JSON.stringify(reconciled));

/** The median of all runs but the first. */
function warm(of: 'seconds' | 'cpuSeconds'): number {
  const values = runs.slice(1).map((run) => run[of]);
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** From here on, where the kernel lets us; else the making of the input counts, too. */
function restartPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // macOS has no such file.
  }
}

function peakBytes(): number {
  try {
    const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (found) return Number(found[1]) * 1024;
  } catch {
    // As above.
  }
  return process.resourceUsage().maxRSS * 1024;
}
