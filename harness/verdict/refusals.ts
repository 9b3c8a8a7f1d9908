import { grpcOutcome, outcomeText } from '../core/outcome.ts';
import type { Reason } from '../result/types.ts';
import { fail } from './reasons.ts';
import { group, type Truth } from './truth.ts';

/** Only policy makes a proxy answer so: denied, or too many. */
const REFUSALS: ReadonlySet<number> = new Set([403, 429, grpcOutcome(7), grpcOutcome(8)]);

/** Requests that the mesh refused, though nothing that was declared refuses them. */
export function unexplainedRefusals({ requests }: Truth): Reason[] {
  const strange = requests.filter((m) => m.kind === 'mesh' && m.refusal === null && REFUSALS.has(m.status));
  const flows = group(strange, (m) => `${m.caller.workload} -> ${m.service}, ${outcomeText(m.status)}`);
  return [...flows].map(([flow, list]) =>
    fail('REFUSED_WITHOUT_POLICY', `${flow}: the mesh refused ${list.length} requests that no declared policy refuses`),
  );
}
