import { hasStatus, type Scope, type Status, steps } from './scope.ts';
import { Steps } from './steps.ts';
import type { Made, MadeKind, Served } from './truth.ts';

/** Counting functions over a scope, by the moments of a request. All are cached under a name that says what they count. */

type MadeList = 'own' | 'maybe' | 'othersKnown' | 'othersMaybe' | 'elsewhere' | 'failfast';

export type MadeMoment = 'start' | 'firstByte' | 'end';

/** Requests made, of one kind and status, by one of their moments; `where` narrows and must be named by `tag`. */
export function made(
  scope: Scope,
  list: MadeList,
  kind: MadeKind | '*',
  status: Status,
  moment: MadeMoment,
  tag = '',
  where: (m: Made) => boolean = () => true,
): Steps {
  return steps(scope, `${list}/${kind}/${status}/${moment}/${tag}`, () =>
    Steps.of(
      scope[list].filter((m) => (kind === '*' || m.kind === kind) && hasStatus(status, m.status) && where(m)),
      (m) => (moment === 'start' ? m.startMs : moment === 'end' ? m.endMs : m.firstByteMs),
    ),
  );
}

export type ServedKind = 'completed' | 'gone-mid' | 'gone' | 'reset' | 'mid' | 'open' | '*';

export function servedKind(s: Served): Exclude<ServedKind, '*'> {
  switch (s.request.outcome) {
    case 'completed':
      return 'completed';
    case 'client-gone':
      return s.request.status > 0 ? 'gone-mid' : 'gone';
    case 'reset':
      return 'reset';
    case 'reset-mid-body':
      return 'mid';
    case 'open':
      return 'open';
  }
}

export function served(
  scope: Scope,
  list: 'served' | 'servedElsewhere',
  kind: ServedKind,
  status: Status,
  moment: 'start' | 'firstByte' | 'end',
  tag = '',
  where: (s: Served) => boolean = () => true,
): Steps {
  return steps(scope, `${list}/${kind}/${status}/${moment}/${tag}`, () =>
    Steps.of(
      scope[list].filter(
        (s) => (kind === '*' || servedKind(s) === kind) && hasStatus(status, s.request.status) && where(s),
      ),
      (s) => {
        const r = s.request;
        if (moment === 'start') return r.startMs;
        return moment === 'end' ? r.endMs : (r.firstByteMs ?? r.endMs);
      },
    ),
  );
}

/** Requests made that were not answered by a service: the mesh answered, or nobody did. */
export function unanswered(scope: Scope, status: Status | null, t: number): number {
  const count = (list: MadeList): number => made(scope, list, 'mesh', status ?? '*', 'start').at(t);
  return count('own') + count('maybe');
}

export function gone(scope: Scope, t: number): number {
  return made(scope, 'own', 'gone', '*', 'start').at(t) + made(scope, 'maybe', 'gone', '*', 'start').at(t);
}

const ALL_LISTS: MadeList[] = ['own', 'maybe', 'othersKnown', 'othersMaybe', 'elsewhere'];

function everywhere(scope: Scope, kind: MadeKind, t: number, tag = '', where?: (m: Made) => boolean): number {
  let sum = 0;
  for (const list of ALL_LISTS) sum += made(scope, list, kind, '*', 'start', tag, where).at(t);
  return sum;
}

function servedAnywhere(scope: Scope, kind: ServedKind, moment: 'start' | 'end', t: number): number {
  return served(scope, 'served', kind, '*', moment).at(t) + served(scope, 'servedElsewhere', kind, '*', moment).at(t);
}

/** Calls of the scope's workloads that ended with a broken connection. */
function connections(scope: Scope, t: number): number {
  return everywhere(scope, 'gone', t, 'connection', (m) => m.request.outcome === 'connection');
}

/**
 * Requests whose callers got no answer of a service, less those whose fate at the callee is known. Only these can have
 * ended in the server's own proxy in a way that no service has seen.
 */
export function unexplained(scope: Scope, t: number): number {
  const without = everywhere(scope, 'mesh', t) + everywhere(scope, 'shed', t) + everywhere(scope, 'gone', t);
  const explained =
    servedAnywhere(scope, 'reset', 'end', t) +
    servedAnywhere(scope, 'gone', 'end', t) +
    servedAnywhere(scope, 'gone-mid', 'end', t) +
    servedAnywhere(scope, 'open', 'start', t) +
    Math.min(servedAnywhere(scope, 'mid', 'end', t), connections(scope, t));
  return Math.max(0, without - explained);
}

const EVER = Number.POSITIVE_INFINITY;

/** How many aborted answers the proxies may have missed because the caller gave up at the same time. */
export function raceCap(scope: Scope, kind: 'reset' | 'mid'): number {
  const gaveUp = everywhere(scope, 'gone', EVER) - connections(scope, EVER);
  const seenGone = servedAnywhere(scope, 'gone', 'start', EVER) + servedAnywhere(scope, 'gone-mid', 'start', EVER);
  const other = kind === 'mid' ? connections(scope, EVER) : everywhere(scope, 'mesh', EVER);
  return Math.max(0, gaveUp - seenGone, servedAnywhere(scope, kind, 'start', EVER) - other);
}
