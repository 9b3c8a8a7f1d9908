import type { ServedRequest } from '../../ledger/types.ts';
import { InboundCount, OutboundCount } from './counting.ts';
import { aliveAt, type ServiceSimSpec, type SimInstance, type SimPod, type World } from './world.ts';

const NEVER = Number.POSITIVE_INFINITY;
const EXCUSE = {
  failfast: 'service in fail-fast',
  refused: 'connect error: connection refused',
  broken: 'connection closed',
};

/** What the mesh says to a client of gRPC in place of a status. */
const GRPC_OF: Record<number, number> = { 502: 1014, 504: 1004 };
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
  const answer = throughOutbound(world, caller, service, spec, startMs + rng.hop(), gaveUpMs, post);
  const skew = caller.pod.skewMs;
  const load = caller.pod === world.load;
  const base = { callee: `shop/s${service}`, method: post ? 'POST' : 'GET', route: '/', startMs: startMs + skew };
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

function throughOutbound(
  world: World,
  caller: SimInstance,
  service: number,
  spec: ServiceSimSpec,
  t: number,
  gaveUpMs: number,
  post: boolean,
): Answer | null {
  const { rng } = world;
  // When the caller's end of its connection reaches its sidecar.
  const cancelMs = gaveUpMs + rng.hop();
  if (t >= cancelMs) return null;
  const ready = world.pods[service]!.filter((pod) => believedReady(pod, t, rng.next()));
  const count = new OutboundCount(caller.proxy, world.topology.services[service]!, t);
  if (ready.length === 0) {
    const failMs = t + 300 + rng.hop();
    if (failMs >= cancelMs) return null;
    count.failfast(failMs);
    const endMs = failMs + rng.hop();
    return {
      status: meshStatus(spec, 504),
      firstByteMs: endMs,
      endMs,
      pod: '',
      meshError: EXCUSE.failfast,
      cut: false,
    };
  }
  const pod = rng.pick(ready);
  const chosenMs = t + rng.hop();
  if (chosenMs >= cancelMs) return null;
  const arriveMs = chosenMs + rng.hop();
  const callee = aliveAt(pod, arriveMs);
  count.dispatch(pod, chosenMs, post && !callee ? null : chosenMs + (post ? rng.between(0.01, 0.1) : 0));
  if (!callee) {
    if (arriveMs >= cancelMs) return null;
    count.answer(meshStatus(spec, 502), arriveMs, arriveMs);
    const endMs = arriveMs + rng.hop();
    return { status: meshStatus(spec, 502), firstByteMs: endMs, endMs, pod: '', meshError: EXCUSE.refused, cut: false };
  }
  const answer = throughInbound(world, caller, callee, spec, arriveMs, cancelMs + rng.hop(), post);
  return passBack(world, spec, count, answer, callee, cancelMs);
}

/** Endpoints of which the balancer knows: ready ones, and for some time one that has just died. */
function believedReady(pod: SimPod, t: number, luck: number): boolean {
  return pod.instances.some((i) => t >= i.appMs + (luck < 0.9 ? 30 : -5) && t < i.killMs + 15 * luck);
}

/** What the outbound sidecar makes of the inbound one's answer (its times are those at which it left there). */
function passBack(
  world: World,
  spec: ServiceSimSpec,
  count: OutboundCount,
  answer: Answer | null,
  callee: SimInstance,
  cancelMs: number,
): Answer | null {
  const { rng } = world;
  const killedMs = callee.killMs;
  const headMs = answer && answer.firstByteMs < killedMs ? answer.firstByteMs + rng.hop() : NEVER;
  const complete = answer !== null && answer.endMs < killedMs && !answer.cut;
  const endMs = complete ? Math.max(headMs, answer.endMs + rng.hop()) : NEVER;
  const brokenMs = complete ? NEVER : Math.min(killedMs, answer?.cut ? answer.endMs : NEVER) + rng.hop();
  const overMs = Math.min(endMs, Math.max(brokenMs, headMs === NEVER ? 0 : headMs));
  if (cancelMs <= overMs) {
    if (answer && headMs < cancelMs) count.dropped(answer.status, headMs, cancelMs);
    return null;
  }
  const atCaller = overMs + rng.hop();
  if (complete) {
    count.answer(answer.status, headMs, overMs);
    return { ...answer, firstByteMs: Math.min(headMs + rng.hop(), atCaller), endMs: atCaller };
  }
  if (headMs !== NEVER && answer) {
    count.broken(answer.status, headMs, overMs);
    return { ...answer, firstByteMs: headMs, endMs: atCaller, cut: true };
  }
  count.failed(overMs);
  // A stream that the app has reset is reset for the caller too.
  if (answer?.status === 0) return { ...answer, endMs: atCaller };
  return {
    status: meshStatus(spec, 502),
    firstByteMs: atCaller,
    endMs: atCaller,
    pod: '',
    meshError: EXCUSE.broken,
    cut: false,
  };
}

function throughInbound(
  world: World,
  caller: SimInstance,
  callee: SimInstance,
  spec: ServiceSimSpec,
  t: number,
  cancelMs: number,
  post: boolean,
): Answer | null {
  const { rng } = world;
  if (t >= cancelMs) return null;
  const count = new InboundCount(callee, caller.pod.identity, t, post ? rng.between(0.01, 0.1) : 0);
  const atAppMs = t + rng.hop();
  if (atAppMs < callee.appMs) {
    count.answer(meshStatus(spec, 502), atAppMs, atAppMs);
    return { status: meshStatus(spec, 502), firstByteMs: atAppMs, endMs: atAppMs, pod: '', meshError: '', cut: false };
  }
  if (atAppMs >= cancelMs || atAppMs >= callee.killMs) return null;
  const work = handle(world, callee, spec, atAppMs);
  // The service notices that its client is gone when its sidecar closes the connection.
  const goneMs = cancelMs + rng.hop();
  writeServed(world, caller, callee, work, atAppMs, goneMs, post);
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

function writeServed(
  world: World,
  caller: SimInstance,
  callee: SimInstance,
  work: Work,
  startMs: number,
  goneMs: number,
  post: boolean,
): void {
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
    route: '/',
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
