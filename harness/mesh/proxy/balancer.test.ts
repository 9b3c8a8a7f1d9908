import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboundTarget } from '../telemetry/types.ts';
import { Balancer, type Endpoint, type Waiting } from './balancer.ts';
import { Discovery, type KnownService } from './discovery.ts';
import type { Peer } from './peer.ts';
import type { ConnectFailure, PeerConnection } from './peer-connection.ts';
import { seededRandom } from './random.ts';
import { recordingTelemetry } from './testing/recorder.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const service: KnownService = {
  namespace: 'shop',
  name: 'web',
  clusterIp: '10.0.0.1',
  port: 80,
  targetPort: 8080,
  pods: ['a', 'b', 'c'],
  authority: 'web.shop.svc.cluster.local',
};

function setUp() {
  const log: string[] = [];
  const pods = service.pods.map((name) => ({ namespace: 'shop', name }) as Peer);
  const discovery = new Discovery([service], pods, 'cluster.local');
  /** What the next connection attempts do. */
  const state = { failure: null as ConnectFailure | null };
  const connect = (_service: KnownService, pod: Peer): Endpoint => ({
    pod,
    target: {} as OutboundTarget,
    peer: {
      acquire: (waiter: (failure: ConnectFailure | null, session: null) => void) => waiter(state.failure, null),
    } as unknown as PeerConnection,
    app: null,
    inFlight: 0,
    failed: false,
  });
  const balancer = new Balancer(service, discovery, recordingTelemetry(log, 'load'), connect, seededRandom('x'));
  const request = (abandoned = false) => {
    const outcome: { is: string; endpoint?: Endpoint } = { is: 'waiting' };
    const waiting: Waiting = {
      abandoned,
      send: (endpoint) => {
        outcome.is = endpoint.pod.name;
        outcome.endpoint = endpoint;
        endpoint.inFlight++;
      },
      failFast: () => {
        outcome.is = 'failfast';
      },
      shed: () => {
        outcome.is = 'shed';
      },
    };
    balancer.dispatch(waiting);
    return outcome;
  };
  const ready = (...names: string[]) => {
    for (const name of service.pods) discovery.setReady(`shop/${name}`, names.includes(name));
  };
  return { balancer, request, ready, log, state };
}

describe('Balancer', () => {
  it('evens out requests in flight, by two choices', () => {
    const { request, ready } = setUp();
    ready('a', 'b', 'c');
    const counts: Record<string, number> = {};
    for (let i = 0; i < 300; i++) {
      const { is } = request();
      counts[is] = (counts[is] ?? 0) + 1;
    }
    for (const name of service.pods) expect(Math.abs(counts[name]! - 100)).toBeLessThanOrEqual(2);
  });

  it('prefers the one that answers over the one that does not', () => {
    const { request, ready } = setUp();
    ready('a', 'b');
    let slow = 0;
    for (let i = 0; i < 100; i++) {
      const { is, endpoint } = request();
      if (is === 'a') slow++;
      else endpoint!.inFlight--;
    }
    expect(slow).toBeLessThanOrEqual(2);
  });

  it('keeps requests for three seconds, then fails all of them and later ones at once', () => {
    const { request, ready, log } = setUp();
    const first = request();
    vi.advanceTimersByTime(2000);
    const second = request();
    expect([first.is, second.is]).toEqual(['waiting', 'waiting']);
    vi.advanceTimersByTime(1000);
    expect([first.is, second.is, request().is]).toEqual(['failfast', 'failfast', 'shed']);
    ready('a');
    expect(request().is).toBe('a');
    expect(log.filter((line) => line.includes('gate'))).toEqual(['load gate shut', 'load gate open']);
  });

  it('serves those that waited, but not those that gave up, when an endpoint comes', () => {
    const { request, ready } = setUp();
    const kept = request();
    const gone = request(true);
    ready('b');
    expect([kept.is, gone.is]).toEqual(['b', 'waiting']);
    vi.advanceTimersByTime(10_000);
    expect(request().is).toBe('b');
  });

  it('avoids an endpoint whose connection failed, and tries it again with a growing pause', () => {
    const { balancer, request, ready, log, state } = setUp();
    ready('a', 'b');
    const { endpoint } = request();
    state.failure = { kind: 'error', message: 'refused' };
    balancer.connectFailed(endpoint!);
    expect(log.at(-1)).toBe('load balancer ready=1 pending=1');
    for (let i = 0; i < 20; i++) expect(request().is).not.toBe(endpoint!.pod.name);
    vi.advanceTimersByTime(100 + 200 + 399);
    expect(endpoint!.failed).toBe(true);
    state.failure = null;
    vi.advanceTimersByTime(1);
    expect(endpoint!.failed).toBe(false);
    expect(log.at(-1)).toBe('load balancer ready=2 pending=0');
  });

  it('sheds what exceeds its queue', () => {
    const { request } = setUp();
    for (let i = 0; i < 10_000; i++) request();
    expect(request().is).toBe('shed');
  });
});
