/** Cumulative buckets as a page shows them, ascending. */
export interface CumulativeBucket {
  le: number;
  count: number;
}

/**
 * Whole numbers that fall into these buckets and add up to `sum`.
 * @throws Error when there are none
 */
export function spread(buckets: readonly CumulativeBucket[], sum: number): number[] {
  const values: number[] = [];
  const ceilings: number[] = [];
  let below = -1;
  let counted = 0;
  for (const { le, count } of buckets) {
    for (; counted < count; counted++) {
      values.push(below + 1);
      ceilings.push(le);
    }
    below = le;
  }
  let missing = sum - values.reduce((total, value) => total + value, 0);
  for (let i = 0; i < values.length && missing > 0; i++) {
    const room = Math.min(missing, (ceilings[i] as number) - (values[i] as number));
    (values[i] as number) += room;
    missing -= room;
  }
  if (missing !== 0) throw new Error(`no whole numbers in these buckets add up to ${sum}; ${missing} are left`);
  return values;
}
