import type { WorldRecord } from './types.ts';

/**
 * Runs without a verdict (traffic that k6 could not make, scrapes that failed) say something about the machine: they count only
 * where a side has no other.
 */
export function sound<T extends { result: Pick<WorldRecord['result'], 'verdict'> }>(
  worlds: readonly T[],
): readonly T[] {
  const those = worlds.filter(({ result }) => result.verdict !== 'inconclusive');
  return those.length > 0 ? those : worlds;
}
