import {
  findOutboundRule,
  type OutboundPolicy,
  type OutboundRoute,
  type OutboundRule,
  type RetryPolicy,
  type Timeouts,
} from '../../../core/policy.ts';
import type { BackendRef, OutboundRouteRef, ServiceRef } from '../../telemetry/types.ts';
import { isGrpc, requestShape } from '../headers.ts';
import { LOAD_SHED, NO_RESPONSE, NO_ROUTE, syntheticAnswer } from '../proxy-error.ts';
import { ResponseRelay } from '../relay.ts';
import type { RequestBody } from '../request-body.ts';
import { Attempt } from './attempt.ts';
import { chooseBackend, type WeightedBackend } from './distribution.ts';
import { replayable } from './replay-body.ts';
import { RetryingRequest } from './retrying-request.ts';
import { RouteRetries } from './route-retries.ts';
import type { InFlight, OutboundRequest, ServiceStack, StackParts } from './service-stack.ts';
import type { StreamLimits } from './stream-timeouts.ts';

/** A rule of a route, ready to be applied. */
interface Plan {
  /** undefined: the default route. */
  route: OutboundRouteRef | undefined;
  retry: RetryPolicy | null;
  timeouts: Timeouts;
  backends: WeightedBackend[];
  used: boolean;
}

/** A Service with routes, retries, timeouts or circuit breakers (linkerd2-proxy, `outbound/src/http/logical/policy`). */
export class PolicyStack implements ServiceStack {
  readonly ref: ServiceRef;
  readonly protocol: 'http/2' | null;
  readonly #parts: StackParts;
  readonly #routes: OutboundRoute[];
  readonly #plans = new Map<OutboundRule, Plan>();
  readonly #default: Plan;

  constructor(parts: StackParts, policy: OutboundPolicy) {
    const { namespace, name, port, clusterIp } = parts.service;
    this.#parts = parts;
    this.ref = { namespace, name, port, clusterIp };
    // With one GRPCRoute or more, HTTPRoutes do not apply, and nothing but HTTP/2 is expected.
    const grpc = policy.routes.filter(({ ref }) => ref.kind === 'GRPCRoute');
    this.#routes = grpc.length > 0 ? grpc : policy.routes;
    this.protocol = grpc.length > 0 ? 'http/2' : null;
    const { retry, timeouts } = policy;
    for (const route of this.#routes) {
      const ref: OutboundRouteRef = { ref: route.ref, grpc: route.ref.kind === 'GRPCRoute' };
      const plan = {
        route: ref,
        retry: retryOf(route.retry, ref.grpc) ?? retryOf(retry, ref.grpc),
        timeouts: hasTimeout(route.timeouts) ? route.timeouts : timeouts,
      };
      for (const rule of route.rules) this.#plans.set(rule, { ...plan, backends: this.#backends(rule), used: false });
    }
    const self = this.#routes.length === 0 ? [this.#self()] : [];
    this.#default = { route: undefined, retry: retryOf(retry, false), timeouts, backends: self, used: false };
  }

  start(request: OutboundRequest, done: () => void): InFlight {
    const { telemetry, random } = this.#parts;
    const { head, down, body, startMs } = request;
    const plan = this.#plan(request);
    if (!plan) {
      telemetry.outboundHttpError('unexpected');
      const { status, headers } = syntheticAnswer(NO_ROUTE, isGrpc(head.headers) && down.http2);
      down.respond(status, headers, null, null);
      done();
      return NOTHING;
    }
    const exchange = telemetry.outboundRoute(this.ref, body !== null, startMs, plan.route, true, head.authority);
    exchange.dispatch(startMs);
    if (!plan.used) {
      plan.used = true;
      telemetry.outboundBackends(
        plan.backends.map(({ ref }) => ref),
        plan.route,
      );
    }
    const outer = new ResponseRelay(down, head.method, exchange, done);
    outer.grpc = plan.route?.grpc || isGrpc(head.headers);
    const limits = limitsOf(plan, startMs);
    const { retry } = plan;
    if (!retry) {
      this.#send(plan, request, outer, body, limits);
      return outer;
    }
    const count = (event: Parameters<typeof telemetry.outboundRetry>[1]) =>
      telemetry.outboundRetry(this.ref, event, plan.route, head.authority);
    count('none');
    const replay = replayable(body, head.contentLength);
    if (!replay) {
      this.#send(plan, request, outer, body, headLimit(limits, retry.timeoutMs));
      return outer;
    }
    return new RetryingRequest({
      method: head.method,
      http2: down.http2,
      outer,
      body: replay,
      rules: new RouteRetries(retry, random, count),
      prepare: (relay) => {
        relay.grpc = outer.grpc;
      },
      // The last attempt may take its time: nothing would be done about it.
      send: (attempt, relay, again) =>
        this.#send(plan, request, relay, again, headLimit(limits, attempt <= retry.limit ? retry.timeoutMs : null)),
    });
  }

  /** One attempt, at a backend of its own. */
  #send(plan: Plan, request: OutboundRequest, relay: ResponseRelay, body: RequestBody, limits: StreamLimits | null) {
    const { telemetry, random } = this.#parts;
    const { head, down } = request;
    const chosen = chooseBackend(plan.backends, random);
    if (!chosen) {
      relay.fail(LOAD_SHED, { status: 503, message: 'service unavailable' });
      return;
    }
    const now = performance.now();
    const exchange = telemetry.outboundBackend(chosen.ref, body !== null, now, plan.route);
    exchange.dispatch(now);
    relay.enter(exchange);
    const { balancer } = chosen;
    if (!balancer) {
      const message = `Service not found ${chosen.ref.name}`;
      relay.fail(NOT_FOUND, {
        status: 500,
        message,
        close: false,
        grpcStatus: plan.route?.grpc ? 2 : 9,
        injected: true,
      });
      return;
    }
    const options = { telemetry, head: { ...head, headers: [...head.headers] }, body, http2: down.http2, limits };
    balancer.dispatch(new Attempt(balancer, relay, { ...options, backendCounted: true }));
  }

  #plan({ head }: OutboundRequest): Plan | undefined {
    if (this.#routes.length === 0) return this.#default;
    const found = findOutboundRule(this.#routes, requestShape(head));
    return found && this.#plans.get(found.rule);
  }

  #backends(rule: OutboundRule): WeightedBackend[] {
    if (rule.backends.length === 0) return [this.#self()];
    return rule.backends.map(({ service, port, weight }) => {
      const [namespace = '', name = ''] = service.split('/');
      const balancer = this.#parts.balancer(namespace, name, port);
      return { ref: balancer?.ref ?? this.#absent(namespace, name, port), balancer, weight };
    });
  }

  #self(): WeightedBackend {
    const { namespace, name, port } = this.ref;
    const balancer = this.#parts.balancer(namespace, name, port)!;
    return { ref: balancer.ref, balancer, weight: 1 };
  }

  #absent(namespace: string, name: string, port: number): BackendRef {
    return { namespace, name, port, clusterIp: '', parent: this.ref };
  }
}

const NOTHING: InFlight = { drop() {} };

/** A filter of the route answers: its status is the response's, and the proxy counts an error. */
const NOT_FOUND = { ...NO_RESPONSE, route: '' };

/** Annotations of the other kind of route do not apply. */
function retryOf(policy: RetryPolicy | null, grpc: boolean): RetryPolicy | null {
  if (!policy) return null;
  const [own, other] = grpc ? [policy.grpc, policy.http] : [policy.http, policy.grpc];
  if (own.length === 0 && other.length > 0) return null;
  return grpc ? { ...policy, http: [] } : { ...policy, grpc: [] };
}

function hasTimeout({ requestMs, responseMs, idleMs }: Timeouts): boolean {
  return requestMs !== null || responseMs !== null || idleMs !== null;
}

function limitsOf({ timeouts }: Plan, startMs: number): StreamLimits | null {
  if (!hasTimeout(timeouts)) return null;
  const { requestMs, responseMs, idleMs } = timeouts;
  const deadline = requestMs === null ? null : { atMs: startMs + requestMs, ms: requestMs };
  return { deadline, responseMs, idleMs, headMs: null };
}

function headLimit(limits: StreamLimits | null, headMs: number | null): StreamLimits | null {
  if (headMs === null) return limits;
  return { deadline: null, responseMs: null, idleMs: null, ...limits, headMs };
}
