/**
 * What reconciling large ledgers takes: seconds and peak memory of 50 and of 200 thousand series, each in a process of its own,
 * and how the one grows to the other. `npm run bench:reconcile [-- --check]`: JSON to stdout; `--check` exits with 1 where it is
 * beyond its bounds.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { printed, runCommand } from '../../core/run-command.ts';
import { BOUNDS, beyond, type Reconciled, ratioOf } from './bounds.ts';

const SIZES = [50_000, 200_000] as const;
const CHILD = fileURLToPath(new URL('./child.bench.ts', import.meta.url));
const DEADLINE_MS = 300_000;

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const [small, large] = [await reconciled(SIZES[0]), await reconciled(SIZES[1])];
const report = { benchmark: 'reconcile', node: process.version, sizes: [small, large], ratio: ratioOf(small, large) };
process.stdout.write(`${JSON.stringify({ ...report, bounds: BOUNDS }, null, 2)}\n`);
const problems = values.check ? beyond(small, large) : [];
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;

async function reconciled(series: number): Promise<Reconciled> {
  const args = ['--expose-gc', CHILD, String(series)];
  const output = await runCommand(process.execPath, args, { deadlineMs: DEADLINE_MS });
  if (output.code !== 0) throw new Error(`${series} series: ${output.error?.message ?? printed(output)}`);
  return JSON.parse(output.stdout) as Reconciled;
}
