import { count, type Draft, type Drafts } from './drafts.ts';
import { asHttp, statusText } from './outcomes.ts';
import { NO_ROUTES, routeName } from './peers.ts';
import { OUTSIDE, outboundKind } from './projection.ts';
import { type Pair, sourceName } from './reconcile.ts';
import { RESET_STATUS } from './scope.ts';
import type { ScopeBook } from './scopebook.ts';
import type { Instance, Made, Served } from './truth.ts';

/** Puts the truth into flows: what callees' proxies count, callers' proxies by endpoint, and by declared route. */
export function addTruth(drafts: Drafts, book: ScopeBook): void {
  const retried = new Set<string>();
  for (const m of book.truth.requests) {
    // No proxy counts what leaves a workload outside the mesh.
    if (book.names.identityOfWorkload.get(m.caller.workload) === OUTSIDE || m.kind === 'unrouted') continue;
    const again = m.path.retry !== null;
    if (again) for (const b of m.backends) retried.add(attemptKey(m.caller.workload, workloadOf(book, b), m.request));
    addByEndpoint(drafts, m, book);
    if (m.path.key !== NO_ROUTES && m.path.certain) addByRoute(drafts, m, book);
  }
  for (const list of book.truth.served.values()) {
    for (const s of list) {
      if (s.caller === '-') continue;
      addServed(drafts, s, book);
      if (retried.has(attemptKey(s.caller, s.callee.workload, s.request))) addAttempt(drafts, s, book);
    }
  }
}

/** Of the apps' own requests: which are made in several attempts. */
function attemptKey(caller: string, callee: string, { method, route }: { method: string; route: string }): string {
  return [caller, callee, method, route].join('|');
}

export function workloadOf(book: ScopeBook, service: string): string {
  return book.names.services.get(service)?.workload ?? service;
}

/** How a proxy counts it; null: not as a response. */
function servedStatus(s: Served, by: Instance, book: ScopeBook): string | null {
  const { outcome } = s.request;
  if (outcome === 'open') return null;
  if (outcome === 'closed') return '';
  if (outcome === 'reset') {
    const http = (book.truth.protocols.get(s.callee.workload) ?? 'http') === 'http';
    return http ? statusText(RESET_STATUS) : '';
  }
  // Once headers are sent the proxy has a status to count by, even when the client leaves or the body is cut.
  return s.status > 0 ? told(s.status, by, book) : null;
}

function addServed(drafts: Drafts, s: Served, book: ScopeBook): void {
  const status = servedStatus(s, s.callee, book);
  if (status === null) return;
  const identity = book.names.identityOfWorkload.get(s.caller);
  const source = identity === undefined ? s.caller : sourceName(identity, book);
  const { method, route } = s.request;
  const declared = routeName(book.truth.paths.inbound(s.callee.workload, method, route).key);
  const pair: Pair = { source, destination: s.callee.workload, direction: 'inbound', ...(declared && { declared }) };
  count(drafts.get(pair, status), s.callee.id, `${method} ${route}`, servedMs(s));
}

/** When it had come to its end, for the one who served it, and for the one who made it. Epoch ms. */
const servedMs = ({ request: r }: Served): number => r.endMs ?? r.firstByteMs ?? r.startMs;
const madeMs = (m: Made): number => m.endMs ?? m.startMs;

/** As the sidecar of an incarnation names it. */
function told(outcome: number, by: Instance, book: ScopeBook): string {
  return statusText(book.dialectOf(by).outcome(outcome));
}

/** An attempt as its caller's proxy counts it at the endpoint. */
function addAttempt(drafts: Drafts, s: Served, book: ScopeBook): void {
  const caller = book.truth.instancesOfWorkload.get(s.caller)?.[0];
  const status = caller ? servedStatus(s, caller, book) : null;
  if (status === null) return;
  const pair: Pair = { source: s.caller, destination: s.callee.workload, direction: 'outbound' };
  count(drafts.get(pair, status), caller!.id, `${s.request.method} ${s.request.route}`, servedMs(s));
}

/** Left or cut off in the middle of the body: the proxy saw the status. */
function wasCut(m: Made): boolean {
  return m.kind === 'gone' && m.request.outcome !== 'open' && m.status > 0;
}

function addByEndpoint(drafts: Drafts, m: Made, book: ScopeBook): void {
  const destination = m.backends.length === 1 ? workloadOf(book, m.backends[0]!) : m.callee;
  const pair: Pair = { source: m.caller.workload, destination, direction: 'outbound' };
  if (m.kind !== 'ok' && m.kind !== 'mesh' && !wasCut(m)) {
    drafts.get(pair, '');
    return;
  }
  if (m.timedOut) {
    count(drafts.get(pair, ''), m.caller.id, `${m.request.method} ${m.request.route}`, madeMs(m));
    return;
  }
  const draft = drafts.get(pair, told(m.status, m.caller, book));
  const attempts = m.path.retry !== null;
  if (attempts) draft.made++;
  if (attempts && m.kind !== 'mesh') return;
  count(draft, m.caller.id, `${m.request.method} ${m.request.route}`, madeMs(m));
  if (m.kind === 'mesh') {
    draft.meshMade++;
    drafts.get(pair, '');
  }
}

/** By the route that was declared: once a request, however many attempts it took. */
function addByRoute(drafts: Drafts, m: Made, book: ScopeBook): void {
  const declared = routeName(m.path.key);
  const service = book.names.services.get(m.service);
  const pair: Pair = {
    source: m.caller.workload,
    destination: service?.workload ?? m.service,
    direction: 'outbound',
    ...(declared && { declared }),
  };
  const route = `${m.request.method} ${m.request.route}`;
  const kind = outboundKind(service);
  const draftOf = (status: string): Draft => Object.assign(drafts.get(pair, status), { needs: RESPONSES_OF[kind] });
  if (m.kind === 'failfast' || m.kind === 'shed' || m.kind === 'expired' || m.timedOut) {
    count(draftOf(''), m.caller.id, route);
    return;
  }
  if (m.kind === 'gone' && !wasCut(m)) {
    draftOf('');
    return;
  }
  const draft = draftOf(kind === 'http' ? statusText(asHttp(m.status)) : told(m.status, m.caller, book));
  count(draft, m.caller.id, route);
  if (m.kind === 'mesh') {
    draft.meshMade++;
    draftOf('');
  }
}

/** Families that count each request of a declared route once. */
export const RESPONSES_OF = {
  http: 'outbound_http_route_request_statuses_total',
  grpc: 'outbound_grpc_route_request_statuses_total',
  profile: 'route_response_total',
} as const;
