import type { PodFaults } from '../../contract.ts';

type Malformed = NonNullable<NonNullable<PodFaults['admin']>['malformed']>;

/** The page with one line of it broken, somewhere in its middle, so that no parser of the text format takes it. */
export function malformedPage(page: string, how: Malformed): string {
  const lines = page.split('\n');
  const fits = how === 'type' ? isType : how === 'value' ? isSample : isLabelled;
  const all = lines.flatMap((line, index) => (fits(line) ? [index] : []));
  const at = all[Math.floor(all.length / 2)];
  if (at === undefined) return page;
  lines[at] = BREAKS[how](lines[at]!);
  return lines.join('\n');
}

const BREAKS: Record<Malformed, (line: string) => string> = {
  value: (line) => `${line.slice(0, line.lastIndexOf(' '))} 0x1F_`,
  label: (line) => line.replace('{', '{3rd-label="",'),
  type: (line) => `${line.slice(0, line.lastIndexOf(' '))} countr`,
  quote: (line) => line.replace('"}', '}'),
};

const isSample = (line: string) => line !== '' && !line.startsWith('#');
const isType = (line: string) => line.startsWith('# TYPE ');
const isLabelled = (line: string) => isSample(line) && line.includes('"}');

/** Cumulative families whose label sets these proxies kept twice: one for each way by which a peer's TLS came. */
const TWICE = /^(?:(?:request|response)_|tcp_\w+_total\{)[^{]*\{?.*direction="inbound".*tls="true"/;

/**
 * Pages of proxies from v2.286 to v2.305 that have seen one peer dial the app's port and, later, their own with a transport
 * header: they keep both as label sets of their own, which print alike. What was counted first stands still from then on.
 */
export class DuplicateSeries {
  readonly #before = new Map<string, number>();

  /** The page with the series of meshed peers twice: those that stand still first. */
  apply(page: string): string {
    return page
      .split('\n')
      .map((line) => (TWICE.test(line) ? this.#twice(line) : line))
      .join('\n');
  }

  #twice(line: string): string {
    const space = line.lastIndexOf(' ');
    const series = line.slice(0, space);
    const value = Number(line.slice(space + 1));
    let before = this.#before.get(series);
    if (before === undefined) {
      before = value;
      this.#before.set(series, before);
    }
    return `${series} ${before}\n${series} ${value - before}`;
  }
}
