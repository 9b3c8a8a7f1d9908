import type {
  CapacityPoint,
  CapacityResult,
  CapacitySide,
  Estimate,
  MeshPrice,
  Objectives,
} from '../../result/bench/types.ts';
import { formatDuration, formatMs, formatNumber, formatPercent, plural } from '../format.ts';
import type { Column } from '../table.ts';
import type { Block, Mood } from './document.ts';
import { servedShare, tellsLatency } from './served.ts';
import { formatBytes, formatCores, formatEstimate, formatInterval, formatRate, machineLine } from './units.ts';

/** What `meshproof bench capacity` found, in blocks for any format. `atLeast`: requests per second that were asked for. */
export function capacityBlocks(result: CapacityResult, atLeast: number | null = null): Block[] {
  return [
    { kind: 'headline', ...capacityHeadline(result, atLeast) },
    ...(result.error ? errorBlocks(result.error) : []),
    { kind: 'text', text: capacityConditions(result) },
    ...sidesBlocks(result),
    ...(result.price ? priceBlocks(result.price) : []),
    ...result.sides.flatMap(curveBlocks),
    ...uncountedBlocks(result),
  ];
}

export function errorBlocks({ code, message, hint }: NonNullable<CapacityResult['error']>): Block[] {
  return [
    { kind: 'text', text: `error ${code}: ${message}`, mood: 'bad' },
    { kind: 'text', text: `hint: ${hint}` },
  ];
}

/** `p99 <= 250 ms, success >= 99.9%`. */
export function objectivesText({ p50Ms, p95Ms, p99Ms, successRate }: Objectives): string {
  const latency = Object.entries({ p50: p50Ms, p95: p95Ms, p99: p99Ms }).flatMap(([name, ms]) =>
    ms === null ? [] : [`${name} <= ${formatMs(ms)}`],
  );
  return [...latency, `success >= ${formatPercent(successRate, 3)}`].join(', ');
}

/** Whether a rate that was asked for is carried: beyond doubt, beyond doubt not, or open. */
export function carries(result: CapacityResult, atLeast: number): 'yes' | 'no' | 'open' {
  const side = mainSide(result);
  if (!side) return 'open';
  const { capacity, converged } = side;
  if (!capacity) return carriesNothing(side, atLeast) ? 'no' : 'open';
  if (capacity.low >= atLeast) return 'yes';
  return capacity.high < atLeast && converged ? 'no' : 'open';
}

/** As often as the search tries the lowest rate before it gives up. */
const TRIES = 2;

/** Whether rates no higher than that were tried, and no rate was ever sustained. */
function carriesNothing({ points }: CapacitySide, atLeast: number): boolean {
  const counted = points.filter(({ sustained }) => sustained !== null);
  const tried = counted.filter(({ offeredPerSecond }) => offeredPerSecond <= atLeast);
  return tried.length >= TRIES && counted.every(({ sustained }) => !sustained);
}

/** The side that people ask for: meshed, or what there is. */
export function mainSide({ sides }: CapacityResult): CapacitySide | undefined {
  return sides.find(({ side }) => side === 'meshed') ?? sides[0];
}

/** What is carried within which objectives, and whether that is what was asked for. */
export function capacityHeadline(result: CapacityResult, atLeast: number | null): { text: string; mood: Mood } {
  const side = mainSide(result);
  const of = result.of === '*' ? 'The mesh' : result.of;
  const subject =
    side?.side === 'unmeshed' ? `Without the mesh, ${result.of === '*' ? 'the services' : result.of}` : of;
  const verb = subject.endsWith('services') ? 'carry' : 'carries';
  if (!side?.capacity) {
    const text = `No capacity was found: ${side?.stopped || result.error?.message || 'nothing was measured'}`;
    const tooLittle = atLeast !== null && carries(result, atLeast) === 'no';
    return tooLittle ? { text: `${text}: less than ${formatRate(atLeast)}`, mood: 'bad' } : { text, mood: 'open' };
  }
  const found = `${subject} ${verb} ${formatEstimate(side.capacity, formatRate)} within ${objectivesText(result.objectives)}`;
  if (atLeast === null) return { text: found, mood: side.converged ? 'good' : 'open' };
  const answer = carries(result, atLeast);
  const asked = formatRate(atLeast);
  if (answer === 'yes') return { text: `${found}: ${asked} and more`, mood: 'good' };
  if (answer === 'no') return { text: `${found}: less than ${asked}`, mood: 'bad' };
  return { text: `${found}: whether it carries ${asked} is open`, mood: 'open' };
}

/** With what and on what it was measured, in one line. */
export function capacityConditions({
  scenario,
  of,
  environment,
  machine,
  tools,
  durationMs,
  seed,
}: CapacityResult): string {
  const { name, mesh } = environment;
  const what = of === '*' ? 'all of its traffic' : `traffic to ${of}`;
  return [
    `scenario ${scenario}, ${what}, seed ${seed}`,
    `${name}, ${mesh.kind} mesh ${mesh.version}${mesh.proxyVersion ? ` (proxy ${mesh.proxyVersion})` : ''}`,
    machineLine(machine),
    ...tools.map((tool) => `${tool.name} ${tool.version}`),
    formatDuration(durationMs),
  ].join('; ');
}

const SIDES: Column[] = [
  { title: 'SIDE' },
  { title: 'CAPACITY', align: 'right' },
  { title: 'INTERVAL', align: 'right' },
  { title: 'POINTS', align: 'right' },
  { title: 'LIMITED BY', flexible: true },
];

/** A row a side, and how its search ended. */
export function sidesBlocks({ sides }: CapacityResult): Block[] {
  if (sides.length === 0) return [];
  const rows = sides.map(({ side, capacity, points, limitedBy }) => [
    side,
    capacity ? formatRate(capacity.value) : 'n/a',
    capacity ? `${formatInterval(capacity, formatRate)} (${formatPercent(capacity.level, 0)})` : 'n/a',
    formatNumber(points.length),
    limitedBy || 'unknown',
  ]);
  return [
    { kind: 'table', columns: SIDES, rows },
    ...sides.map(({ side, stopped }): Block => ({ kind: 'text', text: `${side}: ${stopped}` })),
  ];
}

export function priceBlocks(price: MeshPrice): Block[] {
  const { appCpu, proxyCpu, appBytes, proxyBytes, addedLatencyMs, atPerSecond } = price;
  const growth = price.bytesPer1000PerSecond;
  const cpu = (value: number) => `${formatNumber(value, 2)} s`;
  return [
    { kind: 'title', text: 'The price of the mesh' },
    { kind: 'text', text: price.text },
    {
      kind: 'table',
      columns: [
        { title: `AT ${formatRate(atPerSecond)}`, flexible: true },
        { title: 'MESHED', align: 'right' },
        { title: 'UNMESHED', align: 'right' },
      ],
      rows: [
        ...(['p50', 'p95', 'p99'] as const).map((p) => [
          `added latency ${p}`,
          latencyCell(addedLatencyMs[p], price.addedLatencyWithin?.[p] ?? null),
          '',
        ]),
        ['CPU of the apps per 1,000 requests', cpu(appCpu.meshed), cpu(appCpu.unmeshed)],
        ['CPU of the proxies per 1,000 requests', cpu(proxyCpu), ''],
        ['memory of the apps', formatBytes(appBytes.meshed), formatBytes(appBytes.unmeshed)],
        ['memory of the proxies', formatBytes(proxyBytes), ''],
        ...(growth
          ? [
              ['memory of the apps, per 1,000/s more', growthCell(growth.app.meshed), growthCell(growth.app.unmeshed)],
              ['memory of the proxies, per 1,000/s more', growthCell(growth.proxy), ''],
            ]
          : []),
      ],
    },
  ];
}

function latencyCell(value: number, within: Estimate | null): string {
  return within ? `${formatMs(value)} ${noiseOf(within, formatMs)}` : formatMs(value);
}

function growthCell(growth: Estimate | null): string {
  return growth ? `${formatBytes(growth.value)} ${noiseOf(growth, formatBytes)}` : 'unknown';
}

/** `±1.2 ms`; `±1.2 ms: noise` where it may as well be none. */
function noiseOf({ low, high }: Estimate, format: (value: number) => string): string {
  return `±${format((high - low) / 2)}${low <= 0 && high >= 0 ? ': noise' : ''}`;
}

const DROPPED = 'DROPPED';
/** Under a curve that has such points. */
export const DROPPED_MEANS =
  'dropped: iterations that never began. They count as not succeeded; latency is not given (n/a), for it would be of the others alone';

const CURVE: Column[] = [
  { title: 'OFFERED', align: 'right' },
  { title: 'ACHIEVED', align: 'right' },
  { title: '', flexible: true },
  { title: 'P50', align: 'right' },
  { title: 'P99', align: 'right' },
  { title: 'SUCCESS', align: 'right' },
  { title: DROPPED, align: 'right' },
  { title: 'APP', align: 'right' },
  { title: 'PROXY', align: 'right' },
  { title: 'KEPT' },
];
const BAR = 8;

/** Offered against achieved rate, with what it costs: a row a point, by rate. */
function curveBlocks({ side, points }: CapacitySide): Block[] {
  if (points.length === 0) return [];
  const sorted = [...points].sort((a, b) => a.offeredPerSecond - b.offeredPerSecond || a.index - b.index);
  const most = Math.max(...points.map((point) => point.achievedPerSecond));
  const drops = points.some(({ droppedIterations }) => droppedIterations > 0);
  // A column more has to fit into 80.
  const bar = drops ? BAR / 2 : BAR;
  const rows = sorted.map((point) => [
    formatRate(point.offeredPerSecond),
    formatRate(point.achievedPerSecond),
    '#'.repeat(Math.round((point.achievedPerSecond / most) * bar) || 0),
    latencyText(point, 'p50'),
    latencyText(point, 'p99'),
    formatPercent(servedShare(point), 1),
    ...(drops ? [point.droppedIterations === 0 ? '' : formatNumber(point.droppedIterations)] : []),
    coresOf(point, 'app'),
    coresOf(point, 'proxy'),
    keptText(point),
  ]);
  const columns = CURVE.filter(({ title }) => drops || title !== DROPPED);
  return [
    { kind: 'title', text: `The curve, ${side} (APP, PROXY: cores)` },
    { kind: 'table', columns, rows },
    ...(drops ? [{ kind: 'text' as const, text: DROPPED_MEANS }] : []),
  ];
}

/** Latency of a point as a cell. */
export function latencyText(point: CapacityPoint, quantile: 'p50' | 'p95' | 'p99' | 'max'): string {
  return point.latencyMs && tellsLatency(point) ? formatMs(point.latencyMs[quantile]) : 'n/a';
}

/** Whether a point kept to the objectives, as a cell. */
export function keptText({ sustained }: Pick<CapacityPoint, 'sustained'>): string {
  if (sustained === null) return 'not counted';
  return sustained ? 'yes' : 'no';
}

function coresOf({ usage }: CapacityPoint, part: string): string {
  const own = usage.find((u) => u.part === part);
  return own ? formatCores(own.cores).replace(/ (?:milli)?cores$/, own.cores < 0.0995 ? 'm' : '') : '';
}

/** Points that the search leaves out, each with why. */
export function uncountedBlocks({ sides }: CapacityResult): Block[] {
  const uncounted = sides.flatMap(({ points }) => points.filter(({ sustained }) => sustained === null));
  if (uncounted.length === 0) return [];
  return [
    {
      kind: 'title',
      text: `${plural(uncounted.length, 'point')} that ${uncounted.length === 1 ? 'does' : 'do'} not count`,
    },
    {
      kind: 'items',
      items: uncounted.map(
        ({ offeredPerSecond, dir, why }) =>
          `${formatRate(offeredPerSecond)} (${dir}): ${why.join('; ') || 'no reason was given'}`,
      ),
    },
  ];
}
