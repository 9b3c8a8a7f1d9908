import type { Estimate, Machine } from '../../result/bench/types.ts';
import { formatNumber } from '../format.ts';

/** How benchmarks write quantities. */

/** Requests per second: three significant digits below a hundred. */
export function formatRate(perSecond: number): string {
  return `${formatNumber(perSecond, perSecond < 10 ? 2 : perSecond < 100 ? 1 : 0)}/s`;
}

/** `1,230/s (1,200/s to 1,260/s)`. */
export function formatEstimate(estimate: Estimate, format: (value: number) => string): string {
  return `${format(estimate.value)} (${formatInterval(estimate, format)})`;
}

/** `1,200/s to 1,260/s`; of one whose upper end was not found `1,200/s or more`. */
export function formatInterval({ low, high }: Estimate, format: (value: number) => string): string {
  return Number.isFinite(high) ? `${format(low)} to ${format(high)}` : `${format(low)} or more`;
}

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `512 B`, `4.1 KiB`, `3.2 GiB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return formatNumber(bytes);
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 1023.95 && unit < SIZES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${bytes < 0 ? '-' : ''}${formatNumber(value, unit === 0 ? (value < 10 ? 2 : 0) : value < 100 ? 1 : 0)} ${SIZES[unit]}`;
}

/** `1.2 cores`, `35 millicores`. */
export function formatCores(cores: number): string {
  return cores < 0.0995
    ? `${formatNumber(cores * 1000, cores < 0.01 ? 1 : 0)} millicores`
    : `${formatNumber(cores, 2)} cores`;
}

/** Signed, of a ratio around 1 or 0: `+3.2%`. */
export function formatChange(ratio: number, digits = 1): string {
  const text = `${formatNumber(ratio * 100, digits)}%`;
  return ratio > 0 ? `+${text}` : text;
}

/** `linux x64, Some CPU, 2 cores, 24 GiB, Node v24.1.0`. */
export function machineLine({ platform, cpu, cores, memoryBytes, node }: Machine): string {
  return `${platform}, ${cpu}, ${cores === 1 ? '1 core' : `${cores} cores`}, ${formatBytes(memoryBytes)}, Node ${node}`;
}
