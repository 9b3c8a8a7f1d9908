import { describe, expect, it } from 'vitest';
import type { Topology } from '../core/topology.ts';
import type { RolloutEvent } from '../environment/contract.ts';
import type { MadeRequest, ServedRequest, TruthJournal } from '../ledger/types.ts';
import { lostMoreThanOtherwise, lostOf, lostRequests } from './lost.ts';
import { meanwhile } from './meanwhile.ts';
import { imaginedWorld } from './testing/worlds.ts';

const ORIGIN = 1_000_000;
const service = (name: string, outboundPolicy?: object) => ({
  ...{
    id: `shop/${name}`,
    namespace: 'shop',
    name,
    authority: `${name}.shop.svc.cluster.local`,
    clusterIp: '10.0.0.1',
  },
  ...{ port: 80, workload: `shop/${name}`, ...(outboundPolicy && { outboundPolicy }) },
});
const workload = (name: string) => ({
  ...{ id: `shop/${name}`, namespace: 'shop', name, serviceAccount: name, identity: `${name}.shop` },
});

function topology(policy?: object): Topology {
  return {
    trustDomain: 'cluster.local',
    controlPlaneNamespace: 'linkerd',
    workloads: [workload('web'), workload('cart')],
    pods: [],
    services: [service('web'), service('cart', policy)],
  } as Topology;
}

function made(atMs: number, lastedMs: number, over: Partial<MadeRequest> = {}): MadeRequest {
  return {
    ...{ callee: 'shop/cart', method: 'GET', route: '/', startMs: ORIGIN + atMs, firstByteMs: null, grpc: null },
    ...{ endMs: ORIGIN + atMs + lastedMs, outcome: 'completed', status: 200, pod: 'cart-1', meshError: '', ...over },
  };
}

function served(atMs: number, lastedMs: number | null, over: Partial<ServedRequest> = {}): ServedRequest {
  return {
    ...{ caller: 'shop/web', method: 'GET', route: '/', startMs: ORIGIN + atMs, firstByteMs: null, grpc: null },
    ...{ endMs: lastedMs === null ? null : ORIGIN + atMs + lastedMs, outcome: 'completed', status: 200, ...over },
  };
}

function journal(name: string, parts: Partial<TruthJournal>): TruthJournal {
  return {
    ...{ workload: `shop/${name}`, pod: `${name}-1`, incarnation: '0', startMs: ORIGIN - 1000, endMs: null },
    ...{ served: [], made: [], accepted: [], connected: [], ...parts },
  };
}

function world(its: MadeRequest[], theirs: ServedRequest[], policy?: object, rollout: RolloutEvent[] = []) {
  return imaginedWorld({
    ...{ originMs: ORIGIN, topology: topology(policy), rollout },
    truth: [journal('web', { made: its }), journal('cart', { served: theirs })],
  });
}

const lostIn = (...args: Parameters<typeof world>) => lostOf(world(...args)).lost;
const NO_ANSWER = { pod: '', status: 0 } as const;

describe('a request is lost', () => {
  it('is not when an app answered, whatever it said', () => {
    const answers = [made(0, 5), made(10, 5, { status: 503 }), made(20, 5, { status: 404 })];
    const world_ = world(answers, []);
    expect(lostOf(world_)).toEqual({ made: 3, lost: [] });
  });

  it('when a proxy answered that nothing declares', () => {
    const error = { ...NO_ANSWER, status: 502, meshError: 'connection closed' };
    expect(lostIn([made(120, 5, error)], [])).toEqual([
      {
        ...{ atMs: 120, source: 'shop/web', destination: 'shop/cart', route: 'GET /', status: 502, meanwhile: '' },
        outcome: '502 by a proxy: connection closed',
      },
    ]);
  });

  it('when the connection broke, the time was up, or the caller ended before', () => {
    const outcomes = lostIn(
      [
        made(1, 5, { ...NO_ANSWER, outcome: 'connection' }),
        made(2, 900, { ...NO_ANSWER, outcome: 'timeout' }),
        made(3, 0, { ...NO_ANSWER, outcome: 'open', endMs: null }),
      ],
      [],
    ).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['connection', 'timeout', 'the caller ended first']);
  });

  it.each(['reset', 'closed', 'reset-mid-body'] as const)(
    'is not when the app did it (%s), once for each time',
    (how) => {
      const cut = { ...NO_ANSWER, status: 502, meshError: 'x' };
      const app = served(1, 2, { outcome: how, status: 0 });
      expect(lostIn([made(0, 5, cut)], [app])).toEqual([]);
      expect(lostIn([made(0, 5, cut), made(0, 5, cut)], [app])).toHaveLength(1);
      expect(lostIn([made(100, 5, cut)], [app]), 'another request').toHaveLength(1);
      expect(lostIn([made(0, 5, { ...cut, route: '/other' })], [app]), 'another route').toHaveLength(1);
    },
  );

  it('is not when the app still had it as the caller gave up', () => {
    const gaveUp = made(0, 300, { ...NO_ANSWER, outcome: 'timeout' });
    expect(lostIn([gaveUp], [served(2, 299, { outcome: 'client-gone' })])).toEqual([]);
    expect(lostIn([gaveUp], [served(2, 20)]), 'the app had answered long before').toHaveLength(1);
    expect(lostIn([gaveUp], [served(2, null, { outcome: 'open' })]), 'the app went with it').toHaveLength(1);
  });

  it('is when the app only saw its client go, and the caller had not given up', () => {
    const broken = made(0, 300, { ...NO_ANSWER, outcome: 'connection' });
    expect(lostIn([broken], [served(2, 299, { outcome: 'client-gone' })])).toHaveLength(1);
  });

  it('is not when a circuit breaker that is declared answers', () => {
    const shed = made(0, 1, { ...NO_ANSWER, status: 503, meshError: 'service in fail-fast' });
    const policy = {
      ...{ opaque: false, routes: [], retry: null, profile: null },
      timeouts: { requestMs: null, responseMs: null, idleMs: null },
      failureAccrual: { maxFailures: 3, minPenaltyMs: 1000, maxPenaltyMs: 2000, jitterRatio: 0 },
    };
    expect(lostIn([shed], [], policy)).toEqual([]);
    expect(lostIn([shed], [], { ...policy, failureAccrual: null })).toHaveLength(1);
  });

  it('is said with what went on in its life', () => {
    const event = (atMs: number, what: RolloutEvent['what'], pod: string, of = 'shop/cart') => ({
      ...{ atMs: ORIGIN + atMs, what, workload: of, pod, version: 'v2.359.0' },
    });
    const rollout = [
      event(0, 'control-plane', '', 'linkerd'),
      event(5000, 'pod-started', 'web-2', 'shop/web'),
      event(6000, 'pod-ready', 'cart-2'),
      event(6100, 'pod-leaving', 'cart-1'),
      event(6400, 'pod-gone', 'cart-1'),
    ];
    const [lost] = lostIn([made(6200, 10, { ...NO_ANSWER, outcome: 'connection' })], [], undefined, rollout);
    expect(lost!.meanwhile).toBe(
      'cart-2 of shop/cart was starting; cart-1 of shop/cart was leaving; web-2 of shop/web was starting',
    );
    const at = (ms: number) => meanwhile(rollout, { fromMs: ORIGIN + ms, untilMs: ORIGIN + ms, workloads: [] });
    expect(at(500)).toBe('the control plane (linkerd) was being replaced');
    expect(at(3000)).toBe('');
  });
});

describe('TCP', () => {
  const connection = (outcome: 'closed' | 'reset' | 'refused') => ({
    ...{ callee: 'shop/cart', openMs: ORIGIN, closeMs: ORIGIN + 10, outcome, readBytes: 0, writtenBytes: 0, pod: '' },
  });

  it('counts connections, and those that were cut', () => {
    const truth = [journal('web', { connected: [connection('closed'), connection('reset'), connection('refused')] })];
    const { made: n, lost } = lostOf(imaginedWorld({ originMs: ORIGIN, truth, topology: topology() }));
    expect(n).toBe(3);
    expect(lost.map(({ route, outcome }) => [route, outcome])).toEqual([
      ['tcp', 'connection reset'],
      ['tcp', 'connection refused'],
    ]);
  });
});

describe('more than otherwise', () => {
  const lost = (n: number, otherwise: number, made_ = 1000, otherwiseMade = 1000) => ({
    ...{ made: made_, otherwise, otherwiseMade },
    lost: Array.from({ length: n }, () => ({}) as never),
  });

  it.each([
    [0, 0, false],
    [0, 5, false],
    [1, 0, true],
    [3, 2, false],
    [30, 28, false],
    [30, 8, true],
  ])('%i against %i of as many: %s', (n, otherwise, more) => {
    expect(lostMoreThanOtherwise(lost(n, otherwise))).toBe(more);
  });

  it('goes by how many requests there were', () => {
    expect(lostMoreThanOtherwise(lost(12, 60, 1000, 6000))).toBe(false);
    expect(lostMoreThanOtherwise(lost(40, 60, 1000, 6000))).toBe(true);
  });

  it('takes all runs together', () => {
    const broken = made(1, 5, { ...NO_ANSWER, outcome: 'connection' });
    const some = world([made(0, 5), broken], []);
    expect(lostRequests([some], [some, some])).toMatchObject({ made: 2, otherwise: 2, otherwiseMade: 4 });
    expect(lostRequests([], [some])).toMatchObject({ made: 0, lost: [], otherwise: 1 });
  });
});
