import type { AcceptedConnection, MadeConnection } from '../ledger/types.ts';
import type { LostRequest } from '../result/upgrade/types.ts';
import { meanwhile } from './meanwhile.ts';
import type { WorldRecord } from './types.ts';

type Observed = Pick<WorldRecord, 'scenario' | 'truth' | 'originMs' | 'rollout'> & {
  result: Pick<WorldRecord['result'], 'clockMarginMs'>;
};

/** TCP connections that their caller did not close in order, unless the scenario has their callee cut them. */
export function lostConnections(world: Observed): { made: number; lost: LostRequest[] } {
  const { scenario, truth, originMs, rollout } = world;
  const cutting = new Set(
    scenario.services
      .filter(({ id, routes }) => {
        const changes = scenario.timeline.filter(({ service }) => service === id).map(({ change }) => change);
        return [...routes, ...changes].some(({ errors = [] }) => errors.length > 0);
      })
      .map(({ id }) => id),
  );
  const made = truth.flatMap(({ workload, connected }) => connected.map((connection) => ({ workload, connection })));
  const accepted = Map.groupBy(
    truth.flatMap(({ workload, accepted }) => accepted.map((connection) => ({ workload, connection }))),
    ({ workload }) => workload,
  );
  const taken = new Set<AcceptedConnection>();
  const lost = made
    .filter(({ connection }) => connection.outcome !== 'closed')
    .sort((a, b) => a.connection.openMs - b.connection.openMs)
    .filter(({ workload, connection }) => {
      if (!cutting.has(connection.callee)) return true;
      const cut = (accepted.get(connection.callee) ?? []).find(
        ({ connection: other }) => !taken.has(other) && isSame(other, connection, workload, world.result.clockMarginMs),
      );
      if (cut) taken.add(cut.connection);
      return cut === undefined;
    })
    .map(({ workload, connection }): LostRequest => {
      const { callee, openMs, closeMs, outcome } = connection;
      return {
        atMs: openMs - originMs,
        source: workload,
        destination: callee,
        route: 'tcp',
        outcome: outcome === 'open' ? 'the caller ended first' : `connection ${outcome}`,
        status: 0,
        meanwhile: meanwhile(rollout, {
          fromMs: openMs,
          untilMs: closeMs ?? Number.POSITIVE_INFINITY,
          workloads: [callee, workload],
        }),
      };
    });
  return { made: made.length, lost };
}

function isSame(
  accepted: AcceptedConnection,
  { openMs, closeMs }: MadeConnection,
  caller: string,
  marginMs: number,
): boolean {
  return (
    (accepted.caller === caller || accepted.caller === '-') &&
    accepted.openMs >= openMs - marginMs &&
    accepted.openMs <= (closeMs ?? Number.POSITIVE_INFINITY) + marginMs
  );
}
