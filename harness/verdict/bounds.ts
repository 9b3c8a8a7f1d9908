import { GRPC_WITHOUT_TRAILERS } from '../core/outcome.ts';
import type { ServedKind } from './kinds.ts';
import {
  type Count,
  CUT,
  made,
  raceCap,
  races,
  served,
  started,
  sum,
  unexplained,
  type Where,
  ZERO,
} from './moments.ts';
import { ANY_200, hasStatus, isOpenEnd, mayBeFailure, type Status } from './outcomes.ts';
import { answersResets, RESET_STATUS, type Scope } from './scope.ts';
import type { Steps } from './steps.ts';
import type { Made, Refusal, Served } from './truth.ts';

/** A reading was rendered in [fromMs, untilMs], by any ledger's clock; `settled`: after the last movement. */
export interface Reading {
  fromMs: number;
  untilMs: number;
  settled: boolean;
}

export interface Interval {
  low: number;
  high: number;
}

/** What a counter must show at a reading. */
export type Bound = (reading: Reading) => Interval;

/** Which responses a counter counts. docs/bounds.md derives the bounds of each. */
export type Category =
  | { kind: 'request' }
  /** An answer with this status, complete. `legacy` families count one dropped by its consumer here as well. */
  | { kind: 'ok'; status: number }
  /** Headers with this status, then no proper end. */
  | { kind: 'broken'; status: number }
  /** Either of the two. */
  | { kind: 'any'; status: number }
  /** Failed before headers. */
  | { kind: 'none' }
  /** Before headers or after them: no proper end. */
  | { kind: 'lost' }
  /** gRPC: however it ended, without a code. */
  | { kind: 'codeless' }
  | { kind: 'failfast' }
  /** All of them. */
  | { kind: 'total' };

/**
 * Where in the proxy a family counts: above the balancer (`route`), about it (`backend`), at one endpoint, or where the
 * callee's proxy lets requests in (`gate`).
 */
export type Layer = 'gate' | 'endpoint' | 'backend' | 'route';

export interface Style {
  layer: Layer;
  /** The older families call a body that its consumer dropped a success. */
  legacy: boolean;
}

/** What all bounds need besides the category: the scope, and by how much clocks may differ. */
export interface Ground {
  scope: Scope;
  marginMs: number;
}

export function requestBound({ scope, marginMs }: Ground, layer: Layer): Bound {
  const answered = made(scope, 'own', 'answered', '*', 'firstByte');
  const reached = served(scope, 'served', '*', '*', 'start');
  const others = sum(made(scope, 'othersKnown', '*', '*', 'start'), made(scope, 'othersMaybe', '*', '*', 'start'));
  const own = made(scope, 'own', '*', '*', 'start');
  const maybe = made(scope, 'maybe', '*', '*', 'start');
  const taken = maybe.total === 0 ? ZERO : takenElsewhere(scope, marginMs);
  const above = layer === 'endpoint' || layer === 'gate' ? 0 : scope.failfast.length;
  const limited = layer === 'gate' ? refusalBound({ scope, marginMs }, 'limited') : null;
  return (reading) => {
    const { fromMs, untilMs } = reading;
    const extra = limited?.(reading) ?? { low: 0, high: 0 };
    const low = Math.max(answered.at(fromMs), reached.at(fromMs) - others(fromMs + marginMs));
    const high = own.at(untilMs) + Math.max(0, maybe.at(untilMs) - taken(untilMs)) + above;
    return { low: low + extra.low, high: high + extra.high };
  };
}

/** What other instances have certainly taken of the requests that may have come here. */
function takenElsewhere(scope: Scope, marginMs: number): Count {
  const away = served(scope, 'servedElsewhere', '*', '*', 'start');
  const sentAway = sum(made(scope, 'elsewhere', '*', '*', 'start'), made(scope, 'othersMaybe', '*', '*', 'start'));
  return (t) => Math.max(0, away.at(t - marginMs) - sentAway(t));
}

/** Requests that the callee's proxy refused so; who gave up meanwhile may have been refused too. */
export function refusalBound({ scope }: Ground, refusal: Refusal): Bound {
  const those: Where<Made> = { tag: refusal, test: (m) => m.refusal === refusal };
  const low = made(scope, 'refused', '*', '*', 'end', those);
  const certain = made(scope, 'refused', '*', '*', 'start', those);
  const possible = made(scope, 'refusedMaybe', '*', '*', 'start', those);
  const gone = started(scope, 'gone', '*');
  return ({ fromMs, untilMs }) => ({
    low: low.at(fromMs),
    high: certain.at(untilMs) + possible.at(untilMs) + gone(untilMs),
  });
}

/** Responses of one category, counted when the response ends. */
export function responseBound(ground: Ground, category: Category, style: Style): Bound {
  switch (category.kind) {
    case 'request':
      return requestBound(ground, style.layer);
    case 'ok':
      return okBound(ground, category.status, style.legacy);
    case 'broken':
      return brokenBound(ground, category.status, style.legacy);
    case 'any':
      return anyBound(ground, category.status);
    case 'none':
      return noneBound(ground, style);
    case 'lost':
      return both(brokenBound(ground, '*', style.legacy), noneBound(ground, style));
    case 'codeless':
      return both(anyBound(ground, GRPC_WITHOUT_TRAILERS), noneBound(ground, style));
    case 'failfast':
      return failfastBound(ground, style);
    case 'total':
      return totalBound(ground, style);
  }
}

function both(a: Bound, b: Bound): Bound {
  return (reading) => {
    const [x, y] = [a(reading), b(reading)];
    return { low: x.low + y.low, high: x.high + y.high };
  };
}

/** Answers that the mesh made with this status, as this side may have counted them, whether or not the caller waited. */
function meshMade({ scope, marginMs }: Ground, status: Status, where?: Where<Made>): Count {
  const all = started(scope, 'mesh', status, where);
  const failure = mayBeFailure(status) || (status === ANY_200 && scope.protocol === 'grpc');
  const raced = failure ? races(scope, marginMs) : () => 0;
  if (scope.side === 'outbound') return (t) => all(t) + raced(t);
  const rest = unexplained(scope, marginMs);
  return (t) => Math.min(all(t) + raced(t), rest(t));
}

/**
 * The caller's sidecar counts no more answers than its callers have asked for. The callee's may: an answer that it
 * passed on can get lost on the way, so that the caller was told otherwise by the mesh.
 */
function withinCallers(scope: Scope, status: Status, byCallee: Count): Count {
  if (scope.side === 'inbound') return byCallee;
  const ok = started(scope, 'ok', status);
  const gone = started(scope, 'gone', '*');
  return (t) => Math.min(byCallee(t), ok(t) + gone(t));
}

/** What callees did in the scope, less what went to other callers. */
function lessOthers({ scope, marginMs }: Ground, status: Status, parts: Steps[]): Count {
  const here = sum(...parts);
  const others = made(scope, 'othersKnown', 'ok', status, 'end');
  return others.total === 0 ? here : (t) => here(t) - others.at(t - marginMs);
}

/** Served with this outcome. A client that left was noticed by the proxy first: it counts from the start. */
function outcomes(scope: Scope, kinds: readonly ServedKind[], status: Status): Steps[] {
  return kinds.map((kind) => {
    const early = kind === 'gone-mid' || kind === 'open';
    return served(scope, 'served', kind, kind === 'open' ? '*' : status, early ? 'start' : 'end');
  });
}

function okBound(ground: Ground, status: number, legacy: boolean): Bound {
  const { scope } = ground;
  const low = made(scope, 'own', 'answered', status, 'end');
  const kinds = legacy ? (['completed', 'gone-mid'] as const) : (['completed'] as const);
  const answered = lessOthers(ground, status, outcomes(scope, kinds, status));
  // Cut by the callee when its caller had left: to the sidecars a body dropped.
  const cut = served(scope, 'served', 'mid', status, 'end');
  const raced = races(scope, ground.marginMs);
  // Left before the trailers came: to the sidecars an answer without any, whatever the callee had sent.
  const unfinished = legacy && isOpenEnd(status);
  const lost: Count = (t) => (unfinished ? raced(t) : legacy ? Math.min(cut.at(t), raced(t)) : 0);
  const high = withinCallers(scope, status, (t) => answered(t) + lost(t));
  const mesh = meshMade(ground, status, IN_TIME);
  const reset = resets(scope, status);
  return ({ fromMs, untilMs, settled }) => ({
    low: low.at(fromMs) + (settled ? reset.low : 0),
    high: high(untilMs) + mesh(untilMs) + reset.high(untilMs),
  });
}

/** Cut by the callee before headers: to its own sidecar an answer with this status; to the caller's an answer of the mesh. */
function resets(scope: Scope, status: Status, where?: Where<Served>): { low: number; high: Count } {
  if (scope.side === 'outbound' || !answersResets(scope) || !hasStatus(status, RESET_STATUS)) {
    return { low: 0, high: () => 0 };
  }
  const reset = served(scope, 'served', 'reset', '*', 'end', where);
  return { low: Math.max(0, reset.total - raceCap(scope, 'reset')), high: (t) => reset.at(t) };
}

/**
 * At the end, and when nobody else asks: what the callee aborted, but for callers who gave up meanwhile. A reset may overtake
 * the headers on the way to the caller's proxy (HTTP/2): who saw no status leaves open whether its proxy did.
 */
function brokenLow(scope: Scope, status: Status): number {
  const aborted = served(scope, 'served', 'mid', status, 'end').total - raceCap(scope, 'mid');
  const alone = scope.othersKnown.length + scope.othersMaybe.length === 0;
  if (scope.side === 'inbound') return alone ? Math.max(0, aborted) : 0;
  const seen = made(scope, 'own', 'gone', status, 'end', CUT).total;
  const overtaken = started(scope, 'gone', 0, CUT)(Number.POSITIVE_INFINITY);
  return Math.max(seen, alone ? aborted - overtaken : 0);
}

function brokenBound(ground: Ground, status: Status, legacy: boolean): Bound {
  const { scope, marginMs } = ground;
  const low = brokenLow(scope, status);
  const inbound = scope.side === 'inbound';
  const kinds: ServedKind[] = inbound ? ['mid'] : ['mid', 'open'];
  const aborted = sum(...outcomes(scope, legacy ? kinds : [...kinds, 'gone-mid'], status));
  // An answer that the callee completed, and whose consumer left before its end, or whose sidecar died with it.
  const completed = served(scope, 'served', 'completed', status, 'end');
  const received = sum(made(scope, 'own', 'ok', status, 'end'), made(scope, 'othersKnown', 'ok', status, 'end'));
  const gone = started(scope, 'gone', '*');
  // Cut by the caller's own proxy, at a timeout of its route: to the callee a client that left, to the caller a broken answer.
  const left = served(scope, 'served', 'gone-mid', status, 'start');
  const cutOff = started(scope, 'gone', status, CUT);
  // The mesh answered in the callee's place as its caller left: an answer of the mesh that nobody read to its end.
  const unread = !inbound && !legacy && mayBeFailure(status) ? races(scope, marginMs) : () => 0;
  return ({ untilMs, settled }) => {
    const lost = legacy && inbound ? 0 : Math.max(0, completed.at(untilMs) - received(untilMs - marginMs));
    const byProxy = legacy && !inbound ? Math.min(left.at(untilMs), cutOff(untilMs)) : 0;
    const high = aborted(untilMs) + lost + byProxy + unread(untilMs);
    return { low: settled ? low : 0, high: inbound ? high : Math.min(high, gone(untilMs)) };
  };
}

function anyBound(ground: Ground, status: number): Bound {
  const { scope } = ground;
  const low = made(scope, 'own', 'answered', status, 'end');
  const broken = brokenLow(scope, status);
  const kinds: ServedKind[] = [
    'completed',
    'gone-mid',
    'mid',
    ...(scope.side === 'outbound' ? (['open'] as const) : []),
  ];
  const high = withinCallers(scope, status, lessOthers(ground, status, outcomes(scope, kinds, status)));
  const mesh = meshMade(ground, status, IN_TIME);
  const reset = resets(scope, status);
  return ({ fromMs, untilMs, settled }) => ({
    low: low.at(fromMs) + (settled ? broken + reset.low : 0),
    high: high(untilMs) + mesh(untilMs) + reset.high(untilMs),
  });
}

/** A refusal has a status for certain, a timeout none. */
const LET_IN: Where<Made> = { tag: 'let in', test: (m) => m.refusal === null };
const IN_TIME: Where<Made> = { tag: 'in time', test: (m) => !m.timedOut };
const TIMED_OUT: Where<Made> = { tag: 'timed out', test: (m) => m.timedOut };

function noneBound(ground: Ground, style: Style): Bound {
  const { scope } = ground;
  if (scope.side === 'inbound') {
    const rest = unexplained(scope, ground.marginMs);
    const kinds = answersResets(scope) ? (['closed'] as const) : (['closed', 'reset'] as const);
    const cut = kinds.map((kind) => served(scope, 'served', kind, '*', 'end'));
    const least = cut.reduce((n, list, i) => n + Math.max(0, list.total - raceCap(scope, kinds[i]!)), 0);
    const ended = sum(...cut);
    return ({ untilMs, settled }) => ({ low: settled ? least : 0, high: rest(untilMs) + ended(untilMs) });
  }
  const parts = [meshMade(ground, '*', LET_IN), started(scope, 'shed', '*'), started(scope, 'gone', 0, CUT)];
  const failfast = style.layer === 'backend' ? scope.failfast.length : 0;
  // Whatever an endpoint had to do with it, the route's counter has it.
  const timedOut = made(scope, 'own', 'mesh', '*', 'end', TIMED_OUT);
  const route = style.layer === 'route' ? 1 : 0;
  return ({ fromMs, untilMs }) => ({
    low: route * timedOut.at(fromMs),
    high: parts.reduce((n, part) => n + part(untilMs), failfast),
  });
}

function failfastBound({ scope, marginMs }: Ground, style: Style): Bound {
  // Nobody waited any more when the balancer gave up.
  const raced = races(scope, marginMs);
  const ended = made(scope, 'failfast', '*', '*', 'end');
  const begun = made(scope, 'failfast', '*', '*', 'start');
  return ({ fromMs, untilMs }) => ({
    low: style.layer === 'route' ? ended.at(fromMs) : 0,
    high: style.layer === 'endpoint' ? 0 : begun.at(untilMs) + raced(untilMs),
  });
}

function totalBound(ground: Ground, style: Style): Bound {
  const { scope } = ground;
  const low = sum(made(scope, 'own', 'ok', '*', 'end'), made(scope, 'own', 'mesh', '*', 'end'));
  const kinds: ServedKind[] = [
    'completed',
    'gone-mid',
    'mid',
    'open',
    ...(answersResets(scope) ? [] : (['reset', 'closed'] as const)),
  ];
  const high = withinCallers(scope, '*', lessOthers(ground, '*', outcomes(scope, kinds, '*')));
  const mesh = meshMade(ground, '*');
  const shed = started(scope, 'shed', '*');
  const failfast = failfastBound(ground, style);
  return (r) => {
    const above = failfast(r);
    return { low: low(r.fromMs) + above.low, high: high(r.untilMs) + mesh(r.untilMs) + shed(r.untilMs) + above.high };
  };
}

/**
 * `response_latency_ms_bucket`: answers with this status whose time to the first body byte, truncated to whole
 * milliseconds, is at most `le`. They count when the first byte passes.
 */
export function latencyBound(ground: Ground, status: number, le: number): Bound {
  const { scope, marginMs } = ground;
  const tag = `lt${le}`;
  const fast: Where<Made> = { tag, test: (m) => m.firstByteMs! - m.startMs < le + 1 };
  const fastServed: Where<Served> = {
    tag,
    test: ({ request: r }) => (r.firstByteMs ?? r.startMs) - r.startMs < le + 1,
  };
  const low = made(scope, 'own', 'answered', status, 'firstByte', fast);
  const written = (['completed', 'mid', 'open'] as const).map((kind) =>
    served(scope, 'served', kind, status, 'firstByte', fastServed),
  );
  const here = sum(...written, served(scope, 'served', 'gone-mid', status, 'start'));
  const others = made(scope, 'othersKnown', 'ok', status, 'firstByte', fast);
  const high = withinCallers(scope, status, (t) => here(t) - others.at(t - marginMs));
  const mesh = meshMade(ground, status, IN_TIME);
  const reset = resets(scope, status, {
    tag,
    test: ({ request: r }) => (r.endMs ?? r.startMs) - r.startMs < le + 1,
  });
  const atLeast = le === Number.POSITIVE_INFINITY ? reset.low : 0;
  return ({ fromMs, untilMs, settled }) => ({
    low: low.at(fromMs) + (settled ? atLeast : 0),
    high: high(untilMs) + mesh(untilMs) + reset.high(untilMs),
  });
}

/** Duration histograms (seconds, not truncated): requests that took at most `leMs` to the end of the response. */
export function durationBound(ground: Ground, leMs: number, style: Style): Bound {
  const { scope, marginMs } = ground;
  const tag = `le${leMs}`;
  const quick: Where<Made> = { tag, test: (m) => m.endMs! - m.startMs <= leMs };
  const quickServed: Where<Served> = { tag, test: ({ request: r }) => r.endMs! - r.startMs <= leMs };
  const low = made(scope, 'own', 'answered', '*', 'end', quick);
  const inbound = scope.side === 'inbound';
  // However they ended, and after whatever time. A reset is to the caller's sidecar an answer of the mesh.
  const kinds: ServedKind[] = inbound ? ['mid', 'gone-mid', 'reset', 'closed'] : ['mid', 'gone-mid', 'open'];
  if (!inbound && !answersResets(scope)) kinds.push('reset', 'closed');
  const aborted = kinds.map((kind) => served(scope, 'served', kind, '*', 'start'));
  const here = sum(served(scope, 'served', 'completed', '*', 'end', quickServed), ...aborted);
  const others = made(scope, 'othersKnown', 'ok', '*', 'end', quick);
  const high = withinCallers(scope, '*', (t) => here(t) - others.at(t - marginMs));
  const mesh = inbound ? unexplained(scope, marginMs) : meshMade(ground, '*');
  const shed = started(scope, 'shed', '*');
  const above = style.layer === 'endpoint' ? 0 : scope.failfast.length;
  const withShed = inbound ? 0 : 1;
  return ({ fromMs, untilMs }) => ({
    low: low.at(fromMs),
    high: high(untilMs) + mesh(untilMs) + withShed * shed(untilMs) + above,
  });
}
