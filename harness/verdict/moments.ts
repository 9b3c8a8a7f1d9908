import { type AskedKind, isKind, kindsOf, type MadeList, type ServedKind, servedKind, servedKindsOf } from './kinds.ts';
import { hasStatus, type Status } from './outcomes.ts';
import { type Scope, steps } from './scope.ts';
import { Steps, Timeline } from './steps.ts';
import type { Made, MadeKind, Served } from './truth.ts';

/** Counting functions over a scope, by the moments of a request. All are cached under a name that says what they count. */

/** How many have happened by `t`. */
export type Count = (t: number) => number;

export type MadeMoment = 'start' | 'firstByte' | 'end';

export interface Where<T> {
  tag: string;
  test: (item: T) => boolean;
}

/** What has no events. Most of what bounds ask of a scope has none: nobody gave up, nothing was lost. */
const NONE = new Steps([]);
export const ZERO: Count = () => 0;

/** Requests made, of one kind and status, by one of their moments. */
export function made(
  scope: Scope,
  list: MadeList,
  kind: AskedKind,
  status: Status,
  moment: MadeMoment,
  where?: Where<Made>,
): Steps {
  const { has, alike } = kindsOf(scope, list);
  if (!has.has(kind) || (alike && !hasStatus(status, alike.status))) return NONE;
  const name = alike ? `${list}/*/*/${moment}` : `${list}/${kind}/${status}/${moment}`;
  const all = (): Timeline<Made> =>
    timeline(scope.madeLines, name, () => {
      const those = alike ? scope[list] : scope[list].filter((m) => isKind(kind, m) && hasStatus(status, m.status));
      return new Timeline(those, (m) => (moment === 'start' ? m.startMs : moment === 'end' ? m.endMs : m.firstByteMs));
    });
  return where ? steps(scope, `${name}/${where.tag}`, () => all().where(where.test)) : all().steps;
}

export function served(
  scope: Scope,
  list: 'served' | 'servedElsewhere',
  kind: ServedKind | '*',
  status: Status,
  moment: 'start' | 'firstByte' | 'end',
  where?: Where<Served>,
): Steps {
  const { has, alike } = servedKindsOf(scope, list);
  if (!has.has(kind) || (alike && !hasStatus(status, alike.status))) return NONE;
  const name = alike ? `${list}/*/*/${moment}` : `${list}/${kind}/${status}/${moment}`;
  const all = (): Timeline<Served> =>
    timeline(scope.servedLines, name, () => {
      const isMeant = (s: Served) => (kind === '*' || servedKind(s) === kind) && hasStatus(status, s.status);
      const those = alike ? scope[list] : scope[list].filter(isMeant);
      return new Timeline(those, ({ request: r }) => {
        if (moment === 'start') return r.startMs;
        return moment === 'end' ? r.endMs : (r.firstByteMs ?? r.endMs);
      });
    });
  return where ? steps(scope, `${name}/${where.tag}`, () => all().where(where.test)) : all().steps;
}

function timeline<T>(known: Map<string, Timeline<T>>, name: string, make: () => Timeline<T>): Timeline<T> {
  let line = known.get(name);
  if (!line) {
    line = make();
    known.set(name, line);
  }
  return line;
}

/** The sum of counting functions; those that never count are left out. */
export function sum(...parts: Steps[]): Count {
  const moving = parts.filter((p) => p.total > 0);
  const [first] = moving;
  if (first === undefined) return ZERO;
  if (moving.length === 1) return (t) => first.at(t);
  return (t) => moving.reduce((n, p) => n + p.at(t), 0);
}

/** Started by the scope's callers, certainly or possibly into the scope. */
export function started(scope: Scope, kind: MadeKind | '*', status: Status, where?: Where<Made>): Count {
  return sum(made(scope, 'own', kind, status, 'start', where), made(scope, 'maybe', kind, status, 'start', where));
}

const LISTS: MadeList[] = ['own', 'maybe', 'othersKnown', 'othersMaybe', 'elsewhere'];

function everywhere(scope: Scope, kind: MadeKind, where?: Where<Made>): Count {
  if (!anywhere(scope, kind)) return ZERO;
  return sum(...LISTS.map((list) => made(scope, list, kind, '*', 'start', where)));
}

function anywhere(scope: Scope, kind: MadeKind): boolean {
  return scope.mayHave(kind) && LISTS.some((list) => kindsOf(scope, list).has.has(kind));
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
  if (!anywhere(scope, 'mesh') && !anywhere(scope, 'shed') && !anywhere(scope, 'gone')) return ZERO;
  const without = [everywhere(scope, 'mesh'), everywhere(scope, 'shed'), everywhere(scope, 'gone')];
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
  if (!anywhere(scope, 'gone')) return ZERO;
  const gaveUp = everywhere(scope, 'gone');
  const cut = everywhere(scope, 'gone', CUT);
  const noticed = [servedAnywhere(scope, 'gone'), servedAnywhere(scope, 'gone-mid')];
  if (gaveUp(EVER) === cut(EVER)) return ZERO;
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
