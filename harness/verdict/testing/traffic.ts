import type { ServedRequest } from '../../ledger/types.ts';
import { InboundCount, OutboundCount, type OutboundWay, refuse } from './counting.ts';
import { ROUTED } from './declared.ts';
import { aliveAt, type ServiceSimSpec, type SimInstance, type SimPod, type World } from './world.ts';

const NEVER = Number.POSITIVE_INFINITY;
const EXCUSE = {
  failfast: 'service in fail-fast',
  refused: 'connect error: connection refused',
  broken: 'connection closed',
  route: 'no route for request',
  policy: 'not let in',
};

/** What the mesh says to a client of gRPC in place of a status. */
const GRPC_OF: Record<number, number> = { 403: 1007, 404: 1005, 429: 1008, 502: 1014, 504: 1004 };
const meshStatus = (spec: ServiceSimSpec, status: number): number => (spec.grpc ? GRPC_OF[status]! : status);

/** Status and code as journals write an outcome. */
function written(outcome: number, complete: boolean): { status: number; grpc: number | 'missing' | null } {
  if (outcome < 1000) return { status: outcome, grpc: null };
  return { status: 200, grpc: !complete ? null : outcome === 1999 ? 'missing' : outcome - 1000 };
}

/** What the caller gets to know. */
interface Answer {
  status: number;
  /** When its first byte and its end are at the caller. */
  firstByteMs: number;
  endMs: number;
  pod: string;
  meshError: string;
  /** The connection breaks at the end instead. */
  cut: boolean;
}

/** A request from `caller` to service number `service`; returns when it is over for the caller and how. */
export function call(
  world: World,
  caller: SimInstance,
  service: number,
  startMs: number,
): { endMs: number; failed: boolean } {
  if (startMs >= caller.killMs) return { endMs: NEVER, failed: true };
  const { rng } = world;
  const spec = world.spec.services[service]!;
  const post = rng.chance(spec.postRate);
  const gaveUpMs = Math.min(startMs + spec.timeoutMs, caller.killMs);
  const path = pathOf(world, spec);
  const answer = throughOutbound(world, caller, service, path, startMs + rng.hop(), gaveUpMs, post);
  const skew = caller.pod.skewMs;
  const load = caller.pod === world.load;
  const base = { callee: `shop/s${service}`, method: post ? 'POST' : 'GET', route: path, startMs: startMs + skew };
  const over = answer ? answer.endMs : NEVER;
  const last = Math.min(over, gaveUpMs);
  world.lastMs = Math.max(world.lastMs, Number.isFinite(last) ? last : startMs);
  const open = over >= caller.killMs && caller.killMs <= gaveUpMs;
  if (open) {
    caller.journal.made.push({
      ...base,
      firstByteMs: null,
      endMs: null,
      outcome: 'open',
      status: 0,
      pod: '',
      meshError: '',
      grpc: null,
    });
    return { endMs: NEVER, failed: true };
  }
  if (!answer || over >= gaveUpMs || answer.cut) {
    const timeout = !answer || over >= gaveUpMs;
    const status = answer && answer.firstByteMs < gaveUpMs ? answer.status : 0;
    const endMs = timeout ? gaveUpMs : over;
    const outcome = timeout ? ('timeout' as const) : ('connection' as const);
    const made = {
      ...base,
      firstByteMs: null,
      endMs: endMs + skew,
      outcome,
      ...written(status, false),
      pod: '',
      meshError: '',
    };
    caller.journal.made.push(made);
    return { endMs, failed: true };
  }
  caller.journal.made.push({
    ...base,
    firstByteMs: (load ? answer.endMs : answer.firstByteMs) + skew,
    endMs: answer.endMs + skew,
    outcome: 'completed',
    ...written(answer.status, true),
    pod: answer.pod,
    meshError: answer.meshError,
  });
  return { endMs: answer.endMs, failed: answer.status >= 500 && answer.status !== 1000 };
}

/** Where nothing is declared, all is one path. */
function pathOf({ rng }: World, { server, route }: ServiceSimSpec): string {
  if (!server?.routes && !route) return '/';
  return rng.chance(0.1) ? ROUTED.none : rng.chance(0.6) ? ROUTED.split : ROUTED.plain;
}

const RETRYABLE = (status: number): boolean => (status >= 500 && status < 600) || [1002, 1013, 1014].includes(status);

/** One request, in as many attempts as the route has for it. */
function throughOutbound(
  world: World,
  caller: SimInstance,
  service: number,
  path: string,
  t: number,
  gaveUpMs: number,
  post: boolean,
): Answer | null {
  const { rng } = world;
  const spec = world.spec.services[service]!;
  // When the caller's end of its connection reaches its sidecar.
  const cancelMs = gaveUpMs + rng.hop();
  if (t >= cancelMs) return null;
  if (spec.route && !spec.profile && path === ROUTED.none) {
    const endMs = t + rng.hop();
    if (endMs >= cancelMs) return null;
    return { status: meshStatus(spec, 404), firstByteMs: endMs, endMs, pod: '', meshError: EXCUSE.route, cut: false };
  }
  // A split of a ServiceProfile is of all its routes.
  const split = spec.route && path === ROUTED.split ? spec.route : null;
  const backends = split?.backends ?? (spec.profile ? spec.route?.backends : undefined);
  const way: OutboundWay = {
    parent: world.topology.services[service]!,
    route: spec.route && path !== ROUTED.none ? (split ? 'split' : 'plain') : null,
    profile: (spec.route && spec.profile) ?? false,
    grpc: spec.grpc ?? false,
    startMs: t,
  };
  const request = { world, caller, way, path, post, cancelMs };
  let at = t;
  for (let attempt = 0; ; attempt++) {
    const backend = backends ? rng.pick(backends) : service;
    const count = new OutboundCount(caller.proxy, way, world.topology.services[backend]!);
    if (attempt === 0) count.begin(t);
    const last = attempt >= (split?.retries ?? 0);
    const { answer, againMs } = sendAttempt(request, backend, count, at, !last);
    if (againMs !== null) {
      count.retry(againMs, 'requests');
      count.retryable(againMs);
      at = againMs;
      continue;
    }
    const told = answer && !answer.cut && answer.meshError !== EXCUSE.failfast;
    if (told && split && split.retries > 0) {
      if (RETRYABLE(answer.status)) {
        count.retry(answer.endMs, 'limit_exceeded');
        count.retryable(answer.endMs);
      } else if (attempt > 0 && answer.status > 0) count.retry(answer.endMs, 'successes');
    }
    return answer;
  }
}

interface Sent {
  world: World;
  caller: SimInstance;
  way: OutboundWay;
  path: string;
  post: boolean;
  cancelMs: number;
}

interface Outcome {
  answer: Answer | null;
  /** It failed, and is sent again from then on. */
  againMs: number | null;
}

function sendAttempt(sent: Sent, service: number, count: OutboundCount, t: number, retried: boolean): Outcome {
  const { world, post, cancelMs } = sent;
  const { rng } = world;
  const spec = world.spec.services[service]!;
  const only = (answer: Answer | null): Outcome => ({ answer, againMs: null });
  if (t >= cancelMs) return only(null);
  const ready = world.pods[service]!.filter((pod) => believedReady(pod, t, rng.next()));
  if (ready.length === 0) {
    const failMs = t + 300 + rng.hop();
    if (failMs >= cancelMs) return only(null);
    count.failfast(failMs);
    const endMs = failMs + rng.hop();
    const status = meshStatus(spec, 504);
    return only({ status, firstByteMs: endMs, endMs, pod: '', meshError: EXCUSE.failfast, cut: false });
  }
  const pod = rng.pick(ready);
  const chosenMs = t + rng.hop();
  if (chosenMs >= cancelMs) return only(null);
  const arriveMs = chosenMs + rng.hop();
  const callee = aliveAt(pod, arriveMs);
  count.dispatch(pod, chosenMs, post && !callee ? null : chosenMs + (post ? rng.between(0.01, 0.1) : 0));
  if (!callee) {
    if (arriveMs >= cancelMs) return only(null);
    const status = meshStatus(spec, 502);
    if (retried) {
      count.discarded(status, arriveMs, arriveMs);
      return { answer: null, againMs: arriveMs };
    }
    count.answer(status, arriveMs, arriveMs);
    const endMs = arriveMs + rng.hop();
    return only({ status, firstByteMs: endMs, endMs, pod: '', meshError: EXCUSE.refused, cut: false });
  }
  const answer = throughInbound(sent, callee, spec, arriveMs, cancelMs + rng.hop());
  return passBack(world, spec, count, answer, callee, cancelMs, retried);
}

/** Endpoints of which the balancer knows: ready ones, and for some time one that has just died. */
function believedReady(pod: SimPod, t: number, luck: number): boolean {
  // Of one that is new, once it is ready; of one that was there before, from the start.
  const readyMs = (i: SimInstance): number => i.appMs + (luck < 0.9 || i === pod.instances[0] ? 30 : -5);
  return pod.instances.some((i) => t >= readyMs(i) && t < Math.min(i.killMs + 15 * luck, i.leavesMs));
}

/** What the outbound sidecar makes of the inbound one's answer (its times are those at which it left there). */
function passBack(
  world: World,
  spec: ServiceSimSpec,
  count: OutboundCount,
  answer: Answer | null,
  callee: SimInstance,
  cancelMs: number,
  retried: boolean,
): Outcome {
  const { rng } = world;
  const only = (passed: Answer | null): Outcome => ({ answer: passed, againMs: null });
  const killedMs = callee.killMs;
  const headMs = answer && answer.firstByteMs < killedMs ? answer.firstByteMs + rng.hop() : NEVER;
  const complete = answer !== null && answer.endMs < killedMs && !answer.cut;
  const endMs = complete ? Math.max(headMs, answer.endMs + rng.hop()) : NEVER;
  const brokenMs = complete ? NEVER : Math.min(killedMs, answer?.cut ? answer.endMs : NEVER) + rng.hop();
  const overMs = Math.min(endMs, Math.max(brokenMs, headMs === NEVER ? 0 : headMs));
  if (cancelMs <= overMs) {
    if (answer && headMs < cancelMs) count.dropped(answer.status, headMs, cancelMs);
    return only(null);
  }
  const atCaller = overMs + rng.hop();
  if (complete && retried && RETRYABLE(answer.status)) {
    count.discarded(answer.status, headMs, overMs);
    return { answer: null, againMs: overMs };
  }
  if (complete) {
    count.answer(answer.status, headMs, overMs);
    return only({ ...answer, firstByteMs: Math.min(headMs + rng.hop(), atCaller), endMs: atCaller });
  }
  if (headMs !== NEVER && answer) {
    count.broken(answer.status, headMs, overMs);
    return only({ ...answer, firstByteMs: headMs, endMs: atCaller, cut: true });
  }
  count.failed(overMs);
  // A stream that the app has reset is reset for the caller too.
  if (answer?.status === 0) return only({ ...answer, endMs: atCaller });
  const status = meshStatus(spec, 502);
  return only({ status, firstByteMs: atCaller, endMs: atCaller, pod: '', meshError: EXCUSE.broken, cut: false });
}

/** The callee's policy: why it lets a request not in. */
function refusalOf(
  { world, caller, path }: Sent,
  { server, grpc }: ServiceSimSpec,
): 'denied' | 'no-route' | 'limited' | null {
  if (!server) return null;
  if (server.routes && path !== ROUTED.split && path !== ROUTED.plain) return 'no-route';
  if (server.accounts && !server.accounts.includes(caller.pod.account)) return 'denied';
  return !grpc && world.rng.chance(server.limitRate) ? 'limited' : null;
}

const REFUSAL = { denied: 403, 'no-route': 404, limited: 429 } as const;

function throughInbound(
  sent: Sent,
  callee: SimInstance,
  spec: ServiceSimSpec,
  t: number,
  cancelMs: number,
): Answer | null {
  const { world, caller, path, post } = sent;
  const { rng } = world;
  if (t >= cancelMs) return null;
  const entry = { spec, clientId: caller.pod.identity, path };
  const why = refusalOf(sent, spec);
  if (why) {
    refuse(callee, entry, why, t);
    const endMs = t + rng.hop();
    const status = meshStatus(spec, REFUSAL[why]);
    return { status, firstByteMs: endMs, endMs, pod: '', meshError: EXCUSE.policy, cut: false };
  }
  const count = new InboundCount(callee, entry, t, post ? rng.between(0.01, 0.1) : 0);
  const atAppMs = t + rng.hop();
  if (atAppMs < callee.appMs) {
    count.answer(meshStatus(spec, 502), atAppMs, atAppMs);
    return { status: meshStatus(spec, 502), firstByteMs: atAppMs, endMs: atAppMs, pod: '', meshError: '', cut: false };
  }
  if (atAppMs >= cancelMs || atAppMs >= callee.killMs) return null;
  const work = handle(world, callee, spec, atAppMs);
  // The service notices that its client is gone when its sidecar closes the connection.
  const goneMs = cancelMs + rng.hop();
  writeServed(sent, callee, work, atAppMs, goneMs);
  return answerOfInbound(world, spec, count, callee, work, cancelMs);
}

interface Work {
  kind: 'answer' | 'hang' | 'reset' | 'mid';
  status: number;
  firstByteMs: number;
  endMs: number;
}

function handle(world: World, callee: SimInstance, spec: ServiceSimSpec, startMs: number): Work {
  const { rng } = world;
  let t = startMs + rng.between(0.01, 0.05);
  let failed = false;
  for (const next of spec.calls) {
    const inner = call(world, callee, next, t);
    t = inner.endMs + rng.between(0.01, 0.05);
    failed ||= inner.failed;
    if (!Number.isFinite(t)) return { kind: 'hang', status: 0, firstByteMs: NEVER, endMs: NEVER };
  }
  t += rng.between(spec.latencyMs.min, spec.latencyMs.max);
  const luck = rng.next();
  const { hangRate, resetRate, midRate, errorRate } = spec;
  if (luck < hangRate) return { kind: 'hang', status: 0, firstByteMs: NEVER, endMs: NEVER };
  if (luck < hangRate + resetRate) return { kind: 'reset', status: 0, firstByteMs: t, endMs: t };
  const endMs = t + spec.streamMs * rng.next();
  if (luck < hangRate + resetRate + midRate)
    return { kind: 'mid', status: spec.grpc ? 1999 : 200, firstByteMs: t, endMs: endMs + 0.01 };
  const errors = spec.grpc ? [1014, 1002, 1999, 1005] : [500, 503, 404, 429];
  const own = luck < hangRate + resetRate + midRate + errorRate ? rng.pick(errors) : spec.grpc ? 1000 : 200;
  return { kind: 'answer', status: failed ? rng.pick([own, spec.grpc ? 1013 : 500]) : own, firstByteMs: t, endMs };
}

function writeServed(sent: Sent, callee: SimInstance, work: Work, startMs: number, goneMs: number): void {
  const { world, caller, path, post } = sent;
  const skew = callee.pod.skewMs;
  const streamed = work.endMs > work.firstByteMs;
  const overMs = Math.min(work.endMs, goneMs);
  const begun = streamed && work.firstByteMs < Math.min(overMs, callee.killMs);
  const open = overMs >= callee.killMs || !Number.isFinite(overMs);
  const gone = !open && goneMs <= work.endMs;
  const outcome: ServedRequest['outcome'] = open
    ? 'open'
    : gone
      ? 'client-gone'
      : work.kind === 'reset'
        ? 'reset'
        : work.kind === 'mid'
          ? 'reset-mid-body'
          : 'completed';
  const whole = outcome === 'completed' || outcome === 'reset-mid-body';
  if (!open) world.lastMs = Math.max(world.lastMs, overMs + 200);
  callee.journal.served.push({
    caller: caller.pod.workload,
    method: post ? 'POST' : 'GET',
    route: path,
    startMs: startMs + skew,
    firstByteMs: whole || begun ? work.firstByteMs + skew : null,
    endMs: open ? null : overMs + skew,
    outcome,
    ...written(whole || begun ? work.status : 0, outcome === 'completed'),
  });
}

function answerOfInbound(
  world: World,
  spec: ServiceSimSpec,
  count: InboundCount,
  callee: SimInstance,
  work: Work,
  cancelMs: number,
): Answer | null {
  const { rng } = world;
  const headMs = work.firstByteMs + rng.hop();
  const endMs = Math.max(headMs, work.endMs + rng.hop());
  if (work.kind === 'hang' || headMs >= cancelMs) return null;
  if (work.kind === 'reset' && spec.grpc) {
    count.failed(headMs);
    return { status: 0, firstByteMs: NEVER, endMs: headMs, pod: '', meshError: '', cut: true };
  }
  if (work.kind === 'reset') {
    count.answer(502, headMs, headMs);
    return { status: 502, firstByteMs: headMs, endMs: headMs, pod: '', meshError: '', cut: false };
  }
  const answer = { status: work.status, firstByteMs: headMs, endMs, pod: callee.pod.name, meshError: '' };
  if (endMs >= cancelMs) {
    count.dropped(work.status, headMs, cancelMs);
    return { ...answer, cut: false };
  }
  if (work.kind === 'mid') {
    count.broken(work.status, headMs, endMs);
    return { ...answer, cut: true };
  }
  count.answer(work.status, headMs, endMs);
  return { ...answer, cut: false };
}
