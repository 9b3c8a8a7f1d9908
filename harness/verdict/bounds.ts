import { gone, made, raceCap, served, unanswered, unexplained } from './moments.ts';
import type { Scope, Status } from './scope.ts';
import type { Made, Served } from './truth.ts';

/** A reading was rendered in [fromMs, untilMs]; `settled`: after the last movement. */
export interface Reading {
  fromMs: number;
  untilMs: number;
  settled: boolean;
}

export interface Interval {
  low: number;
  high: number;
}

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
  | { kind: 'failfast' }
  /** All of them. */
  | { kind: 'total' };

/** Where in the proxy a family counts: above the balancer (`route`), about it (`backend`), or at one endpoint. */
export type Layer = 'endpoint' | 'backend' | 'route';

/** What a family counts as what: the older families call a dropped body a success. */
export interface Style {
  layer: Layer;
  legacy: boolean;
}

export function requestBounds(scope: Scope, r: Reading, layer: Layer): Interval {
  const { fromMs: from, untilMs: until } = r;
  const others =
    made(scope, 'othersKnown', '*', '*', 'start').at(from) + made(scope, 'othersMaybe', '*', '*', 'start').at(from);
  const low = Math.max(
    made(scope, 'own', 'ok', '*', 'firstByte').at(from),
    served(scope, 'served', '*', '*', 'start').at(from) - others,
  );
  // What other instances have certainly taken of the requests that may have come here.
  const taken =
    served(scope, 'servedElsewhere', '*', '*', 'start').at(until) -
    made(scope, 'elsewhere', '*', '*', 'start').at(until) -
    made(scope, 'othersMaybe', '*', '*', 'start').at(until);
  const maybe = made(scope, 'maybe', '*', '*', 'start').at(until) - Math.max(0, taken);
  const high = made(scope, 'own', '*', '*', 'start').at(until) + Math.max(0, maybe);
  return { low, high: layer === 'endpoint' ? high : high + scope.failfast.length };
}

/** Responses of one category, counted when the response ends. */
export function responseBounds(scope: Scope, category: Category, r: Reading, style: Style): Interval {
  switch (category.kind) {
    case 'request':
      return requestBounds(scope, r, style.layer);
    case 'ok':
      return okBounds(scope, category.status, r, style.legacy);
    case 'broken':
      return brokenBounds(scope, category.status, r, !style.legacy);
    case 'any': {
      const ok = okBounds(scope, category.status, r, false);
      const broken = brokenBounds(scope, category.status, r, true);
      return { low: ok.low + broken.low, high: ok.high + broken.high };
    }
    case 'none':
      return noneBounds(scope, r, style);
    case 'failfast':
      return failfastBounds(scope, r, style);
    case 'total':
      return totalBounds(scope, r, style);
  }
}

/** Answers that the mesh made with this status, as this side may have counted them. */
function meshMade(scope: Scope, status: Status, until: number): number {
  const all = unanswered(scope, status, until);
  return scope.side === 'outbound' ? all : Math.min(all, unexplained(scope, until));
}

function okBounds(scope: Scope, status: Status, r: Reading, withDropped: boolean): Interval {
  const low = made(scope, 'own', 'ok', status, 'end').at(r.fromMs);
  const byCallee =
    served(scope, 'served', 'completed', status, 'end').at(r.untilMs) +
    (withDropped ? served(scope, 'served', 'gone-mid', status, 'start').at(r.untilMs) : 0) -
    made(scope, 'othersKnown', 'ok', status, 'end').at(r.untilMs);
  const high = Math.min(byCallee, startedByCaller(scope, status, r.untilMs));
  return { low, high: high + meshMade(scope, status, r.untilMs) };
}

/** Requests started that may have got an answer of this status. */
function startedByCaller(scope: Scope, status: Status, until: number): number {
  return (
    made(scope, 'own', 'ok', status, 'start').at(until) +
    made(scope, 'maybe', 'ok', status, 'start').at(until) +
    gone(scope, until)
  );
}

function brokenBounds(scope: Scope, status: number, r: Reading, withDropped: boolean): Interval {
  const aborted = served(scope, 'served', 'mid', status, 'end');
  const races = raceCap(scope, 'mid');
  const alone = scope.othersKnown.length + scope.othersMaybe.length === 0;
  const low = r.settled && alone ? Math.max(0, aborted.total - races) : 0;
  const dropped = withDropped ? served(scope, 'served', 'gone-mid', status, 'start').at(r.untilMs) : 0;
  const byCallee = aborted.at(r.untilMs) + dropped;
  if (scope.side === 'inbound') return { low, high: byCallee };
  const died = served(scope, 'served', 'open', '*', 'start').at(r.untilMs);
  return { low, high: Math.min(byCallee + died, gone(scope, r.untilMs)) };
}

function noneBounds(scope: Scope, r: Reading, style: Style): Interval {
  if (scope.side === 'inbound') {
    const reset = served(scope, 'served', 'reset', '*', 'end');
    const low = r.settled ? Math.max(0, reset.total - raceCap(scope, 'reset')) : 0;
    return { low, high: reset.at(r.untilMs) + unexplained(scope, r.untilMs) };
  }
  const cut = made(scope, 'own', 'gone', 0, 'start', 'cut', isCut).at(r.untilMs);
  const cutMaybe = made(scope, 'maybe', 'gone', 0, 'start', 'cut', isCut).at(r.untilMs);
  const failfast = style.layer === 'backend' ? scope.failfast.length : 0;
  return { low: 0, high: unanswered(scope, null, r.untilMs) + shed(scope, r.untilMs) + cut + cutMaybe + failfast };
}

function isCut(m: Made): boolean {
  return m.request.outcome === 'connection';
}

function shed(scope: Scope, until: number): number {
  return made(scope, 'own', 'shed', '*', 'start').at(until) + made(scope, 'maybe', 'shed', '*', 'start').at(until);
}

function failfastBounds(scope: Scope, r: Reading, style: Style): Interval {
  const low = style.layer === 'route' ? made(scope, 'failfast', '*', '*', 'end').at(r.fromMs) : 0;
  return { low, high: style.layer === 'endpoint' ? 0 : made(scope, 'failfast', '*', '*', 'start').at(r.untilMs) };
}

function totalBounds(scope: Scope, r: Reading, style: Style): Interval {
  const failfast = failfastBounds(scope, r, style);
  const low =
    made(scope, 'own', 'ok', '*', 'end').at(r.fromMs) +
    made(scope, 'own', 'mesh', '*', 'end').at(r.fromMs) +
    failfast.low;
  const byCallee =
    served(scope, 'served', 'completed', '*', 'end').at(r.untilMs) +
    served(scope, 'served', 'gone-mid', '*', 'start').at(r.untilMs) +
    served(scope, 'served', 'mid', '*', 'end').at(r.untilMs) +
    served(scope, 'served', 'open', '*', 'start').at(r.untilMs) -
    made(scope, 'othersKnown', 'ok', '*', 'end').at(r.untilMs);
  const high = Math.min(byCallee, startedByCaller(scope, '*', r.untilMs));
  return { low, high: high + unanswered(scope, null, r.untilMs) + shed(scope, r.untilMs) + failfast.high };
}

/**
 * `response_latency_ms_bucket`: answers with this status whose time to the first body byte, truncated to whole
 * milliseconds, is at most `le`. They count when the first byte passes.
 */
export function latencyBounds(scope: Scope, status: number, le: number, r: Reading): Interval {
  const fast = (m: Made): boolean => m.firstByteMs! - m.startMs < le + 1;
  const fastServed = (s: Served): boolean => (s.request.firstByteMs ?? s.request.startMs) - s.request.startMs < le + 1;
  const tag = `lt${le}`;
  const until = r.untilMs;
  const low = made(scope, 'own', 'ok', status, 'firstByte', tag, fast).at(r.fromMs);
  const written = (kind: 'completed' | 'mid' | 'open'): number =>
    served(scope, 'served', kind, status, 'firstByte', tag, fastServed).at(until);
  const byCallee =
    written('completed') +
    written('mid') +
    written('open') +
    served(scope, 'served', 'gone-mid', status, 'start').at(until) -
    made(scope, 'othersKnown', 'ok', status, 'firstByte', tag, fast).at(until);
  return { low, high: Math.min(byCallee, startedByCaller(scope, status, until)) + meshMade(scope, status, until) };
}

/** Duration histograms (seconds, not truncated): requests that took at most `leMs` to the end of the response. */
export function durationBounds(scope: Scope, leMs: number, r: Reading, style: Style): Interval {
  const quick = (m: Made): boolean => m.endMs! - m.startMs <= leMs;
  const quickServed = (s: Served): boolean => s.request.endMs! - s.request.startMs <= leMs;
  const tag = `le${leMs}`;
  const until = r.untilMs;
  const low = made(scope, 'own', 'ok', '*', 'end', tag, quick).at(r.fromMs);
  const aborted = (['mid', 'reset', 'gone-mid', 'open'] as const).reduce(
    (sum, kind) => sum + served(scope, 'served', kind, '*', 'start').at(until),
    0,
  );
  const byCallee =
    served(scope, 'served', 'completed', '*', 'end', tag, quickServed).at(until) +
    aborted -
    made(scope, 'othersKnown', 'ok', '*', 'end', tag, quick).at(until);
  const high = Math.min(byCallee, startedByCaller(scope, '*', until));
  const mesh =
    scope.side === 'outbound' ? unanswered(scope, null, until) + shed(scope, until) : unexplained(scope, until);
  return { low, high: high + mesh + (style.layer === 'endpoint' ? 0 : scope.failfast.length) };
}
