import { classificationOf, GRPC_WITHOUT_TRAILERS, type Outcome } from '../core/outcome.ts';
import {
  type Bound,
  type Category,
  type Ground,
  type Layer,
  type Reading,
  refusalBound,
  type Style,
} from './bounds.ts';
import type { MadeList, ServedKind } from './kinds.ts';
import { made, raceCap, served, sum, type Where } from './moments.ts';
import { ANY_200, hasStatus, isOpenEnd, mayBeFailure, type Status } from './outcomes.ts';
import { answersResets, RESET_STATUS, type Scope, weighted } from './scope.ts';
import { type Steps, WeightedSteps } from './steps.ts';
import type { Made, Served } from './truth.ts';

/**
 * Bounds of counters below retries, where one request is several attempts (docs/bounds.md, "Retries"). Every attempt that a
 * callee has seen is in its journal; a caller knows the request alone, and at most one attempt of it is on its way.
 */
export function attemptRequests(ground: Ground, layer: Layer = 'endpoint'): Bound {
  const { scope } = ground;
  const reached = served(scope, 'served', '*', '*', 'start');
  const answered = made(scope, 'own', 'answered', '*', 'firstByte');
  const refused = refusals(scope, '*');
  const flying = inFlight(ground);
  const missing = unseen(scope);
  const turnedAway = sum(
    ...(['own', 'maybe'] as const).map((list) => made(scope, list, 'mesh', '*', 'start', REFUSED)),
  );
  const limited = layer === 'gate' ? refusalBound(ground, 'limited') : null;
  return (reading) => {
    const { fromMs, untilMs } = reading;
    const extra = limited?.(reading) ?? { low: 0, high: 0 };
    const low = Math.max(answered.at(fromMs), scope.alone ? reached.at(fromMs) + refused.at(fromMs) : 0);
    const high = reached.at(untilMs) + flying(untilMs, untilMs) + turnedAway(untilMs) + missing(untilMs);
    return { low: low + extra.low, high: high + extra.high };
  };
}

export function attemptResponses(ground: Ground, category: Category, style: Style): Bound {
  switch (category.kind) {
    case 'request':
      return attemptRequests(ground);
    case 'ok':
      return ended(ground, category.status, style.legacy ? ['completed', 'gone-mid'] : ['completed']);
    case 'any':
      return ended(ground, category.status, ['completed', 'gone-mid', 'mid', 'open']);
    case 'codeless':
      return plus(
        ended(ground, GRPC_WITHOUT_TRAILERS, ['completed', 'gone-mid', 'mid', 'open']),
        failed(ground, style),
      );
    case 'broken':
      return cut(ground, category.status);
    case 'lost':
      return plus(cut(ground, '*'), failed(ground, style));
    case 'none':
    case 'failfast':
      return failed(ground, style);
    case 'total':
      return plus(ended(ground, '*', ['completed', 'gone-mid', 'mid', 'open']), failed(ground, style));
  }
}

/** `le` in the histogram's own unit is `limitMs` for a request; what takes longer is in no such bucket. */
export function attemptTimes(
  ground: Ground,
  status: Status,
  limitMs: number,
  to: 'firstByte' | 'end',
  strict: boolean,
): Bound {
  const { scope } = ground;
  const within = (ms: number): boolean => (strict ? ms < limitMs : ms <= limitMs);
  const tag = `${to}${limitMs}`;
  // The caller's time spans all attempts, so the last one took no longer.
  const low = made(scope, 'own', 'answered', status, to, {
    tag,
    test: (m) => within((to === 'end' ? m.endMs! : m.firstByteMs!) - m.startMs),
  });
  const quick = served(scope, 'served', 'completed', status, to, {
    tag,
    test: ({ request: r }) => within((to === 'end' ? r.endMs! : (r.firstByteMs ?? r.startMs)) - r.startMs),
  });
  const aborted = (['mid', 'gone-mid', 'gone', 'open', 'reset', 'closed'] as const).map((kind) =>
    served(scope, 'served', kind, '*', 'start'),
  );
  const others = sum(...aborted);
  const all = served(scope, 'served', 'completed', status, 'end');
  const missing = unseen(scope);
  const mesh = meshMade(scope, status);
  return ({ fromMs, untilMs, settled }) => {
    const every = limitMs === Number.POSITIVE_INFINITY && settled && scope.alone && to === 'end';
    return {
      low: Math.max(low.at(fromMs), every ? all.total - gaveUp(scope) : 0),
      high: quick.at(untilMs) + others(untilMs) + mesh(untilMs) + missing(untilMs),
    };
  };
}

/** Retries that a route's proxy has sent: attempts less requests. */
export function retryRequests(ground: Ground): Bound {
  const { scope } = ground;
  const attempts = attemptRequests(ground);
  const begun = starts(scope, ['own', 'maybe']);
  const answered = made(scope, 'own', 'answered', '*', 'end');
  return (reading) => {
    const { low, high } = attempts(reading);
    const most = high - answered.at(reading.fromMs);
    return { low: Math.max(0, low - begun(reading.untilMs)), high: Math.max(0, most) };
  };
}

/** Requests whose last answer would have been retried again, had the limit allowed it. */
export function retryLimitExceeded({ scope }: Ground): Bound {
  const finals = { tag: 'retryable', test: isRetryable };
  const low = made(scope, 'own', 'ok', '*', 'end', finals);
  const high = made(scope, 'own', 'ok', '*', 'start', finals);
  const lost = starts(scope, ['own'], 'gone');
  const mesh = starts(scope, ['own'], 'mesh');
  return ({ fromMs, untilMs }) => ({ low: low.at(fromMs), high: high.at(untilMs) + lost(untilMs) + mesh(untilMs) });
}

/**
 * Requests that a retry has brought to a good end. Each took 1 to `limit` retries; those that exceeded the limit took all.
 */
export function retrySuccesses(ground: Ground): Bound {
  const { scope } = ground;
  const retries = retryRequests(ground);
  const exceeded = retryLimitExceeded(ground);
  const limit = Math.max(1, ...scope.own.map((m) => m.path.retry?.limit ?? 1));
  return (reading) => {
    const all = retries(reading);
    if (!reading.settled) return { low: 0, high: all.high };
    const over = exceeded(reading);
    const least = Math.max(0, all.low - limit * over.high);
    return { low: Math.ceil(least / limit), high: Math.max(0, all.high - limit * over.low) };
  };
}

/** Failures of a ServiceProfile's retryable route. */
export function retryableBound(ground: Ground): Bound {
  const { scope } = ground;
  if (scope.retries === 'none') return () => ({ low: 0, high: 0 });
  const failure = { tag: 'failure', test: (s: Served) => isFailure(scope, s.status) };
  const finished = served(scope, 'served', 'completed', '*', 'end', failure);
  const kinds = ['mid', 'reset', 'closed', 'gone', 'open'] as const;
  const cutOff = sum(...kinds.map((kind) => served(scope, 'served', kind, '*', 'start')));
  const mesh = meshMade(scope, '*');
  const missing = unseen(scope);
  const flying = inFlight(ground);
  return ({ fromMs, untilMs, settled }) => {
    const onTheWay = settled ? 0 : flying(fromMs, fromMs);
    const low = scope.alone ? Math.max(0, finished.at(fromMs) - onTheWay - gaveUp(scope)) : 0;
    return { low, high: finished.at(untilMs) + cutOff(untilMs) + mesh(untilMs) + missing(untilMs) };
  };
}

function isFailure(scope: Scope, status: Outcome): boolean {
  const classes = [...scope.own, ...scope.maybe][0]?.path.profile?.responseClasses ?? [];
  const told = classes.find((c) => status >= c.min && status <= c.max)?.isFailure;
  return told ?? classificationOf(status) === 'failure';
}

function isRetryable({ path: { retry }, status }: Made): boolean {
  if (!retry) return false;
  const code = status - 1000;
  return status >= 1000 ? retry.grpc.includes(code) : retry.http.some(([low, high]) => status >= low && status <= high);
}

/** Answers that came to their end: the callee's last write, and then the proxy, before the request is over or sent again. */
function ended(ground: Ground, status: Status, kinds: readonly ServedKind[]): Bound {
  const { scope } = ground;
  const complete = served(scope, 'served', 'completed', status, 'end');
  const certain = made(scope, 'own', 'answered', status, 'end');
  const refused = refusals(scope, status);
  const parts = kinds.map((kind) => {
    const early = kind === 'gone-mid' || kind === 'open';
    return served(scope, 'served', kind, kind === 'open' ? '*' : status, early ? 'start' : 'end');
  });
  const aborted = abortsAnswered(scope, status);
  parts.push(...aborted);
  const high = sum(...parts);
  const mesh = meshMade(scope, status);
  const flying = inFlight(ground);
  const missing = mayBeFailure(status) || status === ANY_200 ? unseen(scope) : () => 0;
  return ({ fromMs, untilMs, settled }) => {
    const onTheWay = settled ? 0 : flying(fromMs, fromMs);
    const cutOff = settled ? aborted.reduce((n, list) => n + list.total, 0) : 0;
    const seen = scope.alone ? complete.at(fromMs) + cutOff - onTheWay - gaveUp(scope) + refused.at(fromMs) : 0;
    // Left before the trailers came: to the sidecars an answer without any, whatever the callee had sent.
    const unfinished = isOpenEnd(status) ? gaveUp(scope) : 0;
    const most = high(untilMs) + mesh(untilMs) + missing(untilMs) + unfinished;
    return { low: Math.max(0, certain.at(fromMs), seen), high: most };
  };
}

/**
 * What the callee's proxy makes an answer of: an HTTP/1 app that cuts its connection is a 502 to both proxies, one that
 * closes it a 500 to the caller's.
 */
function abortsAnswered(scope: Scope, status: Status): Steps[] {
  if (!answersResets(scope)) return [];
  const list: Steps[] = [];
  if (hasStatus(status, RESET_STATUS)) list.push(served(scope, 'served', 'reset', '*', 'end'));
  if (scope.side === 'outbound' && hasStatus(status, CLOSED_STATUS)) {
    list.push(served(scope, 'served', 'closed', '*', 'end'));
  }
  return list;
}

const CLOSED_STATUS = 500;

/** Headers, and then no proper end. */
function cut({ scope }: Ground, status: Status): Bound {
  const mid = served(scope, 'served', 'mid', status, 'end');
  const early = sum(
    served(scope, 'served', 'gone-mid', status, 'start'),
    served(scope, 'served', 'open', '*', 'start'),
  );
  const low = scope.alone ? Math.max(0, mid.total - raceCap(scope, 'mid') - gaveUp(scope)) : 0;
  return ({ untilMs, settled }) => ({
    low: settled ? low : 0,
    high: mid.at(untilMs) + early(untilMs) + gaveUp(scope),
  });
}

/** Before headers: nobody has a status. */
function failed({ scope }: Ground, style: Style): Bound {
  const parts = (['gone', 'reset', 'closed', 'open'] as const).map((kind) =>
    served(scope, 'served', kind, '*', 'start'),
  );
  const aborted = sum(...parts);
  const mesh = meshMade(scope, '*');
  const missing = unseen(scope);
  const above = style.layer === 'backend' ? scope.failfast.length : 0;
  return ({ untilMs }) => ({
    low: 0,
    high: aborted(untilMs) + mesh(untilMs) + missing(untilMs) + gaveUp(scope) + above,
  });
}

function gaveUp(scope: Scope): number {
  return starts(scope, ['own', 'maybe', 'elsewhere'], 'gone')(Number.POSITIVE_INFINITY);
}

function starts(scope: Scope, lists: readonly MadeList[], kind: Made['kind'] | '*' = '*'): (t: number) => number {
  return sum(...lists.map((list) => made(scope, list, kind, '*', 'start')));
}

/** Requests begun by `t` and not over by `before`: one attempt of each may be anywhere. */
function inFlight({ scope, marginMs }: Ground): (t: number, before: number) => number {
  const lists = ['own', 'maybe', 'elsewhere', 'othersKnown', 'othersMaybe'] as const;
  const begun = starts(scope, lists);
  const over = sum(...lists.map((list) => made(scope, list, '*', '*', 'end')));
  return (t, before) => {
    const settled = before === Number.POSITIVE_INFINITY;
    return settled ? 0 : Math.max(0, begun(t + marginMs) - over(before - marginMs));
  };
}

function refusals(scope: Scope, status: Status): Steps {
  return made(scope, 'own', 'mesh', status, 'end', REFUSED);
}

const REFUSED: Where<Made> = { tag: 'refused', test: (m) => m.refusal !== null };
const LET_IN: Where<Made> = { tag: 'let in', test: (m) => m.refusal === null };

/** Answers of the mesh in the end, as of the last attempt; the others are among the unseen. */
function meshMade(scope: Scope, status: Status): (t: number) => number {
  return sum(...(['own', 'maybe'] as const).map((list) => made(scope, list, 'mesh', status, 'start')));
}

/** Attempts that no callee has seen: a pod that is away refuses them, and another answers the next. */
function unseen(scope: Scope): (t: number) => number {
  const shed = starts(scope, ['own', 'maybe', 'elsewhere'], 'shed');
  const gone = starts(scope, ['own', 'maybe', 'elsewhere'], 'gone');
  const mesh = sum(
    ...(['own', 'maybe', 'elsewhere'] as const).map((list) => made(scope, list, 'mesh', '*', 'start', LET_IN)),
  );
  const begun = starts(scope, ['own', 'maybe', 'elsewhere']);
  // What callees cut off shows as an answer of the mesh too.
  const cutOff =
    served(scope, 'served', 'reset', '*', 'start').total + served(scope, 'served', 'closed', '*', 'start').total;
  const late = made(scope, 'own', 'mesh', '*', 'start', { tag: 'timed out', test: (m) => m.timedOut });
  const limit = limitOf(scope);
  const unmade = unconnected(scope);
  const times = (n: number, factor: number): number => (n === 0 ? 0 : n * factor);
  return (t) => {
    if (scope.calleesRestart) return times(begun(t), limit);
    return gone(t) + late.at(t) + unmade(t) + times(shed(t) + Math.max(0, mesh(t) - cutOff), 1 + limit);
  };
}

/** A proxy gives a connection up after this long, answers 504 itself, and may try again (LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT). */
const CONNECT_TIMEOUT_MS = 1000;

/** Attempts that may have ended so, of requests that took as long: a slow machine is enough for it. */
function unconnected(scope: Scope): (t: number) => number {
  const steps = weighted(scope, 'unconnected', () => {
    const events = [...scope.own, ...scope.maybe, ...scope.elsewhere].map((m) => {
      const ms = (m.endMs ?? Number.POSITIVE_INFINITY) - m.startMs;
      return { t: m.startMs, weight: Math.min(m.path.retry?.limit ?? 0, Math.floor(ms / CONNECT_TIMEOUT_MS)) };
    });
    return new WeightedSteps(events.filter(({ weight }) => weight > 0));
  });
  return (t) => steps.at(t).sum;
}

function limitOf(scope: Scope): number {
  const lists = [scope.own, scope.maybe, scope.elsewhere];
  return lists.reduce((most, list) => list.reduce((n, m) => Math.max(n, m.path.retry?.limit ?? 0), most), 0);
}

function plus(a: Bound, b: Bound): Bound {
  return (reading: Reading) => {
    const [x, y] = [a(reading), b(reading)];
    return { low: x.low + y.low, high: x.high + y.high };
  };
}
