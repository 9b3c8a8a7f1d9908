/**
 * The project's own benchmarks: `npm run bench [-- --only TEXT] [--out FILE] [--check] [--update]`. JSON to stdout or FILE, a
 * table to stderr. Each is measured beside a yardstick, and compared with baseline.json by that ratio, because machines differ
 * and are noisy. `--check` exits with 1 when one has become slower by more than a quarter, beyond the noise of both,
 * or when one of the baseline is not there any more; `--update` writes the baseline.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../../core/errors.ts';
import { readMicro } from '../../result/bench/read.ts';
import type { MicroResult } from '../../result/bench/types.ts';
import { benchText, writeMicro } from '../../result/bench/write.ts';
import { thisMachine } from '../machine.ts';
import { exitCodeOf, remarksOf, standings } from './against-baseline.ts';
import { checkable, updated } from './baseline.ts';
import { BENCHES } from './benches/index.ts';
import { measure } from './measure.ts';
import { optionsOf, selected } from './options.ts';
import { tableOf } from './table.ts';
import type { Effort } from './types.ts';

const BASELINE = fileURLToPath(new URL('./baseline.json', import.meta.url));
const EFFORT: Effort = { slices: 20, sliceMs: 100, warmUpMs: 300 };

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof HarnessError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n${error.hint}\n`);
  process.exitCode = error.exitCode;
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  const wanted = selected(BENCHES, options.only);
  const baseline = existsSync(BASELINE) ? await readMicro(BASELINE) : null;
  const known = baseline && {
    ...baseline,
    benches: baseline.benches.filter((b) => b.name.includes(options.only ?? '')),
  };
  // Before minutes are spent on what can't be answered.
  if (options.check) checkable(known);
  const result: MicroResult = {
    apiVersion: 'meshproof/v1',
    kind: 'MicroResult',
    startedAt: new Date().toISOString(),
    machine: thisMachine(),
    benches: [],
  };
  for (const bench of wanted) {
    process.stderr.write(`${bench.name} ...\n`);
    result.benches.push(await measure(bench, EFFORT));
  }
  const stands = known ? standings(known, result) : [];
  process.stderr.write(`\n${tableOf(result, stands)}`);
  for (const remark of remarksOf(stands, known, result)) process.stderr.write(`${remark}\n`);
  if (options.out) await writeMicro(options.out, result);
  else process.stdout.write(benchText(result));
  if (options.update) await writeMicro(BASELINE, updated(baseline, result, BENCHES));
  return exitCodeOf(stands, options.check);
}
