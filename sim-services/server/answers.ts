import type { Body } from '../behaviour/body.ts';
import { POD_HEADER } from '../contract.ts';
import type { AppRoute } from './route.ts';

/** Header lists that a pod sends, made once each. Flat lists are the cheapest that writeHead takes. */
export class Answers {
  readonly pod: string;
  readonly #ofBody = new WeakMap<Body, string[]>();
  readonly #ofRoute = new WeakMap<AppRoute, string[]>();
  readonly #texts = new Map<number, { headers: string[]; text: string }>();
  readonly bare: string[];

  constructor(pod: string) {
    this.pod = pod;
    this.bare = [POD_HEADER, pod];
  }

  /** Of a body, which is its route's own: with its length when it goes out in one piece and is not to be chunked. */
  headersOf(body: Body, route: AppRoute): string[] {
    let headers = this.#ofBody.get(body);
    if (!headers) {
      headers = [POD_HEADER, this.pod, 'content-type', 'application/octet-stream', ...route.headers];
      if (body.pieces.length === 1 && !route.chunked) headers.push('content-length', String(body.bytes));
      this.#ofBody.set(body, headers);
    }
    return headers;
  }

  /** Of an answer of the route without body. */
  bareOf(route: AppRoute): string[] {
    if (route.headers.length === 0) return this.bare;
    let headers = this.#ofRoute.get(route);
    if (!headers) {
      headers = [...this.bare, ...route.headers];
      this.#ofRoute.set(route, headers);
    }
    return headers;
  }

  /** A short text for an answer that has no body of its own: errors, probes, unknown paths. */
  textOf(status: number): { headers: string[]; text: string } {
    let known = this.#texts.get(status);
    if (!known) {
      const text = `${status}\n`;
      const length = String(text.length);
      const headers = [POD_HEADER, this.pod, 'content-type', 'text/plain', 'content-length', length];
      known = { headers, text };
      this.#texts.set(status, known);
    }
    return known;
  }
}

/** A response to HEAD, and these statuses, have no body (RFC 9110, sections 9.3.2, 15.3.5 and 15.4.5). */
export function hasNoBody(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}
