import type { ComparisonRow, MicroResult } from '../../result/bench/types.ts';
import { compareResults } from '../compare/index.ts';

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

/** 1: asked to check, and something has become slower. */
export function exitCodeOf(stands: readonly Stand[], check: boolean): 0 | 1 {
  return check && stands.some((s) => s.regressed) ? 1 : 0;
}
