import { PROFILES } from '../../mesh/profiles/index.ts';

const BOUNDS = new Map(
  PROFILES.flatMap(({ families }) =>
    families.flatMap(({ name, buckets }) => (buckets ? [[name, buckets] as const] : [])),
  ),
);

/** Upper bounds of a histogram, `+Inf` aside; null: the family is none. */
export function boundsOf(family: string): readonly number[] | null {
  return BOUNDS.get(family) ?? null;
}
