import type { CauseId } from '../../../../causes/ids.ts';
import type { Expr } from '../../../../prometheus/promql/index.ts';
import type { QueryContext } from './context.ts';

/**
 * What is known of one way to mislead: how a query has it, and how the same query reads without it. A cause is named where the
 * mended query says what is true, and the query as it is does not.
 */
export interface Mend {
  cause: CauseId;
  /** What it looks at, for people. */
  needs: readonly string[];
  /**
   * Ways to write `tree` without it, the plainest first; none where it does not have it, or where that is not known yet. Called
   * with a tree that another mend has made, too.
   */
  ways(tree: Expr, context: QueryContext): Way[];
}

export interface Way {
  /** The query without the cause. null: there is no way to write it; `settled` says that it explains the value. */
  tree: Expr | null;
  /** Why it has the cause, and where that was read. */
  evidence: string[];
  /** What to do, where there is no better query to give. */
  remedy?: string[];
}
