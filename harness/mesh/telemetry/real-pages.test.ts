import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { lists, MODELLED } from './not-simulated.ts';
import { type RawBlock, type RawFamily, type RawPage, rawPage } from './testing/raw-page.ts';
import { replay } from './testing/replay.ts';

/** Pages of real proxies, with the truth behind them in the folder's README. */
const FOLDER = new URL('testdata/proxy-v2.366.0/', import.meta.url);
const PAGES = [
  'web-59897ccf-mvzj4',
  'cart-664f644f88-4lkzv',
  'cart-664f644f88-dt945',
  'db-58d56c986b-5l6zg',
  'client',
  'linkerd-destination-86c6c4847-2zgjs',
  'linkerd-identity-77d66c9bd7-mr9j7',
  'linkerd-proxy-injector-5b8b568bf8-mgc2h',
];

/** How long things took is the real run's own: of these histograms the counts are compared, of the gauges nothing. */
const TIMING = /(_duration_seconds|_queue_latency_seconds|^control_\w+_gate_open_time_seconds)$/;
/** These two pods came up before their control plane, whose names could not be resolved for a while. */
const START_UP_RACE: Record<string, RegExp> = {
  'linkerd-identity-77d66c9bd7-mr9j7': /^control_\w+_balancer_queue_/,
  'linkerd-proxy-injector-5b8b568bf8-mgc2h': /^control_\w+_balancer_queue_/,
};

const headers = (page: RawPage) => page.families.flatMap((family) => family.header);
const series = (page: RawPage) =>
  page.families
    .flatMap((family) => [...family.blocks].map(([key, block]) => `${key}\n${block.lines.join('\n')}`))
    .sort();

function number(text: string): number {
  return Number(text.replace('+Inf', 'Infinity'));
}

/** Equal, up to the last digit of a float: the real encoder's is not always the shortest. */
function sameValue(real: string, simulated: string): boolean {
  if (real === simulated) return true;
  const [a, b] = [number(real), number(simulated)];
  return real.includes('.') && Math.abs(a - b) <= Math.abs(a) * 4 * Number.EPSILON;
}

/** Values of a block by line; for timings only those that count. */
function comparable(family: RawFamily, block: RawBlock): [line: string, value: string][] {
  const pairs = block.lines.map((line, i): [string, string] => [line, block.values[i] as string]);
  if (!TIMING.test(family.name)) return pairs;
  return pairs.filter(([line]) => line.includes('_count{'));
}

const shape = (value: string) => (/^\d+$/.test(value) ? 'integer' : /^\d+\.\d+$/.test(value) ? 'float' : value);

describe.each(PAGES)('the page of %s', (name) => {
  const text = readFileSync(new URL(`${name}.prom`, FOLDER), 'utf8');
  const real = rawPage(text);
  const simulatedText = replay(text);
  const simulated = rawPage(simulatedText);

  it('has the families in order, each with its HELP, TYPE and UNIT', () => {
    expect(headers(simulated)).toEqual(headers(real));
    expect(simulated.tail).toBe(real.tail);
    expect(simulated.tail).toBe('# EOF\n');
  });

  it('has every series: labels in order, buckets, layout of lines', () => {
    expect(series(simulated)).toEqual(series(real));
  });

  it('has the values that the same events gave the real one', () => {
    const differing: string[] = [];
    let compared = 0;
    for (const family of real.families) {
      if (lists(MODELLED, family.name) || START_UP_RACE[name]?.test(family.name)) continue;
      const other = simulated.families.find((candidate) => candidate.name === family.name) as RawFamily;
      for (const [key, block] of family.blocks) {
        const values = new Map(comparable(other, other.blocks.get(key) as RawBlock));
        for (const [line, value] of comparable(family, block)) {
          compared++;
          const ours = values.get(line) as string;
          if (!sameValue(value, ours)) differing.push(`${line} ${value}, simulated ${ours}`);
        }
      }
    }
    expect(differing).toEqual([]);
    expect(compared).toBeGreaterThan(150);
  });

  it('prints all values, modelled ones too, in the form of the real one', () => {
    for (const family of real.families) {
      const other = simulated.families.find((candidate) => candidate.name === family.name) as RawFamily;
      for (const [key, block] of family.blocks) {
        const ours = (other.blocks.get(key) as RawBlock).values.map(shape);
        expect([key, ours]).toEqual([key, block.values.map(shape)]);
      }
    }
  });

  it('parses', () => {
    const page = parsePage(simulatedText);
    expect(page.hasEof).toBe(true);
    expect(page.samples.length).toBe(parsePage(text).samples.length);
  });
});

it('counts what the services counted', () => {
  const served = (name: string, status: string) =>
    parsePage(replay(readFileSync(new URL(`${name}.prom`, FOLDER), 'utf8')))
      .samples.filter((s) => s.name === 'response_total' && s.labels.direction === 'inbound')
      .filter((s) => s.labels.status_code === status && s.labels.tls === 'true')
      .reduce((sum, s) => sum + s.value, 0);
  expect([served('web-59897ccf-mvzj4', '200'), served('web-59897ccf-mvzj4', '503')]).toEqual([3025, 226]);
  expect([served('db-58d56c986b-5l6zg', '200'), served('db-58d56c986b-5l6zg', '503')]).toEqual([3180, 71]);
});
