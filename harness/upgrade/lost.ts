import { outcomeText } from '../core/outcome.ts';
import type { RolloutEvent } from '../environment/contract.ts';
import type { LostRequest, LostRequests } from '../result/upgrade/types.ts';
import { compileTruth, type Made, type Served, type Truth } from '../verdict/truth.ts';
import { lostConnections } from './lost-connections.ts';
import { meanwhile } from './meanwhile.ts';
import { binomialTail } from './statistics.ts';
import type { WorldRecord } from './types.ts';

type Observed = Pick<WorldRecord, 'scenario' | 'truth' | 'topology' | 'originMs' | 'rollout'> & {
  result: Pick<WorldRecord['result'], 'clockMarginMs'>;
};

/** Requests of the roll-out without an answer that the scenario explains, and how many there are without a roll-out. */
export function lostRequests(during: readonly Observed[], others: readonly Observed[]): LostRequests {
  const [those, rest] = [during, others].map((worlds) => worlds.map(lostOf));
  const total = (list: readonly { made: number }[]) => list.reduce((sum, { made }) => sum + made, 0);
  return {
    made: total(those!),
    lost: those!.flatMap(({ lost }) => lost).sort((a, b) => a.atMs - b.atMs),
    otherwise: rest!.reduce((sum, { lost }) => sum + lost.length, 0),
    otherwiseMade: total(rest!),
  };
}

/** How seldom chance alone may lose as many more than otherwise. */
const CHANCE = 0.05;

/**
 * Whether more were lost than are otherwise. Where none are otherwise, one is more; else, were both alike, each of all that was
 * lost would fall to the roll-out with its share of the requests.
 */
export function lostMoreThanOtherwise({ made, lost, otherwise, otherwiseMade }: LostRequests): boolean {
  if (lost.length === 0) return false;
  if (otherwise === 0) return true;
  return binomialTail(lost.length, lost.length + otherwise, made / (made + otherwiseMade)) < CHANCE;
}

/** Of one world: requests and TCP connections made, and those of them that were lost. */
export function lostOf(world: Observed): { made: number; lost: LostRequest[] } {
  const { truth: journals, topology, result, originMs, rollout } = world;
  const truth = compileTruth(journals, topology, result.clockMarginMs);
  const explained = new Explanations(truth, result.clockMarginMs);
  const breakers = new Set(
    topology.services.filter(({ outboundPolicy }) => outboundPolicy?.failureAccrual).map(({ id }) => id),
  );
  const unanswered = truth.requests
    .filter(({ kind }) => kind !== 'ok')
    .sort((a, b) => a.startMs - b.startMs)
    .filter((made) => !isDeclared(made, breakers) && !explained.take(made))
    .map((made) => asLost(made, originMs, rollout));
  const connections = lostConnections(world);
  return {
    made: truth.requests.length + connections.made,
    lost: [...unanswered, ...connections.lost],
  };
}

/** What the scenario's own policies, routes and circuit breakers answer. */
function isDeclared({ kind, refusal, service }: Made, breakers: ReadonlySet<string>): boolean {
  if (refusal !== null || kind === 'unrouted') return true;
  return (kind === 'failfast' || kind === 'shed') && breakers.has(service);
}

/** Ways in which an app lets a request down by its own doing; a shutdown is not among them: it leaves requests open. */
const INJECTED: ReadonlySet<string> = new Set(['reset', 'closed', 'reset-mid-body']);

/** What callees' journals say they did to requests; each explains one of them. */
class Explanations {
  readonly #truth: Truth;
  readonly #marginMs: number;
  readonly #taken = new Set<Served>();

  constructor(truth: Truth, marginMs: number) {
    this.#truth = truth;
    this.#marginMs = marginMs;
  }

  /** Whether the callee's app explains how the request ended: it broke it off, or still had it when its time was up. */
  take(made: Made): boolean {
    const apart = ({ request }: Served) => Math.abs((request.endMs ?? Infinity) - (made.endMs ?? Infinity));
    const [served] = made.backends
      .flatMap((service) => this.#truth.served.get(service) ?? [])
      .filter((one) => !this.#taken.has(one) && this.#isOf(one, made) && explains(one, made, this.#marginMs))
      .sort((a, b) => apart(a) - apart(b));
    if (served) this.#taken.add(served);
    return served !== undefined;
  }

  #isOf({ caller, request }: Served, { caller: by, request: wanted, startMs, endMs }: Made): boolean {
    const margin = this.#marginMs;
    return (
      caller === by.workload &&
      request.method === wanted.method &&
      request.route === wanted.route &&
      request.startMs >= startMs - margin &&
      request.startMs <= (endMs ?? Number.POSITIVE_INFINITY) + margin
    );
  }
}

/** Of the time that a caller, or a route, was ready to wait, what the app must have had the request for. */
const MOST_OF_IT = 0.8;

/** The app broke it off, or it was still at work on it when the caller's or the route's patience ended. */
function explains({ request }: Served, made: Made, marginMs: number): boolean {
  if (INJECTED.has(request.outcome)) return true;
  // Still open when the journal ended: the pod went with it.
  if (request.endMs === null || made.endMs === null) return false;
  const byCaller = made.request.outcome === 'timeout';
  if (!byCaller && !made.timedOut && made.kind !== 'expired') return false;
  const lastedMs = made.endMs - made.startMs;
  const patienceMs = byCaller ? lastedMs : Math.min(lastedMs, ...declaredMs(made));
  if (request.endMs - request.startMs >= MOST_OF_IT * patienceMs) return true;
  // Callers end requests a moment before the app notices; one that had enough of a stream, while it has written the rest.
  return request.endMs >= made.endMs - marginMs;
}

function declaredMs({ path: { timeouts, profile } }: Made): number[] {
  const { requestMs, responseMs, idleMs } = timeouts;
  return [requestMs, responseMs, idleMs, profile?.timeoutMs ?? null].filter((ms) => ms !== null);
}

function asLost(made: Made, originMs: number, rollout: readonly RolloutEvent[]): LostRequest {
  const { caller, service, request, startMs, endMs, status } = made;
  return {
    atMs: startMs - originMs,
    source: caller.workload,
    destination: service,
    route: `${request.method} ${request.route}`,
    outcome: outcomeOf(made),
    status: request.status,
    meanwhile: meanwhile(rollout, {
      fromMs: startMs,
      untilMs: endMs ?? Number.POSITIVE_INFINITY,
      workloads: [service, caller.workload],
    }),
  };

  function outcomeOf({ kind }: Made): string {
    if (request.outcome === 'open') return 'the caller ended first';
    if (kind === 'gone') return request.outcome === 'timeout' ? 'timeout' : 'connection';
    const text = request.meshError ? `: ${request.meshError}` : '';
    return `${outcomeText(status)} by a proxy${text}`;
  }
}
