import type { TruthJournal } from '../ledger/types.ts';
import { LOAD_WORKLOAD } from '../scenario/model.ts';

/**
 * The truth of a run whose load generator stands outside the mesh: it has no proxy, whose side could be compared, and no
 * identity, by which a callee's proxy could tell its requests from anybody's plaintext. So the callees' truth of it stays, with
 * an unknown caller.
 */
export function withLoadOutside(truth: readonly TruthJournal[]): TruthJournal[] {
  return truth
    .filter((journal) => journal.workload !== LOAD_WORKLOAD.id)
    .map((journal) => ({
      ...journal,
      served: journal.served.map((request) =>
        request.caller === LOAD_WORKLOAD.id ? { ...request, caller: '-' } : request,
      ),
    }));
}
