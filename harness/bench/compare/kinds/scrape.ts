import type { ScrapePoint, ScrapePrediction, ScrapeResult, ScrapeSettings } from '../../../result/bench/types.ts';
import { mean } from '../../../upgrade/statistics.ts';
import { machines, other, unfinished } from '../caveats.ts';
import { ofCounts, ofShares } from '../counting.ts';
import { type Draft, matched } from '../draft.ts';
import { exact, ofEstimates, ofRepeats, ofSpread, pooledSpread, type Test, unknown } from '../noise.ts';

type Quantity = 'cpu' | 'memory' | 'disk' | 'scrape-duration';

interface Measure {
  what: string;
  unit: string;
  better: Draft['better'];
  of(point: ScrapePoint): number | null;
  /** Of the model: its residuals tell the noise where nothing was repeated. */
  quantity?: Quantity;
}

const MEASURES: Measure[] = [
  { what: 'CPU per sample', unit: 'µs', better: 'lower', quantity: 'cpu', of: (p) => p.prometheus.cpuMicrosPerSample },
  {
    ...{ what: 'memory per series', unit: 'bytes', better: 'lower', quantity: 'memory' },
    of: (p) => p.prometheus.residentBytesPerSeries,
  },
  {
    ...{ what: 'live heap per series', unit: 'bytes', better: 'lower' },
    of: ({ prometheus: { heapBytes, headSeries } }) => (headSeries > 0 ? heapBytes / headSeries : null),
  },
  {
    ...{ what: 'disk per sample', unit: 'bytes', better: 'lower', quantity: 'disk' },
    of: (p) => p.prometheus.blockBytesPerSample,
  },
  { what: 'write-ahead log per sample', unit: 'bytes', better: 'lower', of: (p) => p.prometheus.walBytesPerSample },
  {
    ...{ what: 'scrape duration p50', unit: 'ms', better: 'lower', quantity: 'scrape-duration' },
    of: (p) => p.scrapeDurationMs.p50,
  },
  { what: 'scrape duration p99', unit: 'ms', better: 'lower', of: (p) => p.scrapeDurationMs.p99 },
  { what: 'page made, p50', unit: 'µs', better: 'lower', of: (p) => p.generator.pageMicros.p50 },
  { what: 'samples served per CPU s', unit: '', better: 'higher', of: (p) => p.generator.samplesPerCpuSecond },
];

export function scrapeDrafts(a: ScrapeResult, b: ScrapeResult): Draft[] {
  const points = matched(a.points, b.points, ({ settings }) => settingsText(settings)).filter(
    ([, x, y]) => x.length > 0 && y.length > 0,
  );
  return [
    ...points.flatMap(([group, x, y]) => pointDrafts(group, x, y, a, b)),
    ...matched(a.predictions, b.predictions, askedText).flatMap(([group, [x], [y]]) =>
      x && y ? predictionDrafts(group, x, y) : [],
    ),
    ...accuracyDrafts(a, b),
  ];
}

function settingsText({ targets, series, intervalMs, version, churn, gzip }: ScrapeSettings): string {
  const extras = `${churn > 0 ? `, churn ${churn}` : ''}${gzip ? ', gzip' : ''}`;
  return `${targets} x ${series} series every ${intervalMs / 1000} s, ${version}${extras}`;
}

function pointDrafts(
  group: string,
  x: readonly ScrapePoint[],
  y: readonly ScrapePoint[],
  a: ScrapeResult,
  b: ScrapeResult,
): Draft[] {
  const total = (points: readonly ScrapePoint[], of: (point: ScrapePoint) => number) =>
    points.reduce((sum, point) => sum + of(point), 0);
  const measured = MEASURES.map((measure): Draft => {
    const [before, after] = [known(x, measure), known(y, measure)];
    return {
      ...{ group, what: measure.what, unit: measure.unit, better: measure.better },
      ...{ a: average(before), b: average(after), test: testOf(before, after, measure, a, b) },
    };
  });
  const missed = (points: readonly ScrapePoint[]) => total(points, (point) => point.missed.scrapes);
  const due = (points: readonly ScrapePoint[]) => total(points, (p) => p.missed.scrapes + p.prometheus.scrapes);
  const rejected = (points: readonly ScrapePoint[]) =>
    total(points, (point) => Object.values(point.rejected).reduce((sum, count) => sum + count, 0));
  const series = (points: readonly ScrapePoint[]) => mean(points.map((point) => point.seriesPerTarget));
  return [
    ...measured,
    {
      ...{ group, what: 'scrapes missed', unit: 'ratio', better: 'lower' },
      ...{ a: ratio(missed(x), due(x)), b: ratio(missed(y), due(y)) },
      test: ofShares({ hits: missed(x), of: due(x) }, { hits: missed(y), of: due(y) }),
    },
    {
      ...{ group, what: 'samples rejected', unit: '', better: 'lower', a: rejected(x), b: rejected(y) },
      test: x.length === y.length ? ofCounts(rejected(x), rejected(y)) : unknown('one side has more repeats'),
    },
    {
      ...{ group, what: 'series per target', unit: '', better: 'neither', a: series(x), b: series(y) },
      test: exact(series(x), series(y), 'a page of one version has as many'),
    },
  ];
}

const known = (points: readonly ScrapePoint[], { of }: Measure) => points.map(of).filter((value) => value !== null);
const average = (list: readonly number[]) => (list.length > 0 ? mean(list) : null);
const ratio = (part: number, whole: number) => (whole > 0 ? part / whole : null);

/** By the repeats of these settings, else by those of others, else by how far points lie from the model of their sweep. */
function testOf(
  before: readonly number[],
  after: readonly number[],
  measure: Measure,
  a: ScrapeResult,
  b: ScrapeResult,
): Test {
  if (before.length === 0 || after.length === 0) return unknown('');
  if (before.length > 1 && after.length > 1) return ofRepeats(before, after);
  const [left, right] = [mean(before), mean(after)];
  const repeats = pooledSpread([a, b].flatMap((record) => bySettings(record).map((points) => known(points, measure))));
  if (repeats) {
    const deviation = repeats.deviation * Math.hypot(left / Math.sqrt(before.length), right / Math.sqrt(after.length));
    const from = `how much repeats of other settings vary (${repeats.freedom} degrees of freedom)`;
    return ofSpread(left, right, { deviation, freedom: repeats.freedom, from });
  }
  const [x, y] = [residual(a, measure.quantity), residual(b, measure.quantity)];
  if (!x || !y) return unknown('these settings were not repeated');
  return ofSpread(left, right, {
    deviation: Math.hypot(left * x.deviation, right * y.deviation),
    freedom: Math.min(x.freedom, y.freedom),
    from: `residuals of the models (rms ${(100 * x.deviation).toFixed(1)}% and ${(100 * y.deviation).toFixed(1)}%)`,
  });
}

const bySettings = ({ points }: ScrapeResult) => [
  ...Map.groupBy(points, ({ settings }) => settingsText(settings)).values(),
];

/** Relative; null: no model, or one that goes through all of its points. */
function residual({ model }: ScrapeResult, quantity: Quantity | undefined) {
  const found = model?.quantities.find(({ name }) => name === quantity);
  if (!found) return null;
  const fitted = found.residuals.filter(({ heldOut }) => !heldOut);
  const freedom = fitted.length - found.terms.length;
  if (freedom < 1) return null;
  const squares = fitted.reduce((sum, { relative }) => sum + relative ** 2, 0);
  return { deviation: Math.sqrt(squares / freedom), freedom };
}

function askedText({ asked: { pods, edges, intervalMs, version, churn } }: ScrapePrediction): string {
  const extras = churn > 0 ? `, churn ${churn}` : '';
  return `predicted for ${pods} pods, ${edges} edges, ${intervalMs / 1000} s, ${version}${extras}`;
}

function predictionDrafts(group: string, a: ScrapePrediction, b: ScrapePrediction): Draft[] {
  const row = (
    what: string,
    unit: string,
    of: 'cpuCores' | 'memoryBytes' | 'diskBytesPerDay' | 'scrapeDurationMs',
  ): Draft => ({
    ...{ group, what, unit, better: 'lower', headline: true },
    ...{ a: a[of].value, b: b[of].value, test: ofEstimates(a[of], b[of]) },
  });
  return [
    row('CPU', 'cores', 'cpuCores'),
    row('memory', 'bytes', 'memoryBytes'),
    row('disk per day', 'bytes', 'diskBytesPerDay'),
    row('scrape duration', 'ms', 'scrapeDurationMs'),
  ];
}

function accuracyDrafts(a: ScrapeResult, b: ScrapeResult): Draft[] {
  type Point = ScrapeResult['accuracy'][number];
  const key = ({ metric, traffic, intervalMs, windowMs }: Point) =>
    `${metric}\n${traffic}, every ${intervalMs / 1000} s over ${windowMs / 1000} s`;
  return matched(a.accuracy, b.accuracy, key).flatMap(([name, [x], [y]]): Draft[] => {
    if (!x || !y) return [];
    const [metric = '', what = ''] = name.split('\n');
    const empty = ({ empty, evaluations }: Point) => ({ hits: empty, of: evaluations });
    const share = (point: Point) => ratio(point.empty, point.evaluations);
    return [
      {
        ...{ group: `accuracy of ${metric}, error p95`, what, unit: 'ratio', better: 'lower' },
        ...{ a: x.error?.p95 ?? null, b: y.error?.p95 ?? null },
        test: unknown('windows overlap, so that evaluations do not tell how much it varies'),
      },
      {
        ...{ group: `accuracy of ${metric}, without an answer`, what, unit: 'ratio', better: 'lower' },
        ...{ a: share(x), b: share(y), test: ofShares(empty(x), empty(y)) },
      },
    ];
  });
}

export function scrapeCaveats(a: ScrapeResult, b: ScrapeResult): string[] {
  const count = ({ points }: ScrapeResult) => new Set(points.map(({ settings }) => settingsText(settings)));
  const [x, y] = [count(a), count(b)];
  const shared = [...x].filter((settings) => y.has(settings)).length;
  return [
    ...machines(a.machine, b.machine),
    ...other('version of Prometheus', a.prometheus.version, b.prometheus.version),
    ...other('command line of Prometheus', a.prometheus.args.join(' '), b.prometheus.args.join(' ')),
    ...other('seed', a.plan.seed, b.plan.seed),
    ...other('time per point', `${a.plan.secondsPerPoint} s`, `${b.plan.secondsPerPoint} s`),
    ...(shared === x.size && shared === y.size
      ? []
      : [`A measured ${x.size} settings and B ${y.size}; ${shared} of them are the same, the others are not compared`]),
    ...unfinished(a, b),
  ];
}
