import { findProfileRoute, type ProfileRoute } from '../../../core/policy.ts';
import type { Discovery, KnownService } from '../discovery.ts';
import { type RequestHead, requestShape } from '../headers.ts';

const FULL_NAME = /^[^.]+\.[^.]+\.svc\.[^:]+(:\d+)?$/;
const MOST = 1000;

export interface InboundProfileRoute {
  /** `svc.ns.svc.cluster.local:80`. */
  dst: string;
  route: ProfileRoute;
}

/**
 * Routes of ServiceProfiles on the server's side. A peer's proxy names the Service that its app meant
 * (`l5d-dst-canonical`), which here is the one that the authority names; of others only a full name is looked up
 * (linkerd2-proxy, `inbound/src/http/router.rs`).
 */
export class InboundProfiles implements Disposable {
  readonly #discovery: Discovery;
  readonly #namespace: string;
  /** By authority; null: none that has a profile. */
  readonly #known = new Map<string, KnownService | null>();
  readonly #unwatch: () => void;

  constructor(discovery: Discovery, namespace: string) {
    this.#discovery = discovery;
    this.#namespace = namespace;
    this.#unwatch = discovery.watch(() => this.#known.clear());
  }

  /** null: the request is on no route of a profile, and counts for none. */
  route(head: RequestHead, meshed: boolean): InboundProfileRoute | null {
    const service = this.#known.get(head.authority) ?? this.#find(head.authority);
    if (service === null || !(meshed || FULL_NAME.test(head.authority))) return null;
    const route = service.policy?.profile && findProfileRoute(service.policy.profile, requestShape(head));
    return route ? { dst: `${service.authority}:${service.port}`, route } : null;
  }

  [Symbol.dispose](): void {
    this.#unwatch();
  }

  #find(authority: string): KnownService | null {
    if (this.#known.has(authority)) return null;
    // Authorities come from outside: there may be any number of them.
    if (this.#known.size >= MOST) this.#known.clear();
    const service = this.#discovery.resolve(authority, this.#namespace);
    const found = service?.policy?.profile ? service : null;
    this.#known.set(authority, found);
    return found;
  }
}
