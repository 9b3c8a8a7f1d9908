import type { Bound, Category, Ground, Style } from './bounds.ts';
import { made, started, type Where } from './moments.ts';
import { hasStatus, type Status } from './outcomes.ts';
import type { Made } from './truth.ts';

/**
 * Bounds of counters above retries: a request counts once, with what its caller got in the end. Callees have seen attempts,
 * so the caller's stamps alone bind.
 */
export function effectiveRequests({ scope }: Ground): Bound {
  const low = [made(scope, 'own', 'answered', '*', 'end'), made(scope, 'own', 'mesh', '*', 'end', LET_IN)];
  const failfast = scope.failfast.length;
  return ({ fromMs, untilMs }) => ({
    low: low.reduce((n, part) => n + part.at(fromMs), 0),
    high: started(scope, '*', '*')(untilMs) + failfast,
  });
}

const IN_TIME: Where<Made> = { tag: 'in time', test: (m) => !m.timedOut };
const TIMED_OUT: Where<Made> = { tag: 'timed out', test: (m) => m.timedOut };
const LET_IN: Where<Made> = { tag: 'let in', test: (m) => m.refusal === null };

export function effectiveResponses(ground: Ground, category: Category, style: Style): Bound {
  const { scope } = ground;
  const gone = started(scope, 'gone', '*');
  switch (category.kind) {
    case 'request':
      return effectiveRequests(ground);
    case 'ok':
    case 'any': {
      const low = made(scope, 'own', 'answered', category.status, 'end');
      const high = [started(scope, 'ok', category.status), started(scope, 'mesh', category.status, IN_TIME)];
      const cut = category.kind === 'any' ? started(scope, 'gone', category.status) : () => 0;
      const raced = gone(Number.POSITIVE_INFINITY) > 0 ? started(scope, 'gone', '*', GAVE_UP) : () => 0;
      return ({ fromMs, untilMs }) => ({
        low: low.at(fromMs),
        high: high.reduce((n, part) => n + part(untilMs), Math.max(cut(untilMs), raced(untilMs))),
      });
    }
    case 'broken':
      return ({ untilMs }) => ({ low: 0, high: gone(untilMs) });
    case 'failfast': {
      const ended = made(scope, 'failfast', '*', '*', 'end');
      const begun = made(scope, 'failfast', '*', '*', 'start');
      return ({ fromMs, untilMs }) => ({ low: ended.at(fromMs), high: begun.at(untilMs) + gone(untilMs) });
    }
    case 'none':
    case 'lost':
    case 'codeless': {
      const parts = [started(scope, 'mesh', '*', LET_IN), started(scope, 'shed', '*'), gone];
      const timedOut = made(scope, 'own', 'mesh', '*', 'end', TIMED_OUT);
      // A ServiceProfile's families have no word for it.
      const failfast = style.layer === 'backend' ? scope.failfast.length : 0;
      return ({ fromMs, untilMs }) => ({
        low: timedOut.at(fromMs),
        high: parts.reduce((n, part) => n + part(untilMs), failfast),
      });
    }
    case 'total': {
      const low = [made(scope, 'own', 'answered', '*', 'end'), made(scope, 'own', 'mesh', '*', 'end', LET_IN)];
      const failfast = made(scope, 'failfast', '*', '*', 'end');
      const begun = made(scope, 'failfast', '*', '*', 'start');
      const all = started(scope, '*', '*');
      return ({ fromMs, untilMs }) => ({
        low: low.reduce((n, part) => n + part.at(fromMs), failfast.at(fromMs)),
        high: all(untilMs) + begun.at(untilMs),
      });
    }
  }
}

const GAVE_UP: Where<Made> = { tag: 'gave up', test: (m) => m.request.outcome === 'timeout' };

/** Requests that took their caller at most so long were no longer at the proxy. */
export function effectiveTimes(
  { scope }: Ground,
  status: Status,
  limitMs: number,
  to: 'firstByte' | 'end',
  strict: boolean,
): Bound {
  const low = made(scope, 'own', 'answered', status, to, {
    tag: `effective${to}${limitMs}`,
    test: (m) => {
      const ms = (to === 'end' ? m.endMs! : m.firstByteMs!) - m.startMs;
      return strict ? ms < limitMs : ms <= limitMs;
    },
  });
  const parts = [started(scope, 'ok', status), started(scope, 'mesh', status), started(scope, 'gone', '*')];
  const above = to === 'end' ? scope.failfast.length : 0;
  const shed = to === 'end' && hasStatus(status, 503) ? started(scope, 'shed', '*') : () => 0;
  return ({ fromMs, untilMs }) => ({
    low: low.at(fromMs),
    high: parts.reduce((n, part) => n + part(untilMs), above + shed(untilMs)),
  });
}
