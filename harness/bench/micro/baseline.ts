import { EXIT, HarnessError } from '../../core/errors.ts';
import type { Machine, MicroResult } from '../../result/bench/types.ts';

/** A record has one machine. */
const MIXED = 'several machines';

/**
 * Whether there is anything to check against.
 * @throws HarnessError NO_BASELINE
 */
export function checkable(baseline: MicroResult | null): void {
  if (baseline && baseline.benches.length > 0) return;
  throw new HarnessError('NO_BASELINE', 'there is no baseline to check against', {
    hint: 'npm run bench -- --update writes one',
    exitCode: EXIT.invalidInput,
  });
}

/**
 * The baseline with what was measured in place of what it had.
 * @param all in the order in which they are written; others are left out
 */
export function updated(
  baseline: MicroResult | null,
  result: MicroResult,
  all: readonly { name: string }[],
): MicroResult {
  const measured = new Map(result.benches.map((b) => [b.name, b]));
  const old = new Map((baseline?.benches ?? []).map((b) => [b.name, b]));
  const benches = all.flatMap(({ name }) => measured.get(name) ?? old.get(name) ?? []);
  const kept = benches.some(({ name }) => !measured.has(name));
  return { ...result, benches, machine: kept ? common(baseline!.machine, result.machine) : result.machine };
}

/** Where only a part was measured anew: what both machines have in common, and for the CPU that they were several. */
function common(a: Machine, b: Machine): Machine {
  const same = a.platform === b.platform && a.cpu === b.cpu && a.cores === b.cores && a.node === b.node;
  return same ? b : { ...b, cpu: a.cpu.startsWith(MIXED) ? a.cpu : `${MIXED}: ${a.cpu}; ${b.cpu}` };
}
