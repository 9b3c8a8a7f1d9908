import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MetricLedger } from '../ledger/types.ts';
import { type JudgeInput, judge } from './judge.ts';
import { simulate } from './testing/simulate.ts';
import { grpcWorld, policyWorld, randomWorld } from './testing/worlds.ts';

const codes = (input: JudgeInput): string[] => [...new Set(judge(input).reasons.map((r) => r.code))];

describe('a mesh that counts right', () => {
  test('never fails, whatever happens in it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (seed) => {
        const world = randomWorld(seed, 40);
        const { verdict, reasons } = judge(simulate(world));
        expect(verdict, JSON.stringify(reasons.slice(0, 3))).not.toBe('fail');
        if (world.restarts.length === 0) expect(verdict, JSON.stringify(reasons.slice(0, 3))).toBe('pass');
      }),
      { numRuns: 60 },
    );
  }, 300_000);

  test('never fails with gRPC, every code in its own flow', () => {
    const statuses = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const world = grpcWorld(seed, 40);
      const input = simulate(world);
      const { verdict, reasons, flows } = judge(input);
      const waited = input.truth.every((j) => j.made.every((m) => m.outcome !== 'timeout'));
      expect(verdict, `world ${seed}: ${JSON.stringify(reasons.slice(0, 3))}`).not.toBe('fail');
      if (world.restarts.length === 0) expect(verdict, JSON.stringify(reasons.slice(0, 3))).toBe('pass');
      for (const flow of flows) {
        if (flow.protocol === 'grpc') statuses.add(flow.status);
        if (seed % 3 === 0 && waited) expect(flow.prometheus, `world ${seed} ${flow.status}`).toBe(flow.truth);
      }
    }
    for (const status of ['grpc 0 OK', 'grpc 14 UNAVAILABLE', 'grpc without trailers'])
      expect(statuses).toContain(status);
  }, 120_000);

  test('never fails with routes, splits, retries and policy', () => {
    for (let seed = 0; seed < 60; seed++) {
      const world = policyWorld(seed, 60);
      const { verdict, reasons } = judge(simulate(world));
      expect(verdict, `world ${seed}: ${JSON.stringify(reasons.slice(0, 3))}`).not.toBe('fail');
      if (world.restarts.length === 0) expect(verdict, JSON.stringify(reasons.slice(0, 3))).toBe('pass');
    }
  }, 120_000);

  test.each([
    ['a reset in the body that its caller did not wait for', 364187, 40],
    ['a reset before headers that its caller did not wait for', 1109, 120],
    ['failfast that nobody waited for', 500104, 60],
    ['an answer that died with its sidecar', 500125, 60],
    ['quantiles over answers of the mesh', 500051, 60],
    ['a sidecar that is back before its app', 500081, 60],
    ['an answer of the mesh that nobody read to its end', 642758, 40],
  ])('passes with %s', (_name, seed, requests) => {
    const { verdict, reasons } = judge(simulate(randomWorld(seed, requests)));
    expect(verdict, JSON.stringify(reasons.slice(0, 3))).toBe('pass');
  });

  test('passes for thirty fixed worlds, with exact flows where nothing was lost', () => {
    let exact = 0;
    for (let seed = 0; seed < 90; seed += 3) {
      const input = simulate(randomWorld(seed, 40));
      const { verdict, reasons, flows, checks } = judge(input);
      expect(verdict, `world ${seed}: ${JSON.stringify(reasons.slice(0, 3))}`).toBe('pass');
      expect(checks.every((c) => c.violations === 0)).toBe(true);
      // A caller that gives up races with the answer: only its sidecar knows who won.
      if (input.truth.some((j) => j.made.some((m) => m.outcome === 'timeout'))) continue;
      exact++;
      for (const flow of flows.filter((f) => f.status !== '')) {
        expect(flow.proxy, `world ${seed} ${flow.source} -> ${flow.destination} ${flow.status}`).toBe(flow.truth);
        expect(flow.prometheus, `world ${seed} ${flow.source} -> ${flow.destination} ${flow.status}`).toBe(flow.truth);
      }
    }
    expect(exact).toBeGreaterThan(10);
  }, 300_000);

  test('names what died with an incarnation', () => {
    const seed = firstSeed((w) => w.restarts.length > 0 && w.services[0]!.replicas === 1);
    const { flows, notes } = judge(simulate(randomWorld(seed, 120)));
    const lost = flows.reduce((sum, f) => sum + f.unobservable, 0);
    expect(lost).toBeGreaterThan(0);
    expect(notes.join('\n')).toContain('unobservable');
    for (const f of flows.filter((flow) => flow.direction === 'inbound' && flow.status !== '')) {
      expect(f.prometheus! + f.unobservable).toBeGreaterThanOrEqual(f.truth);
    }
  }, 60_000);
});

describe('no data is never a pass', () => {
  const calm = (): JudgeInput => simulate(randomWorld(3, 40));

  test('without a target', () => {
    const input = calm();
    const pod = input.topology.pods[1]!.name;
    const judgement = judge({ ...input, prometheus: withoutPod(input.prometheus, pod) });
    expect(judgement.verdict).toBe('inconclusive');
    expect(judgement.reasons[0]!.message).toContain(pod);
    expect(judgement.flows.some((f) => f.verdict === 'inconclusive')).toBe(true);
  });

  test('without a scrape at the end', () => {
    const input = calm();
    const targets = input.prometheus.targets.map((t) => ({
      ...t,
      scrapes: t.scrapes.filter((s) => s.fromMs < input.window.quietFromMs),
    }));
    expect(codes({ ...input, prometheus: { ...input.prometheus, targets } })).toEqual(['NO_DATA']);
  });

  test('with a target that was down while traffic ran', () => {
    const input = calm();
    const targets = input.prometheus.targets.map((t, i) => ({
      ...t,
      scrapes: t.scrapes.map((s, k) => (i === 1 && k === 4 ? { ...s, ok: false, startTime: null } : s)),
    }));
    expect(codes({ ...input, prometheus: { ...input.prometheus, targets } })).toEqual(['TARGET_DOWN']);
  });

  test('with readings of the end alone', () => {
    const input = calm();
    const settledOnly = (l: MetricLedger): MetricLedger => ({
      ...l,
      targets: l.targets.map((t) => ({ ...t, scrapes: t.scrapes.filter((s) => s.fromMs >= input.window.quietFromMs) })),
    });
    const late = { ...input, prometheus: settledOnly(input.prometheus), proxy: settledOnly(input.proxy) };
    const { verdict, reasons } = judge(late);
    expect(verdict).toBe('inconclusive');
    expect(new Set(reasons.map((r) => r.code))).toEqual(new Set(['TARGET_DOWN']));
    expect(reasons.length).toBeGreaterThanOrEqual(input.topology.pods.length);
  });

  test('with one target that is read only after traffic', () => {
    const input = calm();
    const targets = input.prometheus.targets.map((t, i) =>
      i === 1 ? { ...t, scrapes: t.scrapes.filter((s) => s.t > input.window.trafficEndMs) } : t,
    );
    expect(codes({ ...input, prometheus: { ...input.prometheus, targets } })).toEqual(['TARGET_DOWN']);
  });

  test('with dropped iterations, an interrupted load, or clocks that are apart', () => {
    const input = calm();
    expect(codes({ ...input, load: { droppedIterations: 3, interrupted: false } })).toEqual(['DROPPED_ITERATIONS']);
    expect(codes({ ...input, load: { droppedIterations: 0, interrupted: true } })).toEqual(['INTERRUPTED']);
    expect(codes({ ...input, clockMarginMs: Number.NaN })).toEqual(['CLOCKS_NOT_ALIGNED']);
    expect(codes({ ...input, clockMarginMs: 501 })).toEqual(['CLOCKS_NOT_ALIGNED']);
  });

  test('without any request', () => {
    const input = simulate(randomWorld(3, 0));
    expect(codes(input)).toEqual(['NO_TRAFFIC']);
    const expect_ = { ...input.expect, idle: input.topology.services.map((s) => s.id) };
    expect(codes({ ...input, expect: expect_ })).toEqual(['NO_TRAFFIC']);
  });
});

describe('what is said', () => {
  const calm = (): JudgeInput => simulate(randomWorld(3, 40));

  test('a pod that is two targets fails, and both are named', () => {
    const input = calm();
    const twin = { ...input.prometheus.targets[1]!, instance: '10.9.9.9:4191' };
    const prometheus = { ...input.prometheus, targets: [...input.prometheus.targets, twin] };
    const reason = judge({ ...input, prometheus }).reasons.find((r) => r.code === 'DUPLICATE_TARGET')!;
    expect(reason.verdict).toBe('fail');
    expect(reason.message).toContain(input.prometheus.targets[1]!.instance);
    expect(reason.message).toContain('10.9.9.9:4191');
  });

  test('a page that has series twice fails, and the proxy, its version and the families are named', () => {
    const input = calm();
    const { pod } = input.proxy.targets[1]!;
    const targets = input.proxy.targets.map((t) => ({
      ...t,
      scrapes: t.scrapes.map((s) => ({ ...s, version: '2.294.0' })),
    }));
    targets[1]!.scrapes.at(-1)!.duplicates = ['request_total', 'tcp_open_total'];
    const { verdict, reasons } = judge({ ...input, proxy: { ...input.proxy, targets } });
    expect(verdict).toBe('fail');
    expect(reasons.map((r) => r.code)).toEqual(['DUPLICATE_SERIES']);
    expect(reasons[0]!.message).toContain(
      `shop/${pod}'s proxy (v2.294.0) has series twice: request_total, tcp_open_total;`,
    );
  });

  test('a pod outside of the topology is named in a note', () => {
    const input = calm();
    const { targets, series } = input.prometheus;
    const stranger = { ...targets[1]!, namespace: 'elsewhere', pod: 'who-1' };
    const own = series.filter((s) => s.target === 1).map((s) => ({ ...s, target: targets.length }));
    const prometheus = { ...input.prometheus, targets: [...targets, stranger], series: [...series, ...own] };
    const { verdict, notes } = judge({ ...input, prometheus });
    expect(verdict).toBe('pass');
    expect(notes.join('\n')).toContain('elsewhere/who-1');
  });

  test('ledgers that differ: flow, direction and labels', () => {
    const input = calm();
    const victim = input.prometheus.series.find(
      (s) => s.name === 'response_total' && s.labels.tls === 'true' && s.labels.direction === 'inbound',
    )!;
    const series = input.prometheus.series.map((s) =>
      s === victim
        ? { ...s, samples: s.samples.map((x, i) => (i === s.samples.length - 1 ? { ...x, v: x.v + 1 } : x)) }
        : s,
    );
    const { reasons } = judge({ ...input, prometheus: { ...input.prometheus, series } });
    const message = reasons.find((r) => r.code === 'LEDGERS_DIFFER')!.message;
    expect(message).toMatch(/-> shop\/s\d \(inbound, status \d+\)/);
    expect(message).not.toContain('?');
    expect(message).toContain(`client_id="${victim.labels.client_id}"`);
  });

  test('series that nobody knows: their own direction', () => {
    const input = calm();
    const wrong = (l: MetricLedger): MetricLedger => ({
      ...l,
      series: l.series.map((s) =>
        s.name === 'request_total' && s.labels.direction === 'outbound'
          ? { ...s, labels: { ...s.labels, dst_pod: 'x' } }
          : s,
      ),
    });
    const { reasons } = judge({ ...input, proxy: wrong(input.proxy), prometheus: wrong(input.prometheus) });
    const unknown = reasons.filter((r) => r.code === 'UNEXPLAINED_SERIES');
    expect(unknown.length).toBeGreaterThan(0);
    for (const { message } of unknown) expect(message).toContain('-> ? (outbound)');
  });
});

describe('expectations', () => {
  test('an idle service that has traffic fails', () => {
    const input = simulate(randomWorld(3, 20));
    expect(codes({ ...input, expect: { ...input.expect, idle: ['shop/s0'] } })).toEqual(['NOT_IDLE']);
  });

  test('flows are reported, not judged, when the scenario says so', () => {
    const input = simulate(randomWorld(3, 40));
    const wrong = {
      ...input.prometheus,
      series: input.prometheus.series.map((s) =>
        s.name === 'request_total' ? { ...s, samples: s.samples.map((x) => ({ ...x, v: x.v + 5 })) } : s,
      ),
    };
    expect(judge({ ...input, prometheus: wrong }).verdict).toBe('fail');
    const judgement = judge({ ...input, prometheus: wrong, expect: { ...input.expect, goldenEveryFlow: false } });
    expect(judgement.verdict).toBe('pass');
    expect(judgement.flows.some((f) => f.verdict === 'fail')).toBe(true);
  });

  test('objectives are judged by the truth and by Prometheus', () => {
    const input = simulate(randomWorld(3, 80));
    const slo = (text: string, metric: 'successRate' | 'p99' | 'rate', op: '>=' | '<=', value: number) => ({
      ...input,
      expect: {
        ...input.expect,
        slo: [{ flow: '* -> shop/s0', source: '*', destination: 'shop/s0', conditions: [{ metric, op, value, text }] }],
      },
    });
    expect(judge(slo('rate >= 1/s', 'rate', '>=', 1)).verdict).toBe('pass');
    expect(judge(slo('p99 <= 60s', 'p99', '<=', 60_000)).verdict).toBe('pass');
    expect(codes(slo('p99 <= 1ms', 'p99', '<=', 1))).toEqual(['SLO_MISSED']);
    expect(codes(slo('rate >= 1000/s', 'rate', '>=', 1000))).toEqual(['SLO_MISSED']);
    const judgement = judge(slo('successRate >= 0%', 'successRate', '>=', 0));
    expect(judgement.slo[0]!.observed).toBeCloseTo(judgement.slo[0]!.truth!, 9);
  });
});

function firstSeed(fits: (w: ReturnType<typeof randomWorld>) => boolean): number {
  for (let seed = 0; seed < 1000; seed++) if (fits(randomWorld(seed, 120))) return seed;
  throw new Error('no such world');
}

function withoutPod(ledger: MetricLedger, pod: string): MetricLedger {
  const targets = ledger.targets.map((t) => (t.pod === pod ? { ...t, pod: 'unknown' } : t));
  return { ...ledger, targets };
}
