import { describe, expect, test } from 'vitest';
import type { LedgerSeries } from '../ledger/types.ts';
import { type JudgeInput, judge } from './judge.ts';
import { simulate } from './testing/simulate.ts';
import { randomWorld } from './testing/worlds.ts';

const input = simulate(randomWorld(3, 40));

function judged(change: (s: LedgerSeries) => LedgerSeries[]): string[] {
  const proxy = { ...input.proxy, series: input.proxy.series.flatMap(change) };
  const prometheus = { ...input.prometheus, series: input.prometheus.series.flatMap(change) };
  return [...new Set(judge({ ...input, proxy, prometheus } satisfies JudgeInput).reasons.map((r) => r.code))];
}

const ofApp = (s: LedgerSeries): boolean => s.labels.direction === 'inbound' && s.labels.tls === 'true';
const times = (s: LedgerSeries, n: number): LedgerSeries => ({
  ...s,
  samples: s.samples.map((x) => ({ ...x, v: n * x.v })),
});

describe('requests without TLS', () => {
  test('pass when the service has served them', () => {
    expect(judged((s) => [s])).toEqual([]);
  });

  test.each(['request_total', 'response_total', 'response_latency_ms_count'])(
    'meshed %s shown once more as plaintext fail',
    (name) => {
      const plain = (s: LedgerSeries): LedgerSeries => {
        const { client_id: _c, ...labels } = s.labels;
        return { ...s, labels: { ...labels, tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' } };
      };
      expect(judged((s) => (s.name === name && ofApp(s) ? [s, plain(s)] : [s]))).toContain('UNMESHED_UNKNOWN');
    },
  );

  test.each([
    ['request_total', 2],
    ['response_total', 2],
    ['inbound_http_authz_allow_total', 2],
    ['inbound_http_requests_total', 2],
    ['request_total', 0],
  ])('probes counted wrongly in %s (times %i) fail', (name, n) => {
    const probe = (s: LedgerSeries): boolean => s.name === name && s.labels.route_name === 'probe';
    expect(judged((s) => (probe(s) ? [times(s, n)] : [s]))).toEqual(['UNMESHED_UNKNOWN']);
  });

  test.each([
    ['no bucket holds what the count has', () => true, 0],
    ['a bucket holds less than the one below', (le: string) => Number(le) === 50, 0],
  ])('latencies of probes that disagree with themselves fail: %s', (_what, changed, n) => {
    const bucket = ({ name, labels }: LedgerSeries): boolean =>
      name === 'response_latency_ms_bucket' && labels.route_name === 'probe' && changed(labels.le!);
    expect(judged((s) => (bucket(s) ? [times(s, n)] : [s]))).toEqual(['HISTOGRAM_INCONSISTENT']);
  });
});
