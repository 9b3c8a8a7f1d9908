import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelQuantity, ScrapeModel, ScrapePoint } from '../../result/bench/types.ts';
import { fitModel, predict } from './index.ts';
import { fitRelative } from './least-squares.ts';
import { LAW, type Law, pointOf, sweepOf } from './testing/points.ts';

const quantity = (model: ScrapeModel | null, name: ModelQuantity['name']) =>
  model!.quantities.find((one) => one.name === name)!;
const coefficient = (model: ScrapeModel | null, name: ModelQuantity['name'], term: string) =>
  quantity(model, name).terms.find((one) => one.name === term)?.coefficient;

/** Between -1 and 1, the same sequence for the same seed. */
function noiseOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const PAGE = { series: 800, bytes: 800 * 270 };
const ASKED = { pods: 300, edges: 8, intervalMs: 10_000, version: '2.20', churn: 0 };

describe('fitModel', () => {
  it('finds the law behind points without noise, and no more', () => {
    const model = fitModel(sweepOf());
    expect(quantity(model, 'cpu').terms.map(({ name }) => name)).toEqual([
      'samples per second',
      '1',
      'scrapes per second',
    ]);
    expect(coefficient(model, 'cpu', 'samples per second')).toBeCloseTo(LAW.perSample, 12);
    expect(coefficient(model, 'cpu', 'scrapes per second')).toBeCloseTo(LAW.perScrape, 9);
    expect(coefficient(model, 'cpu', '1')).toBeCloseTo(LAW.cores, 9);
    expect(coefficient(model, 'memory', 'series')).toBeCloseTo(LAW.perSeries, 4);
    expect(coefficient(model, 'memory', 'targets')).toBeCloseTo(LAW.perTarget, 2);
    expect(coefficient(model, 'disk', 'series per sample')).toBeCloseTo(LAW.indexBytes, 6);
    expect(coefficient(model, 'disk', '1')).toBeCloseTo(LAW.sampleBytes, 6);
    expect(coefficient(model, 'scrape-duration', 'series per target')).toBeCloseTo(0.004, 9);
  });

  it('finds what compression and churn cost where they were swept', () => {
    const more: ScrapePoint[] = [
      pointOf({ targets: 200, series: 1000, churn: 0.1 }),
      pointOf({ targets: 500, series: 500, churn: 0.05 }),
      pointOf({ targets: 200, series: 500, gzip: true }),
      pointOf({ targets: 500, series: 500, gzip: true }),
    ];
    const model = fitModel([...sweepOf(), ...more]);
    expect(coefficient(model, 'cpu', 'new series per second')).toBeCloseTo(LAW.perNewSeries, 9);
    expect(coefficient(model, 'cpu', 'compressed samples per second')).toBeCloseTo(LAW.perCompressed, 10);
  });

  it('predicts held-out points, the largest among them, within 15 % when each measurement is off by up to 5 %', () => {
    const law = fc.record({
      cores: fc.double({ min: 0, max: 0.1, noNaN: true }),
      perSample: fc.double({ min: 5e-7, max: 8e-6, noNaN: true }),
      perScrape: fc.double({ min: 0, max: 1e-3, noNaN: true }),
      bytes: fc.double({ min: 5e7, max: 2e8, noNaN: true }),
      perSeries: fc.double({ min: 2e3, max: 12e3, noNaN: true }),
      perTarget: fc.double({ min: 0, max: 2e5, noNaN: true }),
      sampleBytes: fc.double({ min: 1, max: 3, noNaN: true }),
    });
    fc.assert(
      fc.property(law, fc.integer(), (some: Law, seed) => {
        const random = noiseOf(seed);
        const model = fitModel(sweepOf(some, () => 0.05 * random()));
        for (const name of ['cpu', 'memory'] as const) expect(quantity(model, name).worstHeldOut).toBeLessThan(0.15);
      }),
      { numRuns: 200, seed: 8 },
    );
  });

  it('gives each point its residual, held-out ones marked and out of the fit', () => {
    const points = sweepOf();
    const off = points.findIndex(({ settings }) => settings.heldOut);
    points[off]!.prometheus.residentBytes *= 2;
    const memory = quantity(fitModel(points), 'memory');
    expect(memory.residuals.map(({ point }) => point)).toEqual(points.map((_, i) => i));
    expect(memory.residuals[off]).toMatchObject({ heldOut: true, relative: expect.closeTo(-0.5, 6) });
    expect(memory.worstHeldOut).toBeCloseTo(0.5, 6);
    expect(memory.rms).toBeLessThan(1e-6);
    expect(memory.range).toMatchObject({ targets: [50, 500], 'series per target': [200, 1000], interval: [5, 30] });
  });

  it('goes by the bytes of pages where lines differ and memory goes by them', () => {
    const points = sweepOf();
    for (const point of points) {
      const line = 240 + point.settings.series / 10;
      point.bytesPerPage = point.seriesPerTarget * line;
      point.prometheus.residentBytes = 80e6 + 9 * line * point.prometheus.headSeries;
    }
    const memory = quantity(fitModel(points), 'memory');
    expect(memory.terms.map(({ name }) => name)).toEqual(['bytes of pages', '1']);
    expect(memory.terms[0]!.coefficient).toBeCloseTo(9, 6);
  });

  it('takes nothing of CPU from points that missed scrapes', () => {
    const points = sweepOf();
    const saturated = pointOf({ targets: 500, series: 1000, intervalMs: 5_000 });
    saturated.prometheus.cpuSeconds /= 3;
    saturated.missed.scrapes = saturated.prometheus.scrapes / 2;
    const model = fitModel([...points, saturated]);
    expect(quantity(model, 'cpu').residuals).toHaveLength(points.length);
    expect(quantity(model, 'memory').residuals).toHaveLength(points.length + 1);
    expect(quantity(model, 'cpu').rms).toBeLessThan(1e-6);
  });

  it('says nothing with too few points, and leaves out terms that few points cannot tell apart', () => {
    expect(fitModel([])).toBeNull();
    expect(fitModel(sweepOf().slice(0, 2))).toBeNull();
    const three = fitModel([50, 200, 500].map((targets) => pointOf({ targets })));
    // With pages and interval the same, samples, scrapes, targets and series are all one.
    expect(quantity(three, 'cpu').terms.map(({ name }) => name)).toEqual(['samples per second', '1']);
    expect(quantity(three, 'memory').terms.map(({ name }) => name)).toEqual(['series', '1']);
  });

  it('does without disk where no snapshot was had', () => {
    const points = sweepOf();
    for (const { prometheus } of points) prometheus.block = null;
    const model = fitModel(points)!;
    expect(model.quantities.map(({ name }) => name)).toEqual(['cpu', 'memory', 'scrape-duration']);
    const prediction = predict(model, ASKED, PAGE);
    expect(prediction.diskBytesPerDay).toEqual({ value: 0, low: 0, high: 0, level: 0 });
    expect(prediction.extrapolates.join()).toContain('nothing is known of disk');
  });
});

describe('fitRelative', () => {
  const rowsOf = (apart: number) => [1, 2, 3, 5, 8, 13].map((x, i) => [x, x * (1 + (i % 2 === 0 ? apart : -apart))]);
  const fitOf = (apart: number) => {
    const rows = rowsOf(apart);
    return fitRelative(
      rows,
      rows.map(([a, b]) => a! + 5 * b!),
    )!;
  };

  it('leaves out a column that is nearly another one, even where it would fit better', () => {
    expect(fitOf(0.02)).toEqual({ columns: [0], coefficients: [expect.closeTo(6, 1)] });
    expect(fitOf(0.2)).toEqual({ columns: [0, 1], coefficients: [expect.closeTo(1, 9), expect.closeTo(5, 9)] });
  });
});

describe('predict', () => {
  const model = fitModel(sweepOf())!;

  it('follows the law within what was measured', () => {
    const prediction = predict(model, ASKED, PAGE);
    const samples = (300 * 800) / 10;
    expect(prediction.samplesPerSecond).toBe(samples);
    // Proxies compress when they are asked to; nothing was measured of it here.
    expect(prediction.cpuCores.value).toBeCloseTo(0.04 + samples * 2e-6 + 30 * 300e-6, 9);
    const series = 300 * 805;
    // Nine chunks in three hours at 10 s; the last is open.
    const aged = series * 8 * 42 * 1.75;
    expect(prediction.memoryBytes.value).toBeCloseTo(90e6 + series * 6000 + 300 * 90_000 + aged, -1);
    expect(prediction.diskBytesPerDay.value / (samples * 86_400)).toBeCloseTo(1.4 + 180 / 720 + 34 / 120, 9);
    expect(prediction.missed).toEqual([]);
    expect(prediction.extrapolates).toEqual([
      expect.stringContaining('measured uncompressed'),
      expect.stringContaining('memory after three hours'),
    ]);
  });

  it('holds the truth in its interval nearly always, by 19 in 20', () => {
    let inside = 0;
    const runs = 200;
    for (let seed = 0; seed < runs; seed += 1) {
      const random = noiseOf(seed * 7919);
      const noisy = fitModel(sweepOf(LAW, () => 0.05 * random()))!;
      const { low, high } = predict(noisy, ASKED, PAGE).cpuCores;
      const truth = 0.04 + 24_000 * 2e-6 + 30 * 300e-6;
      if (low <= truth && truth <= high) inside += 1;
    }
    expect(inside / runs).toBeGreaterThan(0.93);
  });

  it('never falls with more pods, more churn or a shorter interval', () => {
    const asked = fc.record({
      pods: fc.integer({ min: 1, max: 20_000 }),
      intervalMs: fc.integer({ min: 1000, max: 120_000 }),
      churn: fc.double({ min: 0, max: 0.5, noNaN: true }),
    });
    fc.assert(
      fc.property(asked, fc.integer({ min: 1, max: 5000 }), fc.integer(), (given, more, seed) => {
        const random = noiseOf(seed);
        const some = fitModel(sweepOf(LAW, () => 0.1 * random()))!;
        const at = (change: Partial<typeof ASKED>) => predict(some, { ...ASKED, ...given, ...change }, PAGE);
        const base = at({});
        for (const other of [
          at({ pods: given.pods + more }),
          at({ churn: given.churn + more / 10_000 }),
          at({ intervalMs: given.intervalMs / (1 + more / 1000) }),
        ]) {
          expect(other.cpuCores.value).toBeGreaterThanOrEqual(base.cpuCores.value * (1 - 1e-12));
          expect(other.memoryBytes.value).toBeGreaterThanOrEqual(base.memoryBytes.value * (1 - 1e-12));
        }
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('says where it extrapolates, and widens there', () => {
    const far = predict(
      model,
      { ...ASKED, pods: 5000, intervalMs: 60_000, churn: 0.01 },
      { series: 1600, bytes: 1600 * 400 },
    );
    expect(far.extrapolates).toEqual([
      '22,470,000 series in the head; measured up to 252,500',
      '5,000 targets; measured up to 500',
      '133,333 samples per second; measured up to 25,000',
      'pages of 1,600 series; measured up to 1,000',
      'lines of 400 bytes; measured up to 270',
      'an interval of 60 s; measured up to 30',
      '1,333 new series per second; measured without',
      expect.stringContaining('measured uncompressed'),
      expect.stringContaining('watched for 60 s'),
    ]);
    const width = ({ value, low, high }: { value: number; low: number; high: number }) => (high - low) / value;
    const near = predict(model, ASKED, PAGE);
    expect(width(near.memoryBytes)).toBeLessThan(0.01);
    expect(width(far.memoryBytes)).toBeGreaterThan(0.5);
  });

  it('says which targets would be missed, and why', () => {
    const many = predict(model, { ...ASKED, pods: 5000, intervalMs: 5_000 }, PAGE, {
      cores: 1,
      memoryBytes: 8 * 1024 ** 3,
    });
    expect(many.missed.map(({ why }) => why)).toEqual([
      expect.stringMatching(/^Prometheus needs \d+ GiB of memory and the machine has 8 GiB/),
      'Prometheus needs 1.9 cores and the machine has 1',
    ]);
    expect(many.missed[1]!.targets).toMatch(
      /^about 48 % of all scrapes, as many as 2,4\d\d targets have; those with the largest pages first/,
    );
    const slow = predict(model, { ...ASKED, intervalMs: 1_000 }, { series: 300_000, bytes: 300_000 * 270 });
    expect(slow.missed).toEqual([{ targets: 'all', why: 'a scrape takes 1.2 s and may take 1 s' }]);
    const large = predict(model, { ...ASKED, pods: 10, intervalMs: 1_000 }, { series: 20_000, bytes: 20_000 * 270 });
    expect(large.missed).toEqual([
      {
        targets: expect.stringMatching(/^proxies whose pages have more than 249,750 series/),
        why: 'a scrape of theirs takes longer than 1 s',
      },
    ]);
  });
});
