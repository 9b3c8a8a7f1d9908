import { describe, expect, test } from 'vitest';
import type { LedgerSeries, MetricLedger } from '../ledger/types.ts';
import { type JudgeInput, judge } from './judge.ts';
import { simulate } from './testing/simulate.ts';
import { randomWorld } from './testing/worlds.ts';

/** A simulated world whose load generator is taken out of the mesh: no pod, no proxy, plaintext at the callees. */
function outsideWorld(seed: number): JudgeInput | null {
  const world = randomWorld(seed, 60);
  const input = simulate(world);
  const load = input.topology.workloads.find((w) => !input.topology.services.some((s) => s.workload === w.id))!;
  const plainAlready = input.proxy.series.some(
    (s) => s.labels.tls === 'no_identity' && s.labels.route_name === 'default' && s.name === 'request_total',
  );
  const answered = input.truth.some((j) => j.workload === load.id && j.made.some((m) => m.outcome === 'completed'));
  if (plainAlready || !answered || world.restarts.length > 0) return null;
  const { identity } = load;
  const out = (ledger: MetricLedger): MetricLedger => {
    const gone = ledger.targets.findIndex((t) =>
      input.topology.pods.some((p) => p.workload === load.id && p.name === t.pod),
    );
    const series = ledger.series.filter((s) => s.target !== gone).map((s) => plaintext(s, identity));
    return {
      ...ledger,
      targets: ledger.targets.filter((_, i) => i !== gone),
      series: series.map((s) => ({ ...s, target: s.target > gone ? s.target - 1 : s.target })),
    };
  };
  return {
    ...input,
    proxy: out(input.proxy),
    prometheus: out(input.prometheus),
    topology: {
      ...input.topology,
      workloads: input.topology.workloads.map((w) => (w === load ? { ...w, identity: '' } : w)),
      pods: input.topology.pods.filter((p) => p.workload !== load.id),
    },
    expect: {
      ...input.expect,
      slo: [
        {
          flow: '* -> *',
          source: load.id,
          destination: '*',
          conditions: [
            { metric: 'rate', op: '>', value: 0, text: '> 0/s' },
            { metric: 'p99', op: '<', value: 60_000, text: '< 60s' },
            { metric: 'successRate', op: '>=', value: 0, text: '>= 0%' },
          ],
        },
      ],
    },
  };
}

function plaintext(series: LedgerSeries, identity: string): LedgerSeries {
  if (series.labels.client_id !== identity) return series;
  const { client_id: _, ...labels } = series.labels;
  return { ...series, labels: { ...labels, tls: 'no_identity', no_tls_reason: 'no_tls_from_remote' } };
}

const worlds = [...Array(60).keys()].flatMap((seed) => outsideWorld(seed) ?? []).slice(0, 12);

describe('a load generator outside the mesh', () => {
  test('is a flow, at the callees alone, with its objectives', () => {
    expect(worlds.length).toBeGreaterThan(5);
    for (const input of worlds) {
      const { reasons, flows, slo } = judge(input);
      expect(reasons).toEqual([]);
      const load = input.topology.workloads.find((w) => w.identity === '')!.id;
      const own = flows.filter((f) => f.source === load);
      expect(own.length).toBeGreaterThan(0);
      expect(own.every((f) => f.direction === 'inbound')).toBe(true);
      expect(slo.every((s) => s.truth !== null && s.observed !== null)).toBe(true);
    }
  });

  test('and one of its requests that the proxy lost is missed', () => {
    for (const input of worlds) {
      const series = input.prometheus.series.find(
        (s) => s.name === 'request_total' && s.labels.tls === 'no_identity' && s.labels.route_name === 'default',
      )!;
      const last = series.samples.at(-1)!;
      last.v -= 1;
      expect(judge(input).verdict).toBe('fail');
      last.v += 1;
    }
  });
});
