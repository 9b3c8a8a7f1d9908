import { EXIT, HarnessError } from './errors.ts';

/** A value with a unit that can't be read. */
export class UnitError extends HarnessError {
  constructor(message: string, hint: string) {
    super('INVALID_UNIT', message, { hint, exitCode: EXIT.invalidInput });
  }
}

const DURATION_MS: Record<string, number> = { us: 0.001, µs: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const RATE_SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600 };
const SIZE_BYTES: Record<string, number> = { B: 1, KB: 1e3, KiB: 1024, MB: 1e6, MiB: 1024 ** 2 };

const DURATION_HINT = 'write `8ms` or `2s`; units are us, ms, s, m, h, as in `1m30s`';
const RATE_HINT = 'write `50/s`, `30/m` or `0.5/s`';
const PERCENT_HINT = 'write `2%` or `0.5%`, from 0% to 100%';
const SIZE_HINT = 'write `512B`, `2KiB` or `10KB`; units are B, KB, KiB, MB, MiB';

const NUMBER = '\\d{1,15}(?:\\.\\d{1,9})?';
const ONE_DURATION = `(${NUMBER})(us|µs|ms|s|m|h)`;

/** Patterns of the written forms, for the JSON Schema. */
export const UNIT_PATTERNS = {
  duration: '^(\\d+(\\.\\d+)?(us|µs|ms|s|m|h))+$',
  rate: '^\\d+(\\.\\d+)? */ *(s|m|h)$',
  percent: '^(100(\\.0+)?|\\d{1,2}(\\.\\d+)?) *%$',
  size: '^\\d+(\\.\\d+)? *(B|KB|KiB|MB|MiB)$',
} as const;

/**
 * `500us`, `8ms`, `2s`, `1m30s` in milliseconds, to the microsecond.
 * @throws UnitError also for a bare number: a duration without a unit means something else to everyone
 */
export function parseDuration(text: string): number {
  const value = text.trim();
  if (!new RegExp(`^(?:${ONE_DURATION})+$`).test(value)) throw unreadable('duration', value, DURATION_HINT);
  let ms = 0;
  let last = Number.POSITIVE_INFINITY;
  for (const [, amount, unit] of value.matchAll(new RegExp(ONE_DURATION, 'g'))) {
    const scale = DURATION_MS[unit!]!;
    if (scale >= last) {
      throw new UnitError(`\`${shorten(value)}\` is not a duration: its units do not descend`, DURATION_HINT);
    }
    last = scale;
    ms += Number(amount) * scale;
  }
  return Math.round(ms * 1000) / 1000;
}

/** Milliseconds in the shortest form that `parseDuration` reads back to the microsecond. */
export function formatDuration(ms: number): string {
  const us = Math.round(ms * 1000);
  if (us === 0) return '0s';
  if (us < 1000) return `${us}us`;
  if (us < 1_000_000) return `${us / 1000}ms`;
  const hours = Math.floor(us / 3_600_000_000);
  const minutes = Math.floor(us / 60_000_000) % 60;
  const seconds = (us % 60_000_000) / 1_000_000;
  return `${hours ? `${hours}h` : ''}${minutes ? `${minutes}m` : ''}${seconds ? `${seconds}s` : ''}`;
}

/** `50/s`, `30/m`, `0.5/s` in requests per second. @throws UnitError */
export function parseRate(text: string): number {
  const match = new RegExp(`^(${NUMBER}) */ *(s|m|h)$`).exec(text.trim());
  if (!match) throw unreadable('rate', text.trim(), RATE_HINT);
  return Number(match[1]) / RATE_SECONDS[match[2]!]!;
}

/** Requests per second, as `50/s`; at most three decimals. */
export function formatRate(perSecond: number): string {
  return `${trimmed(perSecond, 3)}/s`;
}

/** `2%` as a ratio from 0 to 1. @throws UnitError also over 100 % */
export function parsePercent(text: string): number {
  const match = new RegExp(`^(${NUMBER}) *%$`).exec(text.trim());
  if (!match) throw unreadable('percentage', text.trim(), PERCENT_HINT);
  const percent = Number(match[1]);
  if (percent > 100) throw new UnitError(`\`${text.trim()}\` is over 100 %`, PERCENT_HINT);
  return percent / 100;
}

/** A ratio as `2%`; at most three decimals. */
export function formatPercent(ratio: number): string {
  return `${trimmed(ratio * 100, 3)}%`;
}

/** `512B`, `2KiB`, `10KB` in bytes. @throws UnitError also when it is no whole number of bytes */
export function parseSize(text: string): number {
  const match = new RegExp(`^(${NUMBER}) *(B|KB|KiB|MB|MiB)$`).exec(text.trim());
  if (!match) throw unreadable('size', text.trim(), SIZE_HINT);
  const bytes = Number(match[1]) * SIZE_BYTES[match[2]!]!;
  if (!Number.isSafeInteger(bytes)) throw new UnitError(`\`${text.trim()}\` is no whole number of bytes`, SIZE_HINT);
  return bytes;
}

/** Bytes as `2KiB`, `10KB` or `512B`, whichever is exact; else with one decimal. */
export function formatSize(bytes: number): string {
  for (const unit of ['MiB', 'MB', 'KiB', 'KB']) {
    if (bytes >= SIZE_BYTES[unit]! && bytes % SIZE_BYTES[unit]! === 0) return `${bytes / SIZE_BYTES[unit]!}${unit}`;
  }
  if (bytes < 10_240) return `${bytes}B`;
  return bytes < 1024 ** 2 ? `${trimmed(bytes / 1024, 1)}KiB` : `${trimmed(bytes / 1024 ** 2, 1)}MiB`;
}

/** What to say when a number stands where a value with a unit belongs. */
export function bareNumber(what: 'duration' | 'rate' | 'percentage' | 'size', value: number | string): UnitError {
  const written = {
    duration: `\`${value}ms\` or \`${value}s\``,
    rate: `\`${value}/s\` or \`${value}/m\``,
    // Whoever writes 0.02 may mean a ratio or a percentage.
    percentage: Number(value) < 1 ? `\`${trimmed(Number(value) * 100, 7)}%\` or \`${value}%\`` : `\`${value}%\``,
    size: `\`${value}B\` or \`${value}KiB\``,
  }[what];
  return new UnitError(`${value} is a number without a unit where a ${what} belongs`, `write ${written}`);
}

function unreadable(what: 'duration' | 'rate' | 'percentage' | 'size', value: string, hint: string): UnitError {
  if (/^\d+(\.\d+)?$/.test(value)) return bareNumber(what, shorten(value));
  if (value.startsWith('-')) return new UnitError(`\`${shorten(value)}\` is negative`, hint);
  return new UnitError(`\`${shorten(value)}\` is not a ${what}`, hint);
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function trimmed(value: number, decimals: number): string {
  return String(Number(value.toFixed(decimals)));
}
