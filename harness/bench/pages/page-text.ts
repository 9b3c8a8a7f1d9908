import { findProfile, type VersionProfile } from '../../mesh/profiles/index.ts';

/** How a value is printed: as the registry's and the legacy encoder's numbers are (facts 1.0). */
export const FORMAT = { integer: 0, float: 1, milliseconds: 2, wholeFloat: 3, nanoseconds: 4 } as const;
export type Format = (typeof FORMAT)[keyof typeof FORMAT];

/** One line with a value. */
export interface SampleLine {
  /** Name and labels as printed: what tells a page's series apart. */
  key: string;
  /** Where its value stands in the text, and where that ends. */
  from: number;
  to: number;
  value: number;
  format: Format;
}

/** Lines with values, in the order of the page. */
export function readSamples(text: string, version: string): SampleLine[] {
  const formats = formatsOf(findProfile(version));
  const lines: SampleLine[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at);
    if (text.charCodeAt(at) !== HASH && end > at) {
      const from = text.lastIndexOf(' ', end) + 1;
      const key = text.slice(at, from - 1);
      const brace = key.indexOf('{');
      const name = brace < 0 ? key : key.slice(0, brace);
      const value = Number(text.slice(from, end));
      lines.push({ key, from, to: end, value, format: formats.get(name) ?? FORMAT.integer });
    }
    at = end + 1;
  }
  return lines;
}

const HASH = 35;
/** Readings of clocks, which have a resolution. */
const FLOATS = new Map<string, Format>([
  ['process_clock_time_seconds', FORMAT.wholeFloat],
  ['process_uptime_seconds', FORMAT.nanoseconds],
  ['process_cpu_seconds', FORMAT.nanoseconds],
  ['tokio_rt_busy_seconds', FORMAT.nanoseconds],
]);

/** By the names of samples; what is not there is an integer. */
function formatsOf(profile: VersionProfile): Map<string, Format> {
  const formats = new Map<string, Format>();
  for (const { name, encoder, kind, value } of profile.families) {
    if (kind === 'histogram') {
      if (encoder === 'registry') formats.set(`${name}_sum`, FORMAT.float);
    } else if (value === 'float') {
      if (encoder === 'legacy') formats.set(name, FORMAT.milliseconds);
      else formats.set(kind === 'counter' ? `${name}_total` : name, FLOATS.get(name) ?? FORMAT.float);
    }
  }
  return formats;
}
