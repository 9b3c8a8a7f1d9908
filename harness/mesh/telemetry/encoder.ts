import type { FamilyProfile } from '../profiles/index.ts';
import { legacyInteger, legacySeconds, registryFloat } from './numbers.ts';

/** Lines of one histogram, each up to its value. */
export interface HistogramLines {
  /** Ascending, `+Inf` last. */
  buckets: string[];
  sum: string;
  count: string;
}

/** How one of the proxy's two encoders lays out a family. Everything but the value is made once per series. */
export interface Encoder {
  header(family: FamilyProfile): string;
  /** The line of a counter or gauge up to its value; `labels` without braces. */
  scalarLine(family: FamilyProfile, labels: string): string;
  scalarValue(family: FamilyProfile, value: number): string;
  histogramLines(family: FamilyProfile, labels: string): HistogramLines;
  /** `counts` are per bucket, not cumulative. */
  histogram(lines: HistogramLines, counts: readonly number[], sum: number): string;
}

const braces = (labels: string) => (labels === '' ? '' : `{${labels}}`);
const join = (first: string, second: string) => (first && second ? `${first},${second}` : first + second);

function cumulative(lines: readonly string[], counts: readonly number[]): { text: string; total: number } {
  let text = '';
  let total = 0;
  for (let i = 0; i < lines.length; i++) {
    total += counts[i] as number;
    text += `${lines[i]}${total}\n`;
  }
  return { text, total };
}

/** linkerd-metrics' FmtMetrics: full names, `le` last and integral, buckets before count and sum. */
export const legacyEncoder: Encoder = {
  header: (family) => `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.kind}\n`,
  scalarLine: (family, labels) => `${family.name}${braces(labels)} `,
  scalarValue: (family, value) => (family.value === 'float' ? legacySeconds(value) : legacyInteger(value)),
  histogramLines: (family, labels) => ({
    buckets: [...(family.buckets ?? []).map(String), '+Inf'].map(
      (le) => `${family.name}_bucket{${join(labels, `le="${le}"`)}} `,
    ),
    sum: `${family.name}_sum${braces(labels)} `,
    count: `${family.name}_count${braces(labels)} `,
  }),
  histogram: (lines, counts, sum) => {
    const { text, total } = cumulative(lines.buckets, counts);
    return `${text}${lines.count}${total}\n${lines.sum}${legacyInteger(sum)}\n`;
  },
};

/** prometheus-client's text encoder: base names in headers, `le` first and a float, sum and count before buckets. */
export const registryEncoder: Encoder = {
  header: (family) =>
    `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.kind}\n${
      family.unit === null ? '' : `# UNIT ${family.name} ${family.unit}\n`
    }`,
  scalarLine: (family, labels) => `${family.name}${family.kind === 'counter' ? '_total' : ''}${braces(labels)} `,
  scalarValue: (family, value) => (family.value === 'float' ? registryFloat(value) : String(value)),
  histogramLines: (family, labels) => ({
    buckets: [...(family.buckets ?? []).map(registryFloat), '+Inf'].map(
      (le) => `${family.name}_bucket{${join(`le="${le}"`, labels)}} `,
    ),
    sum: `${family.name}_sum${braces(labels)} `,
    count: `${family.name}_count${braces(labels)} `,
  }),
  histogram: (lines, counts, sum) => {
    const { text, total } = cumulative(lines.buckets, counts);
    return `${lines.sum}${registryFloat(sum)}\n${lines.count}${total}\n${text}`;
  },
};

export const ENCODERS = { legacy: legacyEncoder, registry: registryEncoder } as const;
