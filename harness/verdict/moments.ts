import { hasStatus, type Status } from './outcomes.ts';
import { type Scope, steps } from './scope.ts';
import { Steps } from './steps.ts';
import type { Made, MadeKind, Served } from './truth.ts';

/** Counting functions over a scope, by the moments of a request. All are cached under a name that says what they count. */

/** How many have happened by `t`. */
export type Count = (t: number) => number;

export type MadeList =
  | 'own'
  | 'maybe'
  | 'othersKnown'
  | 'othersMaybe'
  | 'elsewhere'
  | 'failfast'
  | 'refused'
  | 'refusedMaybe';
export type MadeMoment = 'start' | 'firstByte' | 'end';

export interface Where<T> {
  tag: string;
  test: (item: T) => boolean;
}

const ALL = { tag: '', test: () => true };

/** `answered`: by the service, or by the callee's proxy, which let it not in: to the caller's proxy, an answer like any. */
export type AskedKind = MadeKind | 'answered' | '*';

function isKind(kind: AskedKind, m: Made): boolean {
  return kind === '*' || m.kind === kind || (kind === 'answered' && (m.kind === 'ok' || m.refusal !== null));
}

/** Requests made, of one kind and status, by one of their moments. */
export function made(
  scope: Scope,
  list: MadeList,
  kind: AskedKind,
  status: Status,
  moment: MadeMoment,
  where: Where<Made> = ALL,
): Steps {
  return steps(scope, `${list}/${kind}/${status}/${moment}/${where.tag}`, () =>
    Steps.of(
      scope[list].filter((m) => isKind(kind, m) && hasStatus(status, m.status) && where.test(m)),
      (m) => (moment === 'start' ? m.startMs : moment === 'end' ? m.endMs : m.firstByteMs),
    ),
  );
}

/** `gone-mid`: the client left after the headers were sent, `gone`: before. `mid`: reset in the middle of the body. */
export type ServedKind = 'completed' | 'gone-mid' | 'gone' | 'reset' | 'closed' | 'mid' | 'open';

export function servedKind(s: Served): ServedKind {
  switch (s.request.outcome) {
    case 'completed':
      return 'completed';
    case 'client-gone':
      return s.status > 0 ? 'gone-mid' : 'gone';
    case 'reset':
    case 'closed':
      return s.request.outcome;
    case 'reset-mid-body':
      return 'mid';
    case 'open':
      return 'open';
  }
}

export function served(
  scope: Scope,
  list: 'served' | 'servedElsewhere',
  kind: ServedKind | '*',
  status: Status,
  moment: 'start' | 'firstByte' | 'end',
  where: Where<Served> = ALL,
): Steps {
  return steps(scope, `${list}/${kind}/${status}/${moment}/${where.tag}`, () =>
    Steps.of(
      scope[list].filter(
        (s) => (kind === '*' || servedKind(s) === kind) && hasStatus(status, s.status) && where.test(s),
      ),
      (s) => {
        const r = s.request;
        if (moment === 'start') return r.startMs;
        return moment === 'end' ? r.endMs : (r.firstByteMs ?? r.endMs);
      },
    ),
  );
}

/** The sum of counting functions; those that never count are left out. */
export function sum(...parts: Steps[]): Count {
  const moving = parts.filter((p) => p.total > 0);
  return (t) => moving.reduce((n, p) => n + p.at(t), 0);
}

/** Started by the scope's callers, certainly or possibly into the scope. */
export function started(scope: Scope, kind: MadeKind | '*', status: Status, where?: Where<Made>): Count {
  return sum(made(scope, 'own', kind, status, 'start', where), made(scope, 'maybe', kind, status, 'start', where));
}

const LISTS: MadeList[] = ['own', 'maybe', 'othersKnown', 'othersMaybe', 'elsewhere'];

function everywhere(scope: Scope, kind: MadeKind, where?: Where<Made>): Count {
  return sum(...LISTS.map((list) => made(scope, list, kind, '*', 'start', where)));
}

/** By their start: how a request ended is known in retrospect. */
function servedAnywhere(scope: Scope, kind: ServedKind): Count {
  return sum(...(['served', 'servedElsewhere'] as const).map((list) => served(scope, list, kind, '*', 'start')));
}

/** Calls that ended with a broken connection. */
export const CUT: Where<Made> = { tag: 'cut', test: (m) => m.request.outcome === 'connection' };

/**
 * Requests whose callers got no answer of a service, less those whose fate at the callee is known. Only these can have
 * ended in the server's own proxy in a way that no service has seen. A stamp of the callee may be ahead of the caller's
 * by the clocks' margin.
 */
export function unexplained(scope: Scope, marginMs: number): Count {
  const without = [everywhere(scope, 'mesh'), everywhere(scope, 'shed'), everywhere(scope, 'gone')];
  if (without.every((count) => count(EVER) === 0)) return () => 0;
  const explained = (['reset', 'closed', 'gone', 'gone-mid', 'open'] as const).map((kind) =>
    servedAnywhere(scope, kind),
  );
  const mid = servedAnywhere(scope, 'mid');
  const cut = everywhere(scope, 'gone', CUT);
  const total = (counts: Count[], t: number): number => counts.reduce((n, count) => n + count(t), 0);
  return (t) => {
    const before = t - marginMs;
    return Math.max(0, total(without, t) - total(explained, before) - Math.min(mid(before), cut(t)));
  };
}

/**
 * Requests whose caller left while its callee did something else than to notice it: the answer, or what the mesh made of an
 * abort, may have been counted by the sidecars before they heard.
 */
export function races(scope: Scope, marginMs: number): Count {
  const gaveUp = everywhere(scope, 'gone');
  const cut = everywhere(scope, 'gone', CUT);
  const noticed = [servedAnywhere(scope, 'gone'), servedAnywhere(scope, 'gone-mid')];
  if (gaveUp(EVER) === cut(EVER)) return () => 0;
  return (t) => {
    const seen = noticed.reduce((n, count) => n + count(t - marginMs), 0);
    return Math.max(0, gaveUp(t) - cut(t) - seen);
  };
}

const EVER = Number.POSITIVE_INFINITY;

/** How many aborted answers the proxies may have missed because the caller gave up at the same time. */
export function raceCap(scope: Scope, kind: 'reset' | 'closed' | 'mid'): number {
  const other = everywhere(scope, kind === 'mid' ? 'gone' : 'mesh', kind === 'mid' ? CUT : undefined)(EVER);
  return Math.max(0, races(scope, 0)(EVER), servedAnywhere(scope, kind)(EVER) - other);
}
