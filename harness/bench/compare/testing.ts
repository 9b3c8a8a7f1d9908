import { expect } from 'vitest';
import type { Comparison, ComparisonRow } from '../../result/bench/types.ts';
import { compareResults } from './index.ts';
import type { AnyRecord } from './record.ts';

/** Two results compared, called a and b. For tests, as all of this file. */
export const compared = (a: AnyRecord, b: AnyRecord) =>
  compareResults({ name: 'a', record: a }, { name: 'b', record: b });

/** The row of that name; where there is none, the test fails with the names there are. */
export function row({ rows }: Comparison, what: string): ComparisonRow {
  const found = rows.find((r) => r.what === what);
  expect(found, `${what} among\n${rows.map((r) => r.what).join('\n')}`).toBeDefined();
  return found!;
}
