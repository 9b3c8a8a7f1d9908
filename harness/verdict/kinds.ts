import type { Scope } from './scope.ts';
import type { Made, MadeKind, Served } from './truth.ts';

/** How requests of a scope ended, as bounds ask for it, and which of these a scope has at all: most have but one. */

/** Lists of a scope, of requests as their callers saw them. */
export type MadeList =
  | 'own'
  | 'maybe'
  | 'othersKnown'
  | 'othersMaybe'
  | 'elsewhere'
  | 'failfast'
  | 'refused'
  | 'refusedMaybe';

/** `answered`: by the service, or by the callee's proxy, which let it not in: to the caller's proxy, an answer like any. */
export type AskedKind = MadeKind | 'answered' | '*';

/** `gone-mid`: the client left after the headers were sent, `gone`: before. `mid`: reset in the middle of the body. */
export type ServedKind = 'completed' | 'gone-mid' | 'gone' | 'reset' | 'closed' | 'mid' | 'open';

export function isKind(kind: AskedKind, m: Made): boolean {
  return kind === '*' || m.kind === kind || (kind === 'answered' && (m.kind === 'ok' || m.refusal !== null));
}

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

/** The kinds of a list, and, when all of its requests are of one kind and status, one of them: as asked, all are or none is. */
export interface Kinds<Kind, T> {
  has: ReadonlySet<Kind>;
  alike: T | null;
}

/** `answered` and `*` among them. */
export function kindsOf(scope: Scope, list: MadeList): Kinds<AskedKind, Made> {
  let kinds = scope.madeKinds.get(list);
  if (!kinds) {
    const has = new Set<AskedKind>();
    const all = scope[list];
    const first = all[0] ?? null;
    let alike = first;
    for (const m of all) {
      has.add('*').add(m.kind);
      if (m.kind === 'ok' || m.refusal !== null) has.add('answered');
      if (m.kind !== first!.kind || m.status !== first!.status || (m.refusal !== null) !== (first!.refusal !== null)) {
        alike = null;
      }
    }
    kinds = { has, alike };
    scope.madeKinds.set(list, kinds);
  }
  return kinds;
}

export function servedKindsOf(scope: Scope, list: 'served' | 'servedElsewhere'): Kinds<ServedKind | '*', Served> {
  let kinds = scope.servedKinds.get(list);
  if (!kinds) {
    const has = new Set<ServedKind | '*'>();
    const all = scope[list];
    const first = all[0] ?? null;
    let alike = first;
    for (const s of all) {
      has.add('*').add(servedKind(s));
      if (servedKind(s) !== servedKind(first!) || s.status !== first!.status) alike = null;
    }
    kinds = { has, alike };
    scope.servedKinds.set(list, kinds);
  }
  return kinds;
}
