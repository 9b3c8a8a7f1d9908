import type { ComparisonRow, MicroResult } from '../../result/bench/types.ts';
import { compareResults } from '../compare/index.ts';
import { microCaveats } from '../compare/kinds/micro.ts';

/** A change within this is none: ratios of one machine differ from those of another by as much (caches, the engine's version). */
export const SLOWER = 0.25;

export type Standing = 'slower' | 'faster' | 'as before' | 'new' | 'gone';

export interface Stand {
  row: ComparisonRow;
  standing: Standing;
  /** Slower by more than SLOWER, beyond the noise of both. */
  regressed: boolean;
}

/** How each benchmark stands to the baseline. */
export function standings(baseline: MicroResult, now: MicroResult): Stand[] {
  const { rows } = compareResults({ name: 'baseline', record: baseline }, { name: 'now', record: now });
  return rows.map((row) => {
    const standing = standingOf(row);
    const beyond = row.a !== null && row.b !== null && row.b > row.a * (1 + SLOWER);
    return { row, standing, regressed: standing === 'slower' && beyond };
  });
}

function standingOf({ a, b, says }: ComparisonRow): Standing {
  if (a === null) return 'new';
  if (b === null) return 'gone';
  if (says !== 'differs') return 'as before';
  return b > a ? 'slower' : 'faster';
}

/** 1: asked to check, and something has become slower, or is not measured any more. */
export function exitCodeOf(stands: readonly Stand[], check: boolean): 0 | 1 {
  return check && stands.some((s) => s.regressed || s.standing === 'gone') ? 1 : 0;
}

/** What is to be known beside the table: benchmarks that are gone or not compared, and machines that are not the baseline's. */
export function remarksOf(stands: readonly Stand[], baseline: MicroResult | null, now: MicroResult): string[] {
  const of = (standing: Standing) => stands.filter((s) => s.standing === standing).map(({ row }) => row.what);
  const [gone, fresh] = [of('gone'), of('new')];
  return [
    ...(gone.length > 0 ? [`in the baseline, and not measured any more: ${gone.join('; ')}`] : []),
    ...(fresh.length > 0 ? [`not in the baseline, and compared with nothing: ${fresh.join('; ')}`] : []),
    ...(baseline ? microCaveats(baseline, now) : []),
  ];
}
