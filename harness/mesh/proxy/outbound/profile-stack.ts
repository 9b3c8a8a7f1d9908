import { GRPC_FAILURES } from '../../../core/outcome.ts';
import { findProfileRoute, type ProfileRoute, type ServiceProfile } from '../../../core/policy.ts';
import type { ServiceRef } from '../../telemetry/types.ts';
import { headerValue, isGrpc, requestShape } from '../headers.ts';
import { LOAD_SHED } from '../proxy-error.ts';
import { ResponseRelay } from '../relay.ts';
import type { RequestBody } from '../request-body.ts';
import { Attempt } from './attempt.ts';
import { chooseBackend, type WeightedBackend } from './distribution.ts';
import { replayable } from './replay-body.ts';
import { classifier } from './response-classes.ts';
import { RetryBudget } from './retry-budget.ts';
import { type AttemptResult, RetryingRequest, type RetryRules } from './retrying-request.ts';
import type { InFlight, OutboundRequest, ServiceStack, StackParts } from './service-stack.ts';

/** What Linkerd's destination controller sends for a profile that names none. */
const DEFAULT_BUDGET = { retryRatio: 0.2, minRetriesPerSecond: 10, ttlMs: 10_000 };

/**
 * A Service with a ServiceProfile that has routes or a split: its policy's routes do not exist then
 * (linkerd2-proxy, `outbound/src/http/logical/profile.rs`).
 */
export class ProfileStack implements ServiceStack {
  readonly ref: ServiceRef;
  readonly protocol = null;
  readonly #parts: StackParts;
  readonly #profile: ServiceProfile;
  readonly #backends: WeightedBackend[];
  readonly #budget: RetryBudget;
  readonly #dst: string;
  readonly #seeded = new Set<ProfileRoute>();

  constructor(parts: StackParts, profile: ServiceProfile) {
    const { namespace, name, port, clusterIp, authority } = parts.service;
    this.#parts = parts;
    this.#profile = profile;
    this.ref = { namespace, name, port, clusterIp };
    this.#dst = `${authority}:${port}`;
    const split = profile.split.length > 0 ? profile.split : [{ service: `${namespace}/${name}`, port, weight: 1 }];
    this.#backends = split.flatMap(({ service, port: of, weight }) => {
      const [inNamespace = '', called = ''] = service.split('/');
      const balancer = parts.balancer(inNamespace, called, of) ?? parts.emptyBalancer(inNamespace, called, of);
      return { ref: balancer.ref, balancer, weight };
    });
    this.#budget = new RetryBudget(profile.retryBudget ?? DEFAULT_BUDGET, performance.now());
  }

  start(request: OutboundRequest, done: () => void): InFlight {
    const { telemetry } = this.#parts;
    const { head, body, down, startMs } = request;
    const route = findProfileRoute(this.#profile, requestShape(head)) ?? null;
    const name = route?.name ?? null;
    const exchange = telemetry.profileRoute('outbound', this.#dst, name, 'effective', body !== null, startMs);
    exchange.dispatch(startMs);
    let timer: NodeJS.Timeout | undefined;
    const outer = new ResponseRelay(down, head.method, exchange, () => {
      clearTimeout(timer);
      done();
    });
    outer.grpc = isGrpc(head.headers);
    outer.classify = classifier(route);
    if (route?.isRetryable && !this.#seeded.has(route)) {
      this.#seeded.add(route);
      telemetry.profileRetryable('outbound', this.#dst, name, 'seed');
    }
    if (route && route.timeoutMs !== null) timer = timeOut(outer, route.timeoutMs);
    const replay = route?.isRetryable ? replayable(body, head.contentLength) : null;
    if (!replay && (!route || route.timeoutMs === null)) {
      this.#send(request, outer, body, name);
      return outer;
    }
    return new RetryingRequest({
      method: head.method,
      http2: down.http2,
      outer,
      body: replay ?? { next: () => body, repeatable: () => false },
      rules: replay ? this.#rules(route!, outer.grpc) : NEVER,
      prepare: (relay) => {
        relay.grpc = outer.grpc;
        relay.classify = outer.classify;
      },
      send: (_attempt, relay, again) => this.#send(request, relay, again, name),
    });
  }

  #send({ head, down }: OutboundRequest, relay: ResponseRelay, body: RequestBody, route: string | null): void {
    const { telemetry, random } = this.#parts;
    const now = performance.now();
    const exchange = telemetry.profileRoute('outbound', this.#dst, route, 'actual', body !== null, now);
    exchange.dispatch(now);
    relay.enter(exchange);
    const balancer = chooseBackend(this.#backends, random)?.balancer;
    if (!balancer) {
      relay.fail(LOAD_SHED, { status: 503, message: 'service unavailable' });
      return;
    }
    const copy = { ...head, headers: [...head.headers] };
    const options = { telemetry, head: copy, body, http2: down.http2, backendCounted: true, limits: null };
    balancer.dispatch(new Attempt(balancer, relay, options));
  }

  #rules(route: ProfileRoute, grpc: boolean): RetryRules {
    const { telemetry } = this.#parts;
    return {
      isRetryable: (result) => isFailure(result, route, grpc),
      again: () => {
        const withdrawn = this.#budget.withdraw(performance.now());
        telemetry.profileRetryable('outbound', this.#dst, route.name, withdrawn ? null : 'no_budget');
        return withdrawn ? 0 : null;
      },
      retried: () => {},
      settled: () => this.#budget.deposit(performance.now()),
    };
  }
}

const NEVER: RetryRules = { isRetryable: () => false, again: () => null, retried() {}, settled() {} };

/** From the request's head to the response's; how long its body takes is nobody's affair. */
function timeOut(outer: ResponseRelay, ms: number): NodeJS.Timeout {
  return setTimeout(() => {
    if (outer.done || outer.headReceived) return;
    const { upstream } = outer;
    const message = `HTTP response timeout after ${ms}ms`;
    outer.fail({ response: 'timeout', proxy: 'response timeout', route: 'UNKNOWN' }, { status: 504, message });
    upstream?.abort();
  }, ms);
}

function isFailure(result: AttemptResult, route: ProfileRoute, grpc: boolean): boolean {
  // A proxy's error is nothing that a profile retries.
  if ('error' in result) return false;
  const { status, headers, trailers } = result;
  const classified = classifier(route)?.(status);
  if (classified) return classified === 'failure';
  const code = headerValue(headers, 'grpc-status') ?? headerValue(trailers ?? [], 'grpc-status');
  if (code !== undefined && (grpc || route.responseClasses.length > 0)) return GRPC_FAILURES.has(Number(code));
  return !(grpc && route.responseClasses.length === 0) && status >= 500 && status <= 599;
}
