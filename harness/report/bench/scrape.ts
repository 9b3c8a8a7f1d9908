import type {
  AccuracyPoint,
  FamilyCost,
  ModelQuantity,
  ScrapePoint,
  ScrapePrediction,
  ScrapeResult,
} from '../../result/bench/types.ts';
import { formatDuration, formatMs, formatNumber, formatPercent, plural } from '../format.ts';
import type { Column } from '../table.ts';
import { errorBlocks } from './capacity.ts';
import type { Block, Mood } from './document.ts';
import { formatBytes, formatChange, formatCores, formatEstimate, machineLine } from './units.ts';

/** Families that are shown with what to paste. */
const MAX_DROPS = 5;
/** Of those that something needs. */
const MAX_NEEDED = 3;
const MAX_FAMILIES = 15;

/** What `meshproof bench scrape` found, in blocks for any format. */
export function scrapeBlocks(result: ScrapeResult): Block[] {
  return [
    { kind: 'headline', ...scrapeHeadline(result) },
    ...(result.error ? errorBlocks(result.error) : []),
    { kind: 'text', text: scrapeConditions(result) },
    ...result.predictions.flatMap(predictionBlocks),
    ...sweepBlocks(result.points),
    ...modelBlocks(result),
    ...accuracyBlocks(result.accuracy),
    ...familyBlocks(result.families),
  ];
}

/** Whether all was well, and how well the model predicts. */
export function scrapeHeadline(result: ScrapeResult): { text: string; mood: Mood } {
  const { points, plan, model } = result;
  const missed = points.reduce((sum, point) => sum + point.missed.scrapes, 0);
  const rejected = points.reduce((sum, point) => sum + rejectedOf(point), 0);
  const count =
    points.length === plan.points.length
      ? plural(points.length, 'point')
      : `${points.length} of ${plural(plan.points.length, 'point')}`;
  const health = `${missed === 0 ? 'no scrape missed' : plural(missed, 'scrape missed', 'scrapes missed')}, ${
    rejected === 0 ? 'no sample rejected' : plural(rejected, 'sample rejected', 'samples rejected')
  }`;
  const worst = (name: ModelQuantity['name']) => model?.quantities.find((q) => q.name === name)?.worstHeldOut ?? null;
  const tested = (['cpu', 'memory'] as const).flatMap((name) => {
    const error = worst(name);
    return error === null ? [] : [`${name === 'cpu' ? 'CPU' : name} within ${formatPercent(error, 1)}`];
  });
  return {
    text: `${count} measured: ${health}${tested.length > 0 ? `; the model predicts held-out ${tested.join(', ')}` : ''}`,
    mood: result.error ? 'open' : missed + rejected > 0 ? 'bad' : 'good',
  };
}

function rejectedOf({ rejected }: ScrapePoint): number {
  return Object.values(rejected).reduce((sum, count) => sum + count, 0);
}

/** With what and on what it was measured, in one line. */
export function scrapeConditions({ machine, prometheus, plan, durationMs }: ScrapeResult): string {
  return `Prometheus ${prometheus.version}, ${machineLine(machine)}; ${formatDuration(plan.secondsPerPoint * 1000)} a point, seed ${plan.seed}; ${formatDuration(durationMs)}`;
}

/** Which point it is; versions and churn where they are what differs. `*`: held out. */
export function settingsColumns(points: readonly ScrapePoint[]): {
  columns: Column[];
  cells(point: ScrapePoint): string[];
} {
  const of = (p: ScrapePoint) =>
    `${p.settings.version}${p.settings.churn > 0 ? ` ${formatPercent(p.settings.churn, 0)}/min` : ''}`;
  const several = new Set(points.map(of)).size > 1;
  return {
    columns: [
      { title: 'TARGETS', align: 'right' },
      { title: 'SERIES', align: 'right' },
      { title: 'EVERY', align: 'right' },
      ...(several ? [{ title: 'VERSION', flexible: true }] : []),
    ],
    cells: (p) => [
      `${p.settings.heldOut ? '* ' : ''}${formatNumber(p.settings.targets)}`,
      formatNumber(p.seriesPerTarget),
      shortDuration(p.settings.intervalMs),
      ...(several ? [of(p)] : []),
    ],
  };
}

const TAKES: Column[] = [
  { title: 'CORES', align: 'right' },
  { title: 'us/SAMPLE', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'B/SERIES', align: 'right' },
  { title: 'P99', align: 'right' },
  { title: 'MISSED', align: 'right' },
];

const GENERATOR_IS_NO_PROXY =
  'The generator writes pages by templates, so that many fit on one machine: how long it takes is no proxy\'s time. What rendering costs a sidecar of ours: npm run bench -- --only "a page is rendered".';

const COSTS: Column[] = [
  { title: 'BLOCK', align: 'right' },
  { title: 'WAL', align: 'right' },
  { title: 'PAGE', align: 'right' },
  { title: 'SENT', align: 'right' },
  { title: 'MADE IN', align: 'right' },
  { title: 'CORES', align: 'right' },
];

/** What Prometheus took at each point, and what went wrong there. */
export function sweepBlocks(points: readonly ScrapePoint[]): Block[] {
  if (points.length === 0) return [];
  const settings = settingsColumns(points);
  const held = points.some((p) => p.settings.heldOut) ? '; * is held out of the fit' : '';
  return [
    { kind: 'title', text: `What Prometheus takes (P99: of the durations of scrapes${held})` },
    {
      kind: 'table',
      columns: [...settings.columns, ...TAKES],
      rows: points.map((p) => [
        ...settings.cells(p),
        formatNumber(p.prometheus.cpuSeconds / p.seconds, 3),
        formatNumber(p.prometheus.cpuMicrosPerSample, 2),
        formatBytes(p.prometheus.residentBytes),
        formatNumber(p.prometheus.residentBytesPerSeries),
        formatMs(p.scrapeDurationMs.p99),
        formatNumber(p.missed.scrapes),
      ]),
    },
    {
      kind: 'title',
      text: 'On disk (bytes a sample: in a block as old as the point, in the WAL), and what the generator of pages took (MADE IN: a page; CORES: all targets)',
    },
    {
      kind: 'table',
      columns: [...settings.columns, ...COSTS],
      rows: points.map((p) => [
        ...settings.cells(p),
        perSample(p.prometheus.blockBytesPerSample),
        perSample(p.prometheus.walBytesPerSample),
        formatBytes(p.bytesPerPage),
        formatBytes(p.bytesOnWire),
        `${formatNumber(p.generator.pageMicros.p50)} us`,
        formatNumber(p.generator.cpuSeconds / p.seconds, 3),
      ]),
    },
    { kind: 'text', text: GENERATOR_IS_NO_PROXY },
    ...troubles(points),
  ];
}

function perSample(bytes: number | null): string {
  return bytes === null ? 'n/a' : formatNumber(bytes, 2);
}

function troubles(points: readonly ScrapePoint[]): Block[] {
  const items = points.flatMap((p) => {
    const where = `${formatNumber(p.settings.targets)} targets of ${formatNumber(p.seriesPerTarget)} series every ${shortDuration(p.settings.intervalMs)}`;
    const { scrapes, targets, examples } = p.missed;
    return [
      ...(scrapes > 0
        ? [`${where}: ${plural(scrapes, 'scrape')} missed at ${plural(targets, 'target')}: ${examples.join(', ')}`]
        : []),
      ...Object.entries(p.rejected)
        .filter(([, count]) => count > 0)
        .map(([reason, count]) => `${where}: ${plural(count, 'sample')} rejected: ${reason}`),
    ];
  });
  return items.length > 0 ? [{ kind: 'items', items }] : [];
}

function modelBlocks({ model, points }: ScrapeResult): Block[] {
  if (!model)
    return points.length > 0
      ? [{ kind: 'text', text: 'no model: it needs more points, or points that differ more' }]
      : [];
  const settings = settingsColumns(points);
  const columns: Column[] = [
    ...settings.columns,
    ...model.quantities.map((q): Column => ({ title: q.name.toUpperCase(), align: 'right' })),
  ];
  const rows = points.map((point, index) => [
    ...settings.cells(point),
    ...model.quantities.map((q) => {
      const residual = q.residuals.find((r) => r.point === index);
      return residual ? formatChange(residual.relative) : '';
    }),
  ]);
  return [
    { kind: 'title', text: 'The model' },
    { kind: 'items', items: model.quantities.map(quantityText) },
    { kind: 'title', text: 'Its residuals: predicted against measured' },
    { kind: 'table', columns, rows },
  ];
}

/** `cpu (cores) = 1.9e-6 x samples per second + 0.012; rms 3.1%, held-out points within 6.0%`. */
export function quantityText({ name, unit, terms, rms, worstHeldOut }: ModelQuantity): string {
  const sum = terms
    .map(({ name: term, coefficient }) => {
      const factor = coefficientText(coefficient);
      return term === '1' ? factor : `${factor} x ${term}`;
    })
    .join(' + ');
  const held = worstHeldOut === null ? '' : `, held-out points within ${formatPercent(worstHeldOut, 1)}`;
  return `${name} (${unit}) = ${sum || '0'}; rms ${formatPercent(rms, 1)}${held}`;
}

function coefficientText(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return formatNumber(value, size < 1 ? 4 : size < 100 ? 2 : 0);
}

/** Predictions alone. */
export function predictionReport(predictions: readonly ScrapePrediction[]): Block[] {
  return predictions.flatMap(predictionBlocks);
}

/** What was asked, and what it will take, with the intervals; what is extrapolated is said. */
export function predictionBlocks(prediction: ScrapePrediction): Block[] {
  const { asked, seriesPerPod, samplesPerSecond, cpuCores, memoryBytes, diskBytesPerDay, scrapeDurationMs } =
    prediction;
  const churn = asked.churn > 0 ? `, ${formatPercent(asked.churn, 0)} of pods replaced a minute` : '';
  return [
    {
      kind: 'title',
      text: `Predicted: ${plural(asked.pods, 'pod')} with ${plural(asked.edges, 'edge')} each every ${shortDuration(asked.intervalMs)}, Linkerd ${asked.version}${churn}`,
    },
    {
      kind: 'items',
      items: [
        `${plural(seriesPerPod, 'series', 'series')} a pod, ${plural(seriesPerPod * asked.pods, 'series', 'series')} in all, ${formatNumber(samplesPerSecond)} samples/s`,
        `CPU of Prometheus: ${formatEstimate(cpuCores, formatCores)}`,
        `memory of Prometheus: ${formatEstimate(memoryBytes, formatBytes)}`,
        `disk: ${formatEstimate(diskBytesPerDay, formatBytes)} a day`,
        `a scrape takes ${formatEstimate(scrapeDurationMs, formatMs)}`,
        ...(prediction.missed.length === 0 ? ['no target would be missed'] : []),
        ...prediction.missed.map(({ targets, why }) => `missed: ${targets}: ${why}`),
        ...prediction.extrapolates.map((sentence) => `extrapolated: ${sentence}`),
      ],
    },
  ];
}

/** Windows that are shown; the record has more. */
export const WINDOWS_MS = [60_000, 300_000];
export const METRICS: Record<AccuracyPoint['metric'], string> = {
  rate: 'rate()',
  'success-rate': 'success rate, in percentage points,',
  p99: 'p99 of the buckets',
};

/** A table a metric and window: by traffic and interval, what 95 of 100 evaluations stay within. */
function accuracyBlocks(accuracy: readonly AccuracyPoint[]): Block[] {
  if (accuracy.length === 0) return [];
  const tables = WINDOWS_MS.flatMap((windowMs) =>
    Object.entries(METRICS).flatMap(([metric, name]): Block[] => {
      const points = accuracy.filter((p) => p.windowMs === windowMs && p.metric === metric);
      if (points.length === 0) return [];
      const title = `${name} over ${shortDuration(windowMs)}`;
      return [{ kind: 'text', text: title }, accuracyTable(points)];
    }),
  );
  const text = 'What the interval buys: 95 of 100 evaluations are off the truth by no more than';
  return [
    { kind: 'title', text },
    ...tables,
    {
      kind: 'text',
      text: 'empty: never an answer; with a share, so many evaluations had none, and the error is of the others. Bias, median, worst and other windows are in scrape.json.',
    },
  ];
}

/** By traffic and interval, what 95 of 100 evaluations stay within. */
export function accuracyTable(points: readonly AccuracyPoint[]): Block {
  const intervals = [...new Set(points.map((p) => p.intervalMs))].sort((a, b) => a - b);
  const traffics = [...new Set(points.map((p) => p.traffic))];
  const columns: Column[] = [
    { title: 'TRAFFIC', flexible: true },
    ...intervals.map((ms): Column => ({ title: shortDuration(ms), align: 'right' })),
  ];
  const rows = traffics.map((traffic) => [
    traffic,
    ...intervals.map((ms) => {
      const point = points.find((p) => p.traffic === traffic && p.intervalMs === ms);
      if (!point) return '';
      return accuracyCell(point);
    }),
  ]);
  return { kind: 'table', columns, rows };
}

/** `1.1%`; `1.1% (40% empty)` where that is of the others alone; `empty`. */
function accuracyCell({ error, metric, empty, evaluations }: AccuracyPoint): string {
  if (!error) return 'empty';
  const p95 = formatPercent(error.p95, metric === 'success-rate' ? 2 : 1);
  return empty > 0 ? `${p95} (${formatPercent(empty / evaluations, 0)} empty)` : p95;
}

/** `5 s`, `1 min`. */
export function shortDuration(ms: number): string {
  return formatDuration(ms).replace('.0 s', ' s').replace(' min 00 s', ' min');
}

const FAMILIES: Column[] = [
  { title: 'FAMILY', flexible: true },
  { title: 'SERIES', align: 'right' },
  { title: 'SHARE', align: 'right' },
  { title: 'CPU', align: 'right' },
  { title: 'MEMORY', align: 'right' },
  { title: 'NEEDED BY', align: 'right' },
];

export function familyBlocks(families: readonly FamilyCost[]): Block[] {
  if (families.length === 0) return [];
  const unneeded = families.filter(({ neededBy }) => neededBy.length === 0).slice(0, MAX_DROPS);
  const needed = families.filter(({ neededBy }) => neededBy.length > 0).slice(0, MAX_NEEDED);
  return [
    { kind: 'title', text: 'What each family costs (CPU, memory: per 1,000 pods)' },
    {
      kind: 'table',
      columns: FAMILIES,
      rows: families
        .slice(0, MAX_FAMILIES)
        .map((f) => [
          f.family,
          formatNumber(f.seriesPerTarget),
          formatPercent(f.share, 1),
          f.cpuCores === null ? 'n/a' : formatCores(f.cpuCores),
          f.memoryBytes === null ? 'n/a' : formatBytes(f.memoryBytes),
          f.neededBy.length === 0 ? 'nothing' : plural(f.neededBy.length, 'query', 'queries'),
        ]),
    },
    ...(families.length > MAX_FAMILIES
      ? [
          {
            kind: 'text' as const,
            text: `… and ${plural(families.length - MAX_FAMILIES, 'family', 'families')} more in scrape.json, each with what needs it`,
          },
        ]
      : []),
    ...(unneeded.length > 0
      ? [
          { kind: 'title' as const, text: 'To drop the most expensive that no common query needs' },
          { kind: 'items' as const, items: unneeded.map(({ family, loses }) => `${family}: ${loses}`) },
          { kind: 'code' as const, language: 'yaml', text: joined(unneeded.map(({ drop }) => drop)) },
        ]
      : []),
    ...(needed.length > 0
      ? [
          {
            kind: 'title' as const,
            text: 'The most expensive that something needs, and what dropping each would break',
          },
        ]
      : []),
    ...needed.flatMap(({ family, loses, drop }): Block[] => [
      { kind: 'items', items: [`${family}: ${loses}`] },
      { kind: 'code', language: 'yaml', text: drop },
    ]),
  ];
}

/** One list of metric_relabel_configs of several. */
function joined(drops: readonly string[]): string {
  const head = 'metric_relabel_configs:';
  const bodies = drops.map((drop) => drop.trimEnd().replace(/^metric_relabel_configs:\n/, ''));
  return [head, ...bodies].join('\n');
}
