import { formatDuration, formatMs, formatNumber, formatPercent } from '../format.ts';
import { formatBytes, formatChange, formatCores, formatRate } from './units.ts';

/** Values of a comparison, as short as a column wants them. */

const WORDS: Record<string, string[]> = {
  verdict: ['pass', 'inconcl.', 'fail'],
  decision: ['go', 'undecided', 'no-go'],
};

/** Whether values are words, of which no change in percent says anything. */
export const inWords = (unit: string) => Object.hasOwn(WORDS, unit);

/** @param value null: the side has none */
export function formatIn(unit: string, value: number | null): string {
  if (value === null) return '-';
  const words = WORDS[unit];
  if (words) return words[value] ?? formatNumber(value);
  switch (unit) {
    case 'ms':
      return Math.abs(value) < 1000 ? formatMs(value) : formatDuration(value);
    case '/s':
      return formatRate(value);
    case 'bytes':
      return formatBytes(value);
    case 'cores':
      return formatCores(value);
    case 'ratio':
      return formatPercent(value);
    default:
      return `${significant(value)}${unit ? ` ${unit}` : ''}`;
  }
}

/** Whole, or three significant digits; millions as such. */
function significant(value: number): string {
  if (Math.abs(value) >= 1e6) return `${significant(value / 1e6)} M`;
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 || size === 0 ? 0 : 2 - Math.floor(Math.log10(size));
  return formatNumber(value, Math.min(9, digits));
}

/** `+3.2%`; from tenfold on as a factor. */
export function formatRelative(change: number): string {
  if (change >= 9) return `x${formatNumber(change + 1, change < 99 ? 1 : 0)}`;
  return change === 0 ? '0%' : formatChange(change, Math.abs(change) < 0.1 ? 1 : 0);
}

/** `±2.9%`. */
export function formatNoise(noise: number): string {
  if (noise >= 9) return `±x${formatNumber(noise)}`;
  return `±${formatPercent(noise, noise < 0.1 ? 1 : 0)}`;
}
