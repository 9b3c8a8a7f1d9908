import { expect, test } from 'vitest';
import type { MadeRequest, ServedRequest, TruthJournal } from '../../ledger/types.ts';
import { STALE, type TimeSeries } from '../../prometheus/remote-write.ts';
import { truthSeries } from './truth-series.ts';

const T = 1_700_000_000_000;

const made = (more: Partial<MadeRequest> & { startMs: number }): MadeRequest => ({
  ...{ callee: 'shop/cart', method: 'GET', route: '/items', firstByteMs: more.startMs + 10, endMs: more.startMs + 10 },
  ...{ outcome: 'completed', status: 200, pod: 'cart-1', meshError: '', grpc: null },
  ...more,
});
const served = (more: Partial<ServedRequest> & { startMs: number }): ServedRequest => ({
  ...{ caller: 'shop/web', method: 'GET', route: '/items', firstByteMs: more.startMs + 4, endMs: more.startMs + 4 },
  ...{ outcome: 'completed', status: 200, grpc: null },
  ...more,
});
const journal = (workload: string, more: Partial<TruthJournal>): TruthJournal => ({
  ...{ workload, pod: `${workload.split('/')[1]}-1`, incarnation: 'a', startMs: T - 1000, endMs: null },
  ...{ served: [], made: [], accepted: [], connected: [] },
  ...more,
});

function seriesOf(...truth: TruthJournal[]): TimeSeries[] {
  const pods = ['web', 'cart', 'cart-v2'].map((name) => ({ name: `${name}-1`, workload: `shop/${name}` }));
  const topology = { pods: pods as Parameters<typeof truthSeries>[0]['topology']['pods'] };
  return truthSeries({ scenario: 's', topology, truth, originMs: T + 0.5, scrapeIntervalMs: 1000, untilMs: T + 3000 });
}

const of = (series: TimeSeries[], name: string, labels: Record<string, string> = {}) =>
  series.filter((one) =>
    Object.entries({ __name__: name, ...labels }).every(([key, value]) => one.labels[key] === value),
  );
const last = (series: TimeSeries) => series.samples.at(-1)!.v;

const EDGE = { namespace: 'shop', deployment: 'web', dst_namespace: 'shop', dst_deployment: 'cart' };

test('counters begin at zero before the first request, and count each at its moment', () => {
  const requests = [made({ startMs: T + 100 }), made({ startMs: T + 600, endMs: T + 1400 })];
  const all = seriesOf(journal('shop/web', { made: requests }));
  const [asked] = of(all, 'meshproof_truth_requests_total');
  const [answered] = of(all, 'meshproof_truth_responses_total');
  expect(asked!.labels).toEqual({ __name__: 'meshproof_truth_requests_total', ...EDGE });
  expect(answered!.labels).toMatchObject({ ...EDGE, status_code: '200', classification: 'success', grpc_status: '' });
  const at = (series: TimeSeries, ms: number) => series.samples.findLast(({ t }) => t <= T + ms)!.v;
  expect(asked!.samples[0]).toEqual({ t: T - 250, v: 0 });
  expect([0, 250, 750].map((ms) => at(asked!, ms))).toEqual([0, 1, 2]);
  expect([0, 250, 1250, 1500].map((ms) => at(answered!, ms))).toEqual([0, 1, 1, 2]);
  expect(answered!.samples.at(-1)!.t).toBeGreaterThanOrEqual(T + 3000);
  expect(answered!.samples.every(({ t }) => Number.isInteger(t))).toBe(true);
});

test('the last sample has everything, also what came later than asked for', () => {
  const all = seriesOf(journal('shop/web', { made: [made({ startMs: T, endMs: T + 9001 })] }));
  expect(last(of(all, 'meshproof_truth_responses_total')[0]!)).toBe(1);
});

test('answers by what became of them', () => {
  const requests = [
    made({ startMs: T, status: 503 }),
    made({ startMs: T, status: 404 }),
    made({ startMs: T, status: 0, outcome: 'timeout', firstByteMs: null, pod: '' }),
    made({ startMs: T, status: 200, grpc: 14 }),
    made({ startMs: T, outcome: 'open', endMs: null, firstByteMs: null }),
  ];
  const all = seriesOf(journal('shop/web', { made: requests }));
  const answers = of(all, 'meshproof_truth_responses_total').map(({ labels }) => [
    ...[labels.status_code, labels.grpc_status, labels.classification],
  ]);
  expect(answers.sort()).toEqual(
    [
      ['503', '', 'failure'],
      ['404', '', 'success'],
      ['', '', 'failure'],
      ['200', '14', 'failure'],
    ].sort(),
  );
  expect(last(of(all, 'meshproof_truth_requests_total')[0]!)).toBe(5);
});

test('who answered is the workload of the pod, as the proxies have it; who did not is the one that was asked', () => {
  const requests = [made({ startMs: T, pod: 'cart-v2-1' }), made({ startMs: T, pod: '', status: 502 })];
  const all = seriesOf(journal('shop/web', { made: requests }));
  const to = of(all, 'meshproof_truth_responses_total').map(({ labels }) => [
    labels.dst_deployment,
    labels.status_code,
  ]);
  expect(to.sort()).toEqual([
    ['cart', '502'],
    ['cart-v2', '200'],
  ]);
});

test('what is served, without probes and without what nobody waited for', () => {
  const requests = [
    served({ startMs: T }),
    served({ startMs: T, caller: '-' }),
    served({ startMs: T, outcome: 'client-gone' }),
  ];
  const [one, ...others] = of(seriesOf(journal('shop/cart', { served: requests })), 'meshproof_truth_served_total');
  expect(others).toEqual([]);
  expect(one!.labels).toMatchObject({ namespace: 'shop', deployment: 'cart', status_code: '200' });
  expect(last(one!)).toBe(1);
});

test('quantiles are exact over four scrape intervals, and end with the answers', () => {
  const slow = Array.from({ length: 99 }, (_, i) => made({ startMs: T, firstByteMs: T + 1 + i, endMs: T + 500 }));
  const all = seriesOf(
    journal('shop/web', { made: [...slow, made({ startMs: T, firstByteMs: T + 900, endMs: T + 9000 })] }),
    journal('shop/cart', { served: [served({ startMs: T })] }),
  );
  const labels = { ...EDGE, side: 'caller', quantile: '0.99' };
  const [p99] = of(all, 'meshproof_truth_latency_ms', labels);
  const at = (ms: number) => p99!.samples.findLast(({ t }) => t <= T + ms)!.v;
  expect([250, 1000, 4000].map(at)).toEqual([99, 99, 99]);
  // Of a hundred one is left, which began its answer at 900 ms; and then none.
  expect(at(4500)).toBe(900);
  expect(at(5200)).toBe(STALE);
  expect(p99!.samples.filter(({ v }) => v === STALE)).toHaveLength(1);
  const [callee] = of(all, 'meshproof_truth_latency_ms', { ...EDGE, side: 'callee', quantile: '0.5' });
  expect(callee!.samples[1]).toMatchObject({ v: 4 });
});
