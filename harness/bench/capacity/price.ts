import { tellsLatency } from '../../report/bench/served.ts';
import { formatPercent } from '../../report/format.ts';
import type { CapacityPoint, CapacitySide, Estimate, MeshPrice, PartUsage } from '../../result/bench/types.ts';
import { differenceOf, slopeOf } from './price-noise.ts';
import { commonRate } from './schedule.ts';

/** What the mesh costs; null: one of the sides is missing, or has no point at the rate at which they are compared. */
export function priceOf(sides: readonly CapacitySide[]): MeshPrice | null {
  const [meshed, unmeshed] = (['meshed', 'unmeshed'] as const).map((side) => sides.find((one) => one.side === side));
  if (!meshed || !unmeshed) return null;
  const atPerSecond = commonRate([meshed.capacity, unmeshed.capacity]);
  if (atPerSecond === null) return null;
  const [a, b] = [pointsAt(meshed, atPerSecond), pointsAt(unmeshed, atPerSecond)];
  if (a.length === 0 || b.length === 0) return null;
  const added = (quantile: 'p50' | 'p95' | 'p99') =>
    median(a.map(({ latencyMs }) => latencyMs![quantile])) - median(b.map(({ latencyMs }) => latencyMs![quantile]));
  const within = (quantile: 'p50' | 'p95' | 'p99') =>
    differenceOf(
      ...([b, a].map((points) => points.map(({ latencyMs }) => latencyMs![quantile])) as [number[], number[]]),
      added(quantile),
    );
  const price = {
    capacityRatio: ratioOf(meshed.capacity!, unmeshed.capacity!),
    atPerSecond,
    addedLatencyMs: { p50: added('p50'), p95: added('p95'), p99: added('p99') },
    addedLatencyWithin: { p50: within('p50'), p95: within('p95'), p99: within('p99') },
    appCpu: { meshed: cpuOf(a, 'app'), unmeshed: cpuOf(b, 'app') },
    proxyCpu: cpuOf(a, 'proxy'),
    appBytes: { meshed: bytesOf(a, 'app'), unmeshed: bytesOf(b, 'app') },
    proxyBytes: bytesOf(a, 'proxy'),
    bytesPer1000PerSecond: {
      app: { meshed: growthOf(meshed, 'app'), unmeshed: growthOf(unmeshed, 'app') },
      proxy: growthOf(meshed, 'proxy'),
    },
  };
  return { text: textOf(price, meshed.capacity!, unmeshed.capacity!), ...price };
}

function pointsAt({ points }: CapacitySide, ratePerSecond: number): CapacityPoint[] {
  return points.filter(
    (p) =>
      p.step === 'knee' &&
      p.offeredPerSecond === ratePerSecond &&
      p.sustained !== null &&
      p.latencyMs !== null &&
      tellsLatency(p),
  );
}

/** Of bytes over thousands of requests per second. */
function growthOf({ points }: CapacitySide, part: string): Estimate | null {
  const known = points.flatMap((point) => {
    const bytes = point.sustained ? usageOf(point, part)?.residentBytes : undefined;
    return bytes === undefined ? [] : [{ x: point.achievedPerSecond / 1000, y: bytes }];
  });
  return slopeOf(known);
}

/** Of two estimates that are independent of each other; null: one of them has an open end. */
export function ratioOf(a: Estimate, b: Estimate): Estimate | null {
  if (![a.low, a.high, b.low, b.high].every((value) => Number.isFinite(value) && value > 0)) return null;
  const value = a.value / b.value;
  // On the scale of logarithms, on which a ratio is a difference.
  const down = Math.hypot(Math.log(a.value / a.low), Math.log(b.high / b.value));
  const up = Math.hypot(Math.log(a.high / a.value), Math.log(b.value / b.low));
  return { value, low: value * Math.exp(-down), high: value * Math.exp(up), level: Math.min(a.level, b.level) };
}

function cpuOf(points: readonly CapacityPoint[], part: string): number {
  return median(points.map((point) => usageOf(point, part)?.cpuSecondsPer1000Requests ?? 0));
}

function bytesOf(points: readonly CapacityPoint[], part: string): number {
  return median(points.map((point) => usageOf(point, part)?.residentBytes ?? 0));
}

function usageOf({ usage }: CapacityPoint, part: string): PartUsage | undefined {
  return usage.find((one) => one.part === part);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!;
}

function textOf(price: Omit<MeshPrice, 'text'>, meshed: Estimate, unmeshed: Estimate): string {
  const { capacityRatio, atPerSecond, addedLatencyMs, appCpu, proxyCpu, appBytes, proxyBytes } = price;
  const latency = (quantile: 'p50' | 'p95' | 'p99') =>
    withNoise(addedLatencyMs[quantile], price.addedLatencyWithin?.[quantile] ?? null);
  const { app, proxy } = price.bytesPer1000PerSecond ?? { app: { meshed: null, unmeshed: null }, proxy: null };
  const share = capacityRatio
    ? ` (${formatPercent(capacityRatio.value, 0)}, between ${formatPercent(capacityRatio.low, 0)} and ${formatPercent(capacityRatio.high, 0)})`
    : '';
  return [
    `${rateOf(meshed)} of ${rateOf(unmeshed)} requests/s without a mesh${share}`,
    `at ${short(atPerSecond)}/s latency in ms ${latency('p50')} at p50, ${latency('p95')} at p95, ${latency('p99')} at p99`,
    `per 1,000 requests ${short(proxyCpu)} CPU s of proxies, ${short(appCpu.meshed)} of apps (${short(appCpu.unmeshed)} without)`,
    `memory ${megabytes(proxyBytes)} of proxies, ${megabytes(appBytes.meshed)} of apps (${megabytes(appBytes.unmeshed)} without)`,
    `per 1,000 requests/s more ${growth(proxy)} of proxies, ${growth(app.meshed)} of apps (${growth(app.unmeshed)} without)`,
  ].join('; ');
}

const short = (value: number) => String(Number(value.toPrecision(3)));
const signed = (value: number) => `${value < 0 ? '-' : '+'}${short(Math.abs(value))}`;
/** What repeats leave open; of one whose interval holds zero that it may be none. */
function withNoise(value: number, within: Estimate | null): string {
  if (!within) return signed(value);
  const half = short((within.high - within.low) / 2);
  return `${signed(value)} (${within.low <= 0 && within.high >= 0 ? `within noise, ±${half}` : `±${half}`})`;
}

function growth(estimate: Estimate | null): string {
  if (!estimate) return 'unknown';
  const { value, low, high } = estimate;
  const half = `±${Math.round((high - low) / 2e6)}`;
  return `${value < 0 ? '-' : '+'}${megabytes(Math.abs(value))} (${low <= 0 && high >= 0 ? `within noise, ${half}` : half})`;
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const rateOf = ({ value, high }: Estimate) => `${Number.isFinite(high) ? '' : 'at least '}${short(value)}`;
