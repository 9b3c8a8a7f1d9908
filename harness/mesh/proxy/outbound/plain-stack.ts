import type { ServiceRef } from '../../telemetry/types.ts';
import type { Balancer } from '../balancer.ts';
import { isGrpc } from '../headers.ts';
import { ResponseRelay } from '../relay.ts';
import { Attempt } from './attempt.ts';
import type { InFlight, OutboundRequest, ServiceStack, StackParts } from './service-stack.ts';

/** A Service without routes or policies: one attempt, at one of its endpoints. */
export class PlainStack implements ServiceStack {
  readonly ref: ServiceRef;
  readonly protocol = null;
  readonly #balancer: Balancer;
  readonly #parts: StackParts;

  constructor(parts: StackParts) {
    const { namespace, name, port } = parts.service;
    this.#parts = parts;
    this.#balancer = parts.balancer(namespace, name, port)!;
    this.ref = this.#balancer.ref;
  }

  start({ head, body, down, startMs }: OutboundRequest, done: () => void): InFlight {
    const { telemetry } = this.#parts;
    const route = telemetry.outboundRoute(this.ref, body !== null, startMs, undefined, false, head.authority);
    route.dispatch(startMs);
    const relay = new ResponseRelay(down, head.method, route, done);
    relay.grpc = isGrpc(head.headers);
    const options = { telemetry, head, body, http2: down.http2, backendCounted: false, limits: null };
    this.#balancer.dispatch(new Attempt(this.#balancer, relay, options));
    return relay;
  }
}
