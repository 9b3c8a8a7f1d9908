/**
 * The capacity of a service whose rate is known, twice, then both side by side (`meshproof compare`):
 * `npm run bench:twice [-- --out DIR]`. Ten minutes or so. Exits with 1 unless both searches converged, each within 5 %, and their
 * intervals overlap.
 */
import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { projectFile } from '../../core/project.ts';
import { printed, runCommand } from '../../core/run-command.ts';
import { readCapacity } from '../../result/bench/read.ts';
import type { CapacitySide } from '../../result/bench/types.ts';
import { CAPACITY_FILE } from '../../result/bench/write.ts';
import { unlike } from './twice.ts';

const SCENARIO = 'scenarios/bench/throttled.yaml';
const DEADLINE_MS = 30 * 60_000;

const { values } = parseArgs({ options: { out: { type: 'string', default: 'results/twice' } } });
const out = resolve(values.out);
await mkdir(out, { recursive: true });
const [first, second] = [await once(), await once()];
const compared = await meshproof(['compare', first.dir, second.dir]);
process.stdout.write(compared.stdout);
const problems = unlike(first.side, second.side);
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0 || compared.code !== 0) process.exitCode = 1;

async function once(): Promise<{ dir: string; side: CapacitySide }> {
  const before = new Set(await readdir(out));
  const limits = ['--p99', '250ms', '--side', 'meshed', '--no-curve', '--reporter', 'json'];
  const output = await meshproof(['bench', 'capacity', projectFile(SCENARIO), ...limits, '--out', out]);
  const name = (await readdir(out)).find((one) => !before.has(one));
  if (name === undefined) throw new Error(output.error?.message ?? printed(output));
  const { sides } = await readCapacity(join(out, name, CAPACITY_FILE));
  return { dir: join(out, name), side: sides[0]! };
}

function meshproof(args: string[]) {
  return runCommand(process.execPath, [projectFile('harness/cli/main.ts'), ...args], { deadlineMs: DEADLINE_MS });
}
