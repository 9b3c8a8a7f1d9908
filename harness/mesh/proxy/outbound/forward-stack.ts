import type { FullProxyTelemetry, OutboundRouteRef, ServiceRef } from '../../telemetry/types.ts';
import type { Endpoint } from '../balancer.ts';
import { isGrpc } from '../headers.ts';
import { ResponseRelay } from '../relay.ts';
import { Attempt } from './attempt.ts';
import type { InFlight, OutboundRequest, ServiceStack } from './service-stack.ts';

/** What the proxy makes up for an address that is no Service's (facts, 1.10): the same for all of them. */
const PARENT = { namespace: '', name: 'endpoint', port: 0, madeUp: true } as const;
const BACKEND = { namespace: '', name: 'unknown', port: 0, clusterIp: '', madeUp: true } as const;
const ROUTE: OutboundRouteRef = { ref: { group: '', kind: 'default', namespace: '', name: 'endpoint' }, grpc: false };

/** A pod that is dialled by its address: no balancer, no policy, one endpoint. */
export class ForwardStack implements ServiceStack {
  readonly ref: ServiceRef;
  readonly protocol = null;
  readonly #telemetry: FullProxyTelemetry;
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint, telemetry: FullProxyTelemetry) {
    this.#endpoint = endpoint;
    this.#telemetry = telemetry;
    this.ref = { ...PARENT, clusterIp: endpoint.target.ip };
  }

  start({ head, body, down, startMs }: OutboundRequest, done: () => void): InFlight {
    const telemetry = this.#telemetry;
    const backend = { ...BACKEND, parent: this.ref };
    const route = telemetry.outboundRoute(this.ref, body !== null, startMs, ROUTE, true, head.authority);
    route.dispatch(startMs);
    const relay = new ResponseRelay(down, head.method, route, done);
    relay.grpc = isGrpc(head.headers);
    const exchange = telemetry.outboundBackend(backend, body !== null, startMs, ROUTE);
    exchange.dispatch(startMs);
    relay.enter(exchange);
    const options = { telemetry, head, body, http2: down.http2, backendCounted: true, limits: null };
    new Attempt({ ref: backend, connectFailed() {} }, relay, options).send(this.#endpoint);
    return relay;
  }
}
