import type { FullProxyTelemetry, ServiceRef } from '../../telemetry/types.ts';
import type { Balancer } from '../balancer.ts';
import type { KnownService } from '../discovery.ts';
import type { Downstream } from '../downstream.ts';
import type { RequestHead } from '../headers.ts';
import type { RequestBody } from '../request-body.ts';

/** A request of the pod's app, as it has come. */
export interface OutboundRequest {
  head: RequestHead;
  body: RequestBody;
  down: Downstream;
  startMs: number;
}

/** What a sidecar that is killed lets go of. */
export interface InFlight {
  drop(): void;
}

/** How requests to one Service are sent: by its policy, or without any. */
export interface ServiceStack {
  /** The Service itself. */
  readonly ref: ServiceRef;
  /** Its policy says which protocol it speaks, so none is detected. */
  readonly protocol: 'http/2' | null;
  /** @param done called once when the request is over */
  start(request: OutboundRequest, done: () => void): InFlight;
}

/** What stacks are made of. */
export interface StackParts {
  service: KnownService;
  telemetry: FullProxyTelemetry;
  /** The balancer of the Service itself, or of a backend under it; null: there is no such Service. */
  balancer(namespace: string, name: string, port: number): Balancer | null;
  /** The same for a Service that there is none of: it never has an endpoint. */
  emptyBalancer(namespace: string, name: string, port: number): Balancer;
  random(): number;
}
