import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { tryParse } from '../../prometheus/promql/index.ts';
import { fitModel, predict } from '../model/index.ts';
import { LAW, sweepOf } from '../model/testing/points.ts';
import { dropBounds, sparseBounds } from './drop.ts';
import { type FamilyOptions, familyCosts, knownQueries } from './index.ts';

const SHAPE = {
  series: 1000,
  bytes: 270_000,
  families: [
    { name: 'stack_poll_total', series: 50 },
    { name: 'response_latency_ms', series: 700 },
    { name: 'request_total', series: 150 },
    { name: 'outbound_http_route_request_frame_size_bytes', series: 100 },
  ],
};

const rule = (expr: string, more: { place?: string; records?: string } = {}) => ({
  place: 'my.yaml:3',
  records: '',
  variables: {},
  expr,
  ...more,
});
const costOf = (family: string, queries: NonNullable<FamilyOptions['queries']> = []) =>
  familyCosts(SHAPE, null, { queries }).find((one) => one.family === family)!;
const FRAMES = 'outbound_http_route_request_frame_size_bytes';

describe('knownQueries', () => {
  it('are PromQL, all of them', () => {
    expect(knownQueries().filter(({ expr }) => tryParse(expr) === null)).toEqual([]);
    expect(knownQueries().length).toBeGreaterThan(60);
  });
});

describe('familyCosts', () => {
  it('puts the most expensive first, with its share', () => {
    expect(familyCosts(SHAPE, null).map(({ family, share }) => [family, share])).toEqual([
      ['response_latency_ms', 0.7],
      ['request_total', 0.15],
      [FRAMES, 0.1],
      ['stack_poll_total', 0.05],
    ]);
  });

  it('tells what 1,000 pods save without it, by the model', () => {
    const model = fitModel(sweepOf())!;
    const costs = familyCosts(SHAPE, model, { intervalMs: 5_000 });
    const [latency] = costs;
    expect(latency!.cpuCores).toBeCloseTo((LAW.perSample * 700 * 1000) / 5, 6);
    // The references of chunks that a head of three hours at 5 s gets: 17 of 42 bytes, at 1.75 times the heap.
    expect(latency!.memoryBytes).toBeCloseTo(700 * 1000 * (LAW.perSeries + 17 * 42 * 1.75), -3);
    const asked = { pods: 1000, edges: 0, intervalMs: 5_000, version: '', churn: 0 };
    const whole =
      predict(model, asked, SHAPE).cpuCores.value - predict(model, asked, { series: 0, bytes: 0 }).cpuCores.value;
    expect(costs.reduce((sum, { cpuCores }) => sum + cpuCores!, 0)).toBeCloseTo(whole, 9);
    expect(familyCosts(SHAPE, null)[0]).toMatchObject({ cpuCores: null, memoryBytes: null });
  });

  it('names who needs a family, and says what nobody needs', () => {
    expect(costOf('response_latency_ms').neededBy).toEqual(
      expect.arrayContaining(['linkerd viz stat deploy: latency', 'Grafana: LATENCY', 'alert: p99']),
    );
    expect(costOf('request_total').neededBy).not.toContain('linkerd viz stat deploy: rate');
    expect(costOf('stack_poll_total')).toMatchObject({
      neededBy: [],
      loses: "No query that is known here needs it. It tells the inner workings of the proxy's stacks.",
    });
  });

  it('counts queries of the user in, also those that ask by a pattern, a variable or through a record', () => {
    const places = (expr: string, family = 'stack_poll_total') => costOf(family, [rule(expr)]).neededBy;
    expect(places('rate(stack_poll_total[5m])')).toEqual(['my.yaml:3']);
    expect(places('{__name__=~"stack_.+", ready="true"}')).toEqual(['my.yaml:3']);
    expect(places('{__name__=~"stack"}')).toEqual([]);
    expect(places('{job="linkerd-proxy"}')).toEqual([]);
    expect(places('sum(rate(stack_poll_total{namespace="$namespace"}[$__rate_interval]))')).toEqual(['my.yaml:3']);
    expect(places('rate(stack_poll_total_ms[5m])')).toEqual([]);
    const through = costOf('stack_poll_total', [
      rule('sum(rate(stack_poll_total[5m]))', { place: 'a', records: 'stack:polls:rate5m' }),
      rule('stack:polls:rate5m * 60', { place: 'b', records: 'stack:polls:per_minute' }),
      rule('stack:polls:per_minute > 7', { place: 'c' }),
      rule('stack:other > 7', { place: 'd' }),
    ]);
    expect(through.neededBy).toEqual(['a', 'b', 'c']);
  });

  it('drops a family whole, or only the buckets of one that is needed by its count alone', () => {
    expect(parseYaml(costOf('request_total').drop)).toEqual({
      metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'request_total', action: 'drop' }],
    });
    expect(parseYaml(costOf(FRAMES).drop).metric_relabel_configs[0].regex).toBe(`${FRAMES}_(bucket|count|sum)`);
    const counted = costOf(FRAMES, [rule(`rate(${FRAMES}_sum[5m]) / rate(${FRAMES}_count[5m])`)]);
    expect(parseYaml(counted.drop).metric_relabel_configs[0].regex).toBe(`${FRAMES}_bucket`);
    expect(counted.loses).toBe('Its quantiles; its count and its sum stay, for my.yaml:3.');
    const both = costOf(FRAMES, [rule(`rate(${FRAMES}_count[5m])`), rule(`rate(${FRAMES}_bucket[5m])`)]);
    expect(parseYaml(both.drop).metric_relabel_configs[0].regex).toBe(`${FRAMES}_(bucket|count|sum)`);
  });

  it('offers fewer buckets where quantiles are needed', () => {
    const { drop } = costOf('response_latency_ms');
    const lines = drop.split('\n');
    const list = lines
      .slice(lines.findIndex((line) => line.startsWith('  # -')))
      .map((line) => line.replace(/^ {2}# /, ''));
    expect(parseYaml(list.join('\n'))).toEqual(
      dropBounds('response_latency_ms', [2, 3, 4, 20, 30, 40, 200, 300, 400, 2000, 3000, 4000, 20000, 30000, 40000]),
    );
    expect(costOf(FRAMES).drop).not.toContain('#');
  });
});

describe('sparseBounds', () => {
  it('keeps the first of each decade, its half and the last', () => {
    expect(sparseBounds([0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30])).toEqual([0.025, 0.25, 2]);
    expect(sparseBounds([1, 10, 100])).toEqual([]);
  });
});
