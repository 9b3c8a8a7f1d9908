import { HarnessError } from '../../../../core/errors.ts';

const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A duration as annotations have it, ms: a whole number with one unit.
 * @throws RangeError for anything else
 */
export function duration(text: string): number {
  const [, digits, unit = ''] = /^(\d+)(ms|s|m|h|d)?$/.exec(text.trim()) ?? [];
  if (digits === undefined || (unit === '' && Number(digits) !== 0)) throw new RangeError(`no duration: ${text}`);
  return Number(digits) * (UNITS[unit] ?? 0);
}

/** A duration as Go writes it, ms: `1m30s`, `1.5s`. undefined for anything else. */
export function goDuration(text: string): number | undefined {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) return undefined;
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * UNITS[unit!]!, 0);
}

/** What `make` gives; null when it finds the text wrong: as Linkerd, which logs it and goes on. */
export function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError || error instanceof HarnessError) return null;
    throw error;
  }
}
