import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { passingScenario, sampleFlow } from '../../../result/testing/sample.ts';
import type { TimelineBand } from '../../../result/timeline/types.ts';
import { sampleTimeline } from '../testing/suite-sample.ts';
import { bandsOf } from './bands.ts';
import { topologyOf } from './edges.ts';
import { deviations } from './flow-chart.ts';
import { placed } from './layout.ts';
import { logTicks, niceAxis, niceStep, shortNumber, timeLabel, timeTicks } from './scale.ts';
import { evenly, stairs, thinned, type Xy } from './thin.ts';

const scenario = passingScenario();

describe('edges of a scenario', () => {
  it('sums all statuses of a side: rate, success rate and percentile, truth beside Prometheus', () => {
    const flows = [
      sampleFlow({ truth: 900, proxy: 900, prometheus: 899 }),
      sampleFlow({ truth: 100, proxy: 100, prometheus: 101, status: '503' }),
    ];
    const { edges } = topologyOf({ ...scenario, flows }, undefined);
    expect(edges).toHaveLength(1);
    expect(edges[0]!.shown).toMatchObject({
      truth: { count: 1000, ratePerSecond: 100, successRate: 0.9, p99Ms: 48.2 },
      prometheus: { count: 1000, ratePerSecond: 100, successRate: 0.899, p99Ms: 49.1 },
      proxy: 1000,
      differs: '',
    });
  });

  it('says what differs in a word, and shows the side where it does', () => {
    const word = (...changes: Parameters<typeof sampleFlow>[0][]) =>
      topologyOf({ ...scenario, flows: changes.map(sampleFlow) }, undefined).edges[0]!.shown.differs;
    expect(word({ prometheus: 1197, verdict: 'fail' })).toBe('3 too few');
    expect(
      word({ prometheus: 1197, verdict: 'fail' }, { status: '503', truth: 1, prometheus: 4, verdict: 'fail' }),
    ).toBe('3 too few, 3 too many');
    expect(word({ prometheus: null, verdict: 'inconclusive' })).toBe('no data');
    expect(word({ verdict: 'inconclusive' })).toBe('undecided');
    expect(word({}, { direction: 'outbound', prometheus: 1201, verdict: 'fail' })).toBe('1 too many');
    const [latency] = scenario.quantiles;
    const off = topologyOf({ ...scenario, quantiles: [{ ...latency!, verdict: 'fail' }] }, undefined);
    expect(off.edges[0]!.shown.differs).toBe('latency off');
  });

  it('has no success rate and no percentile of connections, and counts no bytes', () => {
    const tcp = { protocol: 'tcp' as const, source: 'shop/web', destination: 'shop/db' };
    const flows = [
      sampleFlow({ ...tcp, status: 'connections' }),
      sampleFlow({ ...tcp, status: 'bytes up', truth: 9e6 }),
    ];
    expect(topologyOf({ ...scenario, flows }, undefined).edges[0]!.shown).toMatchObject({
      unit: 'connections',
      truth: { count: 1200, successRate: null, p99Ms: null },
    });
  });

  it('stands in the order of the calls, also around a circle, with the pods of each workload', () => {
    const edge = (source: string, destination: string) => sampleFlow({ source, destination });
    const flows = [edge('c', 'd'), edge('b', 'c'), edge('a', 'b'), edge('c', 'b'), edge('x', 'x')];
    const timeline = sampleTimeline({ ...scenario, flows });
    timeline.pods.push({ ...timeline.pods[0]!, pod: 'another' });
    const { edges, workloads } = topologyOf({ ...scenario, flows }, timeline);
    expect(edges.map(({ source, destination }) => source + destination)).toEqual(['ab', 'bc', 'cd', 'cb', 'xx']);
    expect(workloads.map(({ pods }) => pods)).toEqual([2, 1, 1, 1, 1]);
  });
});

describe('layout of a graph', () => {
  const box = { width: 100, height: 40 };
  it('puts callers left of callees and labels between them, without one upon the other', () => {
    const label = { width: 150, height: 60 };
    const { nodes, edges, width } = placed(
      [box, box, box],
      [
        { from: 0, to: 1, label },
        { from: 0, to: 2, label },
      ],
    );
    expect(nodes[0]!.x + 50).toBeLessThan(edges[0]!.label.x - 75);
    expect(edges[0]!.label.x + 75).toBeLessThan(nodes[1]!.x - 50);
    expect(Math.abs(edges[0]!.label.y - edges[1]!.label.y)).toBeGreaterThanOrEqual(60);
    expect(width).toBeGreaterThan(350);
  });

  it('gets through circles, and goes down where it would be too wide', () => {
    const label = { width: 190, height: 60 };
    const row = Array.from({ length: 8 }, (_, i) => ({ from: i, to: (i + 1) % 9, label }));
    const { width, height } = placed(Array(9).fill(box), [
      ...row,
      { from: 8, to: 0, label },
      { from: 3, to: 3, label },
    ]);
    expect(height).toBeGreaterThan(width);
  });
});

describe('thinning', () => {
  const wave = fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 80 });
  it('leaves no point of the line farther than the eye sees, and keeps both ends', () => {
    fc.assert(
      fc.property(wave, (ys) => {
        const points = ys.map((y, x): Xy => [x, y]);
        const kept = thinned(points);
        expect([kept[0], kept.at(-1)]).toEqual([points[0], points.at(-1)]);
        for (const [x, y] of points) {
          const after = kept.findIndex(([at]) => at >= x);
          const [[x1, y1], [x2, y2]] = [kept[Math.max(0, after - 1)]!, kept[after]!];
          const t = x2 === x1 ? 0 : (x - x1) / (x2 - x1);
          // Upright it may be more than across, the less so the flatter the line.
          const steep = Math.hypot(1, x2 === x1 ? 0 : (y2 - y1) / (x2 - x1));
          expect(Math.abs(y1 + t * (y2 - y1) - y)).toBeLessThanOrEqual(0.4 * steep + 1e-6);
        }
      }),
    );
  });

  it('makes a straight line of many points two, and keeps the way back', () => {
    expect(thinned(Array.from({ length: 50 }, (_, i): Xy => [i, 2 * i]))).toEqual([
      [0, 0],
      [49, 98],
    ]);
    expect(
      thinned([
        [0, 0],
        [10, 0],
        [2, 0],
      ]),
    ).toEqual([
      [0, 0],
      [10, 0],
      [2, 0],
    ]);
  });

  it('holds each value of a staircase until the next', () => {
    expect(
      stairs([
        [0, 1],
        [2, 5],
        [3, 6],
      ]),
    ).toEqual([
      [0, 1],
      [2, 1],
      [2, 5],
      [3, 5],
      [3, 6],
    ]);
  });

  it('takes rows evenly, with both ends and those that matter', () => {
    expect(evenly(3, 5)).toEqual([0, 1, 2]);
    const rows = evenly(1000, 11, (i) => i === 777);
    expect(rows).toEqual(expect.arrayContaining([0, 777, 999]));
    expect(rows).toHaveLength(12);
    expect(evenly(1000, 11, () => true).length).toBeLessThanOrEqual(22);
  });
});

describe('axes', () => {
  it('have round steps that hold what is shown', () => {
    expect([0, 1, 1.2, 3, 7, 501 / 3].map(niceStep)).toEqual([1, 1, 2, 5, 10, 200]);
    expect(niceAxis(501, 3)).toEqual({ max: 600, interval: 200 });
    expect(niceAxis(0, 3)).toEqual({ max: 1, interval: 1 });
    expect([950, 12_000, 1_500_000].map(shortNumber)).toEqual(['950', '12k', '1.5M']);
  });

  it('have round moments', () => {
    expect(timeTicks(-1300, 12_000)).toEqual([0, 5000, 10_000]);
    expect(timeTicks(0, 600_000).map(timeLabel)).toEqual(['0 s', '2 min', '4 min', '6 min', '8 min', '10 min']);
    expect(logTicks(0.9, 120)).toEqual([1, 3, 10, 30, 100]);
  });
});

describe('what Prometheus is off', () => {
  it('is told from the middle of what the truth permits, and outside of it', () => {
    const [flow] = sampleTimeline(scenario).flows;
    const prometheus = {
      atMs: [1, 2, 3],
      count: [10, 13, 9],
      failures: [0, 0, 0],
      low: [8, 10, 10],
      high: [12, 12, 12],
    };
    expect(deviations({ ...flow!, prometheus })).toEqual([
      { atMs: 1, off: 0, half: 2, outside: false },
      { atMs: 2, off: 2, half: 1, outside: true },
      { atMs: 3, off: -2, half: 1, outside: true },
    ]);
  });
});

describe('bands of a chart', () => {
  const band = (fromMs: number, toMs: number | null, label = 'a fault'): TimelineBand => ({
    kind: 'fault',
    label,
    fromMs,
    toMs,
  });
  it('have their labels one below the other where they would meet', () => {
    const { room } = bandsOf([band(0, 9000), band(100, 9000), band(200, 300)], 0, 10_000, 400);
    expect(bandsOf([], 0, 10_000, 400)).toMatchObject({ room: 0 });
    expect(bandsOf([band(0, 100), band(5000, null)], 0, 10_000, 400).room).toBe(room / 3);
  });

  it('are numbered where there is no room for words', () => {
    const place = (x: number, y: number): Xy => [x / 25, -y];
    const words = bandsOf([band(0, null), band(9900, null, 'a long name of what was done')], 0, 10_000, 400)
      .shapes(100, 10)
      .flatMap((shape) => shape(place))
      .flatMap(({ style }) => ('text' in style ? [style.text] : []));
    expect(words).toEqual(['a fault', '2']);
  });
});
