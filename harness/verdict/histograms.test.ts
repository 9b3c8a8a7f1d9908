import { expect, test } from 'vitest';
import type { MetricLedger } from '../ledger/types.ts';
import { judge } from './judge.ts';
import { simulate } from './testing/simulate.ts';
import { randomWorld } from './testing/worlds.ts';

test('latencies of answers that the mesh made are counted, too', () => {
  const spec = { ...randomWorld(3, 60), skewMs: 0.1 };
  // Dead for a moment: the caller's proxy answers in its stead, which no service knows of.
  spec.services = spec.services
    .slice(0, 1)
    .map((s) => ({ ...s, calls: [], replicas: 2, timeoutMs: 5000, streamMs: 0 }));
  spec.restarts = [{ service: 0, replica: 0, atMs: 1500, downMs: 900 }];
  for (let seed = 0; ; seed++) {
    const input = simulate({ ...spec, seed });
    const refused = input.prometheus.series.find(
      (s) => s.name === 'response_total' && s.labels.direction === 'outbound' && s.labels.status_code === '502',
    );
    const cut = input.truth.some(
      (j) => j.made.some((m) => m.outcome !== 'completed') || j.served.some((r) => r.outcome !== 'completed'),
    );
    if (!refused || cut) continue;
    expect(judge(input).reasons).toEqual([]);
    const none = (l: MetricLedger): MetricLedger => ({
      ...l,
      series: l.series.filter(
        (s) =>
          !(
            s.name.startsWith('response_latency_ms') &&
            s.labels.status_code === '502' &&
            s.labels.direction === 'outbound'
          ),
      ),
    });
    const { reasons } = judge({ ...input, proxy: none(input.proxy), prometheus: none(input.prometheus) });
    const zero = (l: MetricLedger): MetricLedger => ({
      ...l,
      series: l.series.map((s) =>
        s.name.startsWith('response_latency_ms') && s.labels.status_code === '502' && s.labels.direction === 'outbound'
          ? { ...s, samples: s.samples.map((x) => ({ ...x, v: 0 })) }
          : s,
      ),
    });
    const halved = judge({ ...input, proxy: zero(input.proxy), prometheus: zero(input.prometheus) }).reasons;
    for (const found of [reasons, halved]) {
      expect([...new Set(found.map((r) => r.code))]).toEqual(['LATENCIES_MISSING']);
    }
    return;
  }
});
