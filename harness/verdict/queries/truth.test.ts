import { describe, expect, it } from 'vitest';
import type { MadeRequest, TruthJournal } from '../../ledger/types.ts';
import { endOfTraffic, latenciesOf, requestsOf, truthOfMetric, windowOf } from './truth.ts';

const RUN = { originMs: 1000, trafficEndMs: 9000 };

function made(endMs: number | null, change: Partial<MadeRequest> = {}): MadeRequest {
  return {
    callee: 'shop/cart',
    method: 'GET',
    route: '/',
    startMs: (endMs ?? 2000) - 10,
    firstByteMs: null,
    endMs,
    outcome: endMs === null ? 'open' : 'completed',
    status: 200,
    pod: 'cart-0',
    meshError: '',
    grpc: null,
    ...change,
  };
}

function journal(workload: string, requests: MadeRequest[]): TruthJournal {
  const nothing = { served: [], accepted: [], connected: [], endMs: null };
  return { workload, pod: `${workload}-0`, incarnation: 'a', startMs: 0, ...nothing, made: requests };
}

describe('the end of traffic', () => {
  it('is that of the last request, whoever made it', () => {
    const journals = [journal('shop/web', [made(5000), made(null)]), journal('shop/cart', [made(6000)])];
    expect(endOfTraffic(journals, RUN)).toBe(6000);
    expect(windowOf({ overMs: 4000 }, journals, RUN)).toEqual({ fromMs: 2000, untilMs: 6000 });
    expect(windowOf({ overMs: null }, journals, RUN)).toEqual({ fromMs: 1000, untilMs: 6000 });
  });

  it('is not later than traffic was declared ended, and is that where nobody asked anything', () => {
    expect(endOfTraffic([journal('shop/web', [made(9500)])], RUN)).toBe(9000);
    expect(endOfTraffic([journal('shop/web', [])], RUN)).toBe(9000);
  });
});

describe('the requests of a flow', () => {
  const journals = [
    journal('shop/web', [
      made(2000),
      made(2001),
      made(6000),
      made(6001),
      made(null),
      made(3000, { callee: 'shop/db' }),
    ]),
    journal('shop/cart', [made(3000, { callee: 'shop/db' })]),
  ];
  const window = { fromMs: 2000, untilMs: 6000 };

  it('are those that ended in the window, without its left edge', () => {
    const flow = { source: 'shop/web', destination: 'shop/cart' };
    expect(requestsOf(flow, journals, window).map((r) => r.endMs)).toEqual([2001, 6000]);
  });

  it('are of any caller or callee where it says so', () => {
    expect(requestsOf({ source: '*', destination: 'shop/db' }, journals, window)).toHaveLength(2);
    expect(requestsOf({ source: 'shop/web', destination: '*' }, journals, window)).toHaveLength(3);
  });
});

describe('the truth of a metric', () => {
  const window = { fromMs: 1000, untilMs: 3000 };
  const requests = [
    made(2000, { startMs: 1990 }),
    made(2000, { startMs: 1980, status: 399 }),
    made(2000, { startMs: 1970, status: 404 }),
    made(2000, { startMs: 1960, status: 503 }),
    made(2000, { startMs: 1000, outcome: 'timeout', status: 0 }),
    made(2000, { startMs: 1000, outcome: 'connection', status: 200 }),
  ];

  it('counts what ended, however it ended', () => {
    expect(truthOfMetric('requests', requests, window)).toBe(6);
    expect(truthOfMetric('rate', requests, window)).toBe(3);
    expect(truthOfMetric('rate', [], window)).toBe(0);
  });

  it('takes for a success what was answered whole, below 400', () => {
    expect(truthOfMetric('successRate', requests, window)).toBeCloseTo(2 / 6);
    expect(truthOfMetric('successRate', [], window)).toBeNull();
  });

  it('takes code 0 of gRPC for a success alone, and no end without a code', () => {
    const codes = [0, 5, 14, 'missing'] as const;
    const answers = codes.map((grpc) => made(2000, { grpc }));
    expect(truthOfMetric('successRate', answers, window)).toBe(1 / 4);
  });

  it('takes latencies to the end of what was answered whole, whatever its status', () => {
    expect(latenciesOf(requests)).toEqual([10, 20, 30, 40]);
    expect(truthOfMetric('p50', requests, window)).toBe(20);
    expect(truthOfMetric('p90', requests, window)).toBe(40);
    expect(truthOfMetric('p99', requests.slice(4), window)).toBeNull();
  });
});
