import { profileKey } from './paths.ts';

/**
 * Keys of scopes: whom a series speaks of. Inbound `in|<identity>`, `in|*`, with routes of the Server `in|<identity>|<route>`;
 * outbound `out|<service>|<pod>`, `out|<service>|*` by the Service whose endpoints they are; `rt|<service>|<route>` by the
 * Service that was called, `be|<service>|<route>|<backend>` beside it by where it was sent, `at|<service>|<route>` likewise,
 * over all backends.
 */

/** The key of a route where a Service or a Server has none. */
export const NO_ROUTES = '*';

export function inPeer(identity: string, route: string): string {
  return route === NO_ROUTES ? `in|${identity}` : `in|${identity}|${route}`;
}

export function isInbound(peer: string): boolean {
  return peer.startsWith('in|');
}

/** Of one pod's endpoint. */
export function isOfPod(peer: string): boolean {
  return peer.startsWith('out|') && !peer.endsWith('|*');
}

/** Outbound, over all endpoints. */
export function isOfService(peer: string): boolean {
  return peer.startsWith('out|') && peer.endsWith('|*');
}

/** Outbound, and not of a single pod. */
export function isWholeOutbound(peer: string): boolean {
  return !isInbound(peer) && !isOfPod(peer);
}

/** What matched none of a ServiceProfile's routes, as `linkerd viz routes` calls it: its series have no `rt_route`. */
export const UNMATCHED = '[DEFAULT]';

/** The last part of an object's key: its name. Empty for no route. */
export function routeName(key: string | undefined): string {
  if (key === undefined || key === NO_ROUTES) return '';
  if (key === profileKey(null)) return UNMATCHED;
  return key.slice(key.lastIndexOf('/') + 1);
}
