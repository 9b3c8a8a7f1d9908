import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { PROFILES } from '../../mesh/profiles/index.ts';
import { Pages } from './pages.ts';
import { describeShape, shapeFor } from './shape.ts';
import { checkHistograms, risingNames, valuesOf } from './testing.ts';
import { NOW_MS, TEMPLATE_EPOCH_SECONDS, Traffic } from './traffic.ts';
import type { FleetConfig } from './types.ts';

const VERSIONS = PROFILES.map(({ proxyVersion }) => proxyVersion);
const START = TEMPLATE_EPOCH_SECONDS;

/** A fleet's pages without its server. */
function fleet(config: Partial<FleetConfig> & Pick<FleetConfig, 'shape'>) {
  const pages = new Pages({ pods: 20, seed: 7, replicas: 2, ...config });
  const out = Buffer.alloc(pages.maxBytes, '#');
  const proxy = (serial: number, now: number, age: number) =>
    pages.proxy(pages.cast.workloadOf(serial), pages.cast.ip(serial), now, age);
  const read = (of: ReturnType<typeof proxy>, now: number) => out.toString('latin1', 0, pages.write(of, now, out));
  return { pages, proxy, read };
}

describe.each(VERSIONS)("a proxy's page of %s", (version) => {
  const shape = shapeFor({ version, series: 900 });
  const { pages, proxy, read } = fleet({ shape });

  it("is at first the telemetry's own, byte for byte, names aside", () => {
    const names = pages.cast.namesOf(3, pages.model);
    let own = new Traffic(shape).render();
    for (const [i, placeholder] of pages.model.traffic.names.placeholders.entries()) {
      own = own.replaceAll(placeholder, i === 0 ? pages.cast.ip(6) : names[i]!);
    }
    expect(read(proxy(6, START + NOW_MS / 1000, NOW_MS / 1000), START)).toBe(own);
  });

  it('parses at any time, with the same series, counters that rise, and histograms that are consistent', () => {
    const pod = proxy(0, START + 5000, 5000);
    let last: Map<string, number> | null = null;
    let moved = 0;
    for (const after of [0, 0.001, 1, 11, 12, 60, 3600, 3601, 200_000]) {
      const text = read(pod, START + 5000 + after);
      const page = parsePage(text);
      expect(page.samples.length).toBe(describeShape(shape).series);
      expect(checkHistograms(page)).toBeGreaterThan(10);
      const values = valuesOf(text);
      const rising = risingNames(page);
      if (last) {
        expect([...values.keys()]).toEqual([...last.keys()]);
        moved = 0;
        for (const [key, value] of values) {
          if (rising.has(key.slice(0, key.indexOf('{')))) expect(value, key).toBeGreaterThanOrEqual(last.get(key)!);
          if (value !== last.get(key)) moved++;
        }
      }
      last = values;
    }
    expect(moved / last!.size).toBeGreaterThan(0.5);
    expect(moved / last!.size).toBeLessThan(0.95);
  });

  it('says when its process started, and for how long it has run', () => {
    const pod = proxy(1, START + 5000.25, 1000);
    const values = new Map(parsePage(read(pod, START + 5002.75)).samples.map(({ name, value }) => [name, value]));
    expect(values.get('process_start_time_seconds')).toBe(START + 4000);
    const uptime = values.get('process_uptime_seconds_total');
    if (uptime !== undefined) expect(uptime).toBeCloseTo(1002.75, 3);
    const clock = values.get('process_clock_time_seconds');
    if (clock !== undefined) expect(clock).toBe(START + 5002);
  });
});

it('has names of its own: no placeholder is left, and no two pods have the same address', () => {
  const { pages, proxy, read } = fleet({ shape: shapeFor({ version: 'v2.366.0', edges: 6 }) });
  const addresses = new Set<string>();
  for (let serial = 0; serial < 20; serial++) {
    const text = read(proxy(serial, START, 0), START);
    expect(text).not.toContain('qxj');
    const own = pages.cast.ip(serial);
    const inbound = text.split('\n').filter((line) => line.startsWith('request_total{direction="inbound"'));
    expect(inbound.filter((line) => line.includes(`target_ip="${own}"`)).length).toBe(inbound.length - 2);
    const outbound = text.split('\n').filter((line) => line.startsWith('request_total{direction="outbound"'));
    expect(outbound.length).toBe(6);
    expect(outbound.join()).not.toContain(own);
    addresses.add(own);
  }
  expect(addresses.size).toBe(20);
});

it('calls pods that there are, by their names, and is called by those that call it', () => {
  const { pages, proxy, read } = fleet({ shape: shapeFor({ version: 'v2.366.0', edges: 4 }) });
  const pods = Array.from({ length: 20 }, (_, serial) => pages.cast.podName(pages.cast.workloadOf(serial), serial));
  const of = (workload: number) => parsePage(read(proxy(workload * 2, START, 0), START)).samples;
  const called = of(0).flatMap(({ name, labels }) => (name === 'request_total' ? (labels.dst_pod ?? []) : []));
  expect(called).toEqual([pods[2], pods[3], pods[4], pods[5]]);
  const callers = of(1).flatMap(({ name, labels }) => (name === 'request_total' ? (labels.client_id ?? []) : []));
  expect(callers[0]).toMatch(/^app-0000\.shop\.serviceaccount\./);
});

it('keeps all this for any seed, shape and times', () => {
  const shapes = fc.record({
    version: fc.constantFrom(...VERSIONS),
    edges: fc.nat(9),
    routes: fc.integer({ min: 1, max: 3 }),
  });
  const config = fc.record({
    seed: fc.nat(),
    replicas: fc.integer({ min: 1, max: 30 }),
    requestsPerSecond: fc.double({ min: 0, max: 5000, noNaN: true }),
    errorShare: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(
      shapes,
      config,
      fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 4 }),
      (asked, more, steps) => {
        const shape = shapeFor(asked);
        const { proxy, read } = fleet({ shape, ...more });
        let now = START + 10;
        const pod = proxy(19, now, 5);
        let last = valuesOf(read(pod, now));
        for (const step of steps) {
          now += step;
          const text = read(pod, now);
          const page = parsePage(text);
          checkHistograms(page);
          const values = valuesOf(text);
          expect([...values.keys()]).toEqual([...last.keys()]);
          const rising = risingNames(page);
          for (const [key, value] of values) {
            if (rising.has(key.slice(0, key.indexOf('{')))) expect(value, key).toBeGreaterThanOrEqual(last.get(key)!);
          }
          last = values;
        }
      },
    ),
    { numRuns: 12 },
  );
});

it('counts requests and failures at the rates that were asked for', () => {
  const shape = shapeFor({ version: 'v2.366.0', edges: 4 });
  const { proxy, read } = fleet({ shape, requestsPerSecond: 100, errorShare: 0.1 });
  const pod = proxy(0, START, 0);
  const sums = (text: string, direction: string) => {
    const of = parsePage(text).samples.filter(
      ({ name, labels }) => name === 'response_total' && labels.direction === direction && labels.tls === 'true',
    );
    const all = of.reduce((sum, { value }) => sum + value, 0);
    return {
      all,
      failed: of.reduce((sum, { labels, value }) => (labels.classification === 'failure' ? sum + value : sum), 0),
    };
  };
  const [before, after] = [read(pod, START + 1), read(pod, START + 1001)];
  for (const direction of ['inbound', 'outbound']) {
    const all = sums(after, direction).all - sums(before, direction).all;
    const failed = sums(after, direction).failed - sums(before, direction).failed;
    expect(Math.abs(all / 1000 - 100)).toBeLessThan(5);
    expect(Math.abs(failed / 1000 - 10)).toBeLessThan(1.5);
  }
});

it('counts its scrapes', () => {
  const { proxy, read } = fleet({ shape: shapeFor({ version: 'v2.366.0', edges: 1 }) });
  const pod = proxy(0, START, 0);
  const scrapes = (text: string) =>
    parsePage(text).samples.find(
      ({ name, labels }) =>
        name === 'request_total' && labels.target_port === '4191' && labels.route_name === 'default',
    )?.value;
  const counts = [1, 2, 3].map((second) => scrapes(read(pod, START + second))!);
  expect([counts[1]! - counts[0]!, counts[2]! - counts[1]!]).toEqual([1, 1]);
});
