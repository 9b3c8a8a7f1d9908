import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../mesh/proxy/random.ts';
import { STALE, snappyLiteral, writeRequest } from '../../prometheus/remote-write.ts';
import { Counters, type Read } from './counters.ts';
import { deviation } from './deviation.ts';
import { accuracyQueries, windowsOf } from './queries.ts';
import { kindsOfTraffic, type Stream, streamOf } from './traffic.ts';
import { countUpTo, truthOf } from './truth.ts';
import { scraped, scrapeTimes } from './virtual-scrape.ts';

const TARGET = { job: 'every-5s', deployment: 'web' };

function stream(events: [at: number, latency: number, failed?: boolean][], restarts: Stream['restarts'] = []): Stream {
  return {
    name: 'a few',
    times: Float64Array.from(events.map(([at]) => at)),
    latencies: Float64Array.from(events.map(([, latency]) => latency)),
    failed: Uint8Array.from(events.map(([, , failed]) => (failed ? 1 : 0))),
    restarts,
  };
}

const value = (reads: readonly Read[] | null, name: string, more: Record<string, string> = {}) =>
  reads?.find(
    ({ labels }) => labels.__name__ === name && Object.entries(more).every(([key, text]) => labels[key] === text),
  )?.value;

describe('streamOf', () => {
  const spanMs = 1_200_000;
  const kinds = kindsOfTraffic(seededRandom('bursts'), spanMs);
  const of = (name: string, seed = 1) => streamOf(kinds.find((kind) => kind.name.startsWith(name))!, spanMs, seed);

  it('is the same for the same seed', () => {
    expect(of('steady')).toEqual(of('steady'));
    expect(of('steady', 2).times[0]).not.toBe(of('steady').times[0]);
  });

  it('has the rate and the spread of a Poisson stream', () => {
    const { times } = of('steady');
    const perSecond = Array.from(
      { length: 1200 },
      (_, s) => countUpTo(times, (s + 1) * 1000) - countUpTo(times, s * 1000),
    );
    const mean = perSecond.reduce((sum, n) => sum + n, 0) / 1200;
    const variance = perSecond.reduce((sum, n) => sum + (n - mean) ** 2, 0) / 1200;
    // Five standard errors of each.
    expect(Math.abs(mean - 40)).toBeLessThan(5 * Math.sqrt(40 / 1200));
    expect(Math.abs(variance / mean - 1)).toBeLessThan(5 * Math.sqrt(2 / 1200));
  });

  it('fails, slows down, bursts and restarts when it should', () => {
    const share = (some: Stream, from: number, to: number) => {
      const [a, b] = [countUpTo(some.times, from), countUpTo(some.times, to)];
      return some.failed.slice(a, b).reduce((sum, n) => sum + n, 0) / (b - a);
    };
    expect(share(of('failures'), 180_000, 210_000)).toBeGreaterThan(0.4);
    expect(share(of('failures'), 210_000, 600_000)).toBeLessThan(0.02);
    const slow = truthOf(of('slow'));
    expect(slow(240_000, 60_000)!.p99).toBeGreaterThan(5 * slow(180_000, 60_000)!.p99);
    const bursts = truthOf(of('bursts'));
    const rates = Array.from({ length: 240 }, (_, i) => bursts((i + 1) * 5000, 5000)?.rate ?? 0);
    expect(rates.filter((rate) => rate > 20).length).toBeGreaterThan(20);
    expect(rates.filter((rate) => rate < 3).length).toBeGreaterThan(100);
    const restarting = of('restart');
    expect(restarting.restarts).toHaveLength(2);
    for (const { atMs, downMs } of restarting.restarts) {
      expect(countUpTo(restarting.times, atMs + downMs)).toBe(countUpTo(restarting.times, atMs));
    }
  });
});

describe('Counters', () => {
  it('counts responses and bins latencies that are truncated to whole ms', () => {
    const counters = new Counters(
      stream([
        [10, 1.9],
        [20, 0.4],
        [30, 50_000.5],
        [40, 60_000],
        [50, 3, true],
      ]),
      TARGET,
    );
    expect(counters.at(5)).toEqual([]);
    const reads = counters.at(45);
    expect(value(reads, 'response_total', { classification: 'success' })).toBe(4);
    expect(value(reads, 'response_total', { classification: 'failure' })).toBeUndefined();
    expect(value(reads, 'response_latency_ms_bucket', { le: '1' })).toBe(2);
    expect(value(reads, 'response_latency_ms_bucket', { le: '50000' })).toBe(3);
    expect(value(reads, 'response_latency_ms_bucket', { le: '+Inf' })).toBe(4);
    expect(value(reads, 'response_latency_ms_count')).toBe(4);
    expect(value(reads, 'response_latency_ms_sum')).toBe(110_001);
    const later = counters.at(50);
    expect(value(later, 'response_total', { classification: 'failure', status_code: '503' })).toBe(1);
    expect(value(later, 'response_latency_ms_bucket', { status_code: '503', le: '2' })).toBe(0);
    expect(reads!.filter(({ labels }) => labels.__name__ === 'response_latency_ms_bucket')).toHaveLength(26);
  });

  it('begins at zero after a restart, and is down meanwhile', () => {
    const counters = new Counters(
      stream(
        [
          [10, 1],
          [20, 1],
          [500, 1],
        ],
        [{ atMs: 100, downMs: 50 }],
      ),
      TARGET,
    );
    expect(value(counters.at(99), 'response_total')).toBe(2);
    expect(counters.at(120)).toBeNull();
    expect(counters.at(150)).toEqual([]);
    expect(value(counters.at(500), 'response_total')).toBe(1);
    const late = new Counters(
      stream(
        [
          [10, 1],
          [20, 1],
          [500, 1],
        ],
        [{ atMs: 100, downMs: 50 }],
      ),
      TARGET,
    );
    expect(value(late.at(600), 'response_total')).toBe(1);
  });
});

describe('scraped', () => {
  it('stamps scrapes with the time at which they were due, and marks what is gone as stale', () => {
    const some = stream(
      [
        [900, 5],
        [1004, 5],
        [1900, 5],
        [3900, 5],
      ],
      [{ atMs: 2_500, downMs: 700 }],
    );
    const times = [1000, 2000, 3000, 4000].map((stampMs) => ({ stampMs, pageMs: stampMs + 5 }));
    const total = scraped(some, times, TARGET, 1e12).find(({ labels }) => labels.__name__ === 'response_total')!;
    expect(total.samples).toEqual([
      { t: 1e12 + 1000, v: 2 },
      { t: 1e12 + 2000, v: 3 },
      { t: 1e12 + 3000, v: STALE },
      { t: 1e12 + 4000, v: 1 },
    ]);
    expect(total.labels).toMatchObject({ ...TARGET, direction: 'inbound', status_code: '200' });
  });

  it('is scraped each interval, pages being made a little after that', () => {
    const times = scrapeTimes(5_000, 3_600_000, 'a');
    expect(times.length).toBe(720);
    for (const [i, { stampMs, pageMs }] of times.entries()) {
      expect(stampMs).toBe(times[0]!.stampMs + 5_000 * i);
      expect(pageMs - stampMs).toBeGreaterThanOrEqual(0);
      expect(pageMs - stampMs).toBeLessThanOrEqual(2_500);
    }
    expect(scrapeTimes(5_000, 60_000, 'b')[0]!.stampMs).not.toBe(times[0]!.stampMs);
  });
});

describe('truthOf', () => {
  it('is that of the events in (at - window, at]', () => {
    const of = truthOf(
      stream([
        [1000, 50],
        [1001, 10, true],
        [2000, 20],
        [2001, 99],
      ]),
    );
    expect(of(2000, 1000)).toEqual({ rate: 2, successRate: 0.5, p99: 20 });
    expect(of(1000, 1000)).toEqual({ rate: 1, successRate: 1, p99: 50 });
    expect(of(5000, 1000)).toBeNull();
  });

  it('takes the least latency that 99 % do not exceed', () => {
    const of = truthOf(stream(Array.from({ length: 200 }, (_, i) => [i, 200 - i])));
    expect(of(1000, 2000)!.p99).toBe(198);
  });
});

describe('deviation', () => {
  it('has the bias with its sign and the sizes without', () => {
    expect(deviation([-0.1, 0.3, -0.2, 0.1])).toEqual({
      bias: expect.closeTo(0.025, 9),
      p50: 0.1,
      p95: 0.3,
      worst: 0.3,
    });
    expect(deviation([])).toBeNull();
  });
});

describe('queries', () => {
  it('are of the windows that people take, each once', () => {
    expect(windowsOf(10_000)).toEqual([40_000, 60_000, 120_000, 300_000]);
    expect(windowsOf(15_000)).toEqual([60_000, 120_000, 300_000]);
    expect(accuracyQueries({ job: 'a' }, 60_000).map(({ expr }) => expr)).toEqual([
      'sum(rate(response_total{direction="inbound", job="a"}[1m]))',
      'sum(rate(response_total{classification="success", direction="inbound", job="a"}[1m])) / sum(rate(response_total{direction="inbound", job="a"}[1m]))',
      'histogram_quantile(0.99, sum(rate(response_latency_ms_bucket{direction="inbound", job="a"}[1m])) by (le))',
    ]);
  });
});

describe('remote write', () => {
  it('encodes labels in their order, values and times', () => {
    const bytes = writeRequest([
      {
        labels: { b: '2', __name__: 'x' },
        samples: [
          { t: 300, v: 1 },
          { t: 2 ** 40, v: STALE },
        ],
      },
    ]);
    expect(bytes.toString('hex')).toBe(
      '0a37' +
        '0a0d0a085f5f6e616d655f5f120178' +
        '0a060a0162120132' +
        '120c09000000000000f03f10ac02' +
        '121009020000000000f07f10808080808020',
    );
  });

  it('frames bytes as literals of snappy', () => {
    const short = snappyLiteral(Buffer.from('abc'));
    expect([...short]).toEqual([3, 61 << 2, 2, 0, 97, 98, 99]);
    const long = snappyLiteral(Buffer.alloc(70_000, 1));
    expect([...long.subarray(0, 6)]).toEqual([0xf0, 0xa2, 0x04, 61 << 2, 0xff, 0xff]);
    expect(long.length).toBe(3 + 3 + 65_536 + 3 + 70_000 - 65_536);
  });
});
