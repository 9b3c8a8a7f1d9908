import { describe, expect, it } from 'vitest';
import { trusted } from '../markup.ts';
import { renderRunHtml } from '../run.ts';
import { type SampleSuite, sampleSuite, type Trouble } from '../testing/suite-sample.ts';
import { drawWithin, PAGE_BYTES, type Piece, RANK, without } from './budget.ts';
import { elements, type PageElement, parsePage, textIn } from './testing.ts';

const MEGABYTE = 1_000_000;
/**
 * Of CPU time for a suite of 15 scenarios, on one core. It takes 0.6 s on a small cloud machine when nothing else runs there, and
 * half as much again where others share its caches. The best of three: the first loads and compiles what draws.
 */
const CPU_MS = 1500;
/** Of wall time, which nothing is asserted of. */
const TIMEOUT_MS = 60_000;

const page = ({ result, timelines, configurations }: SampleSuite) => renderRunHtml(result, timelines, configurations);
const classed = (root: PageElement, name: string, of: string) =>
  elements(root, name).filter(({ attributes }) => attributes.class?.split(' ').includes(of));
const scenarios = (root: PageElement) => classed(root, 'details', 'scenario');
const flows = (root: PageElement) =>
  classed(root, 'svg', 'chart').filter(({ attributes }) => attributes['aria-label']!.includes('at the end'));
const latencies = (root: PageElement) =>
  classed(root, 'svg', 'chart').filter(({ attributes }) => !attributes['aria-label']!.includes('at the end'));

describe('the size of report.html', () => {
  it.each<[Trouble, number]>([
    ['some', 15],
    ['all', 15],
    ['prometheus-down', 15],
    ['some', 31],
    ['all', 31],
    ['all', 90],
  ])(
    'is less than a megabyte where %s are in trouble, of %i scenarios',
    async (trouble, count) => {
      const text = await page(sampleSuite(count, trouble));
      expect(Buffer.byteLength(text)).toBeLessThan(MEGABYTE);
      // Headings and legends are counted as well.
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(PAGE_BYTES);
      expect(scenarios(parsePage(text))).toHaveLength(count);
    },
    TIMEOUT_MS,
  );

  it(
    'takes little time for a suite of 15 scenarios',
    async () => {
      const suite = sampleSuite(15);
      const took: number[] = [];
      for (let i = 0; i < 3; i++) {
        const before = process.cpuUsage();
        await page(suite);
        const { user, system } = process.cpuUsage(before);
        took.push((user + system) / 1000);
      }
      expect(Math.min(...took)).toBeLessThan(CPU_MS);
    },
    TIMEOUT_MS,
  );
});

describe('what a page has no room for', { timeout: TIMEOUT_MS }, () => {
  it('is nothing in a small suite: both sides of every edge, queries, configuration', async () => {
    const root = parsePage(await page(sampleSuite(3)));
    expect(scenarios(root).map((part) => [flows(part).length, latencies(part).length])).toEqual([
      [8, 4],
      [8, 4],
      [9, 5],
    ]);
    expect(textIn(root)).not.toContain('Left out');
    expect(elements(root, 'h4').filter((one) => textIn(one) === 'Configuration')).toHaveLength(3);
    expect(textIn(root)).not.toContain('Without a chart here');
  });

  it('is first one side of edges where all is well, then charts of scenarios that passed', async () => {
    const root = parsePage(await page(sampleSuite(15)));
    const failing = scenarios(root).filter((_, i) => i % 3 === 2);
    // The edge that is wrong, and the callee's side of the others; one edge has no other side.
    for (const part of failing) expect(flows(part).length).toBeGreaterThanOrEqual(5);
    const many = scenarios(parsePage(await page(sampleSuite(60))));
    expect(many.filter((_, i) => i % 3 === 2).flatMap(flows).length).toBeGreaterThan(0);
    expect(many.filter((_, i) => i % 3 !== 2).flatMap(flows)).toEqual([]);
  });

  it('is named in its scenario, with the way to have it', async () => {
    const root = parsePage(await page(sampleSuite(60)));
    for (const [i, part] of scenarios(root).entries()) {
      const [note] = classed(part, 'p', 'left-out');
      expect(textIn(note!)).toMatch(/^Left out, so that this page stays below 1 MB: .*\d charts? over time/);
      expect(textIn(note!)).toContain(`meshproof report RUN/scenario-${i} `);
      expect(textIn(note!)).toContain(`scenario-${i}/timeline.json`);
    }
  });

  it('is whole on a page of its scenario alone', async () => {
    const { result, timelines, configurations } = sampleSuite(60);
    for (const scenario of result.scenarios.slice(1, 3)) {
      const root = parsePage(await renderRunHtml({ ...result, scenarios: [scenario] }, timelines, configurations));
      expect(flows(root)).toHaveLength(timelines.get(scenario.name)!.flows.length);
      expect(classed(root, 'p', 'left-out')).toEqual([]);
    }
  });

  it('says of charts which side is missing', async () => {
    const suite = sampleSuite(1);
    const [scenario] = suite.result.scenarios;
    const many = Array.from({ length: 22 }, (_, i) => ({ ...scenario!, name: `s${i}` }));
    const timelines = new Map(many.map(({ name }) => [name, suite.timelines.get(scenario!.name)!]));
    const root = parsePage(await renderRunHtml({ ...suite.result, scenarios: many }, timelines));
    const one = scenarios(root).find((part) => flows(part).length === 4)!;
    expect(textIn(one)).toMatch(
      /Of edges where all is well the callee’s side is drawn.*Without a chart here: meshproof\/load -> shop\/web, outbound;/,
    );
  });
});

describe('drawing within a room', () => {
  const piece = (scenario: number, rank: number, size: number, kind: Piece['kind'] = 'tables'): Piece => {
    return { scenario, kind, rank, draw: () => trusted('x'.repeat(size)) };
  };
  const names = (pieces: readonly Piece[], bytes: number, charts?: number) =>
    [...drawWithin(pieces, bytes, charts).keys()].map((one) => pieces.indexOf(one));

  it('goes by rank, then by turns', () => {
    const pieces = [piece(0, 2, 10), piece(0, 2, 10), piece(1, 2, 10), piece(1, RANK.trouble, 10)];
    expect(names(pieces, 40)).toEqual([3, 0, 2, 1]);
    expect(names(pieces, 30)).toEqual([3, 0, 2]);
    expect(names(pieces, 0)).toEqual([]);
  });

  it('leaves out what is too large, and takes what is smaller', () => {
    expect(names([piece(0, 1, 50), piece(0, 2, 10)], 40)).toEqual([1]);
  });

  it('draws no more charts than it may, and none in vain', () => {
    const pieces = [1, 2, 3].map((rank) => piece(0, rank, 10, 'flow'));
    expect(names([...pieces, piece(0, 4, 10)], 100, 2)).toEqual([0, 1, 3]);
    let drawn = 0;
    const large: Piece = { ...piece(0, 1, 0, 'flow'), draw: () => trusted('x'.repeat(100 + drawn++)) };
    drawWithin([large, { ...large }, { ...large }], 50);
    expect(drawn).toBe(1);
  });

  it('gives back the last first', () => {
    const pieces = [1, 2, 3].map((rank) => piece(0, rank, 10));
    expect([...without(drawWithin(pieces, 100), 11).keys()]).toEqual([pieces[0]]);
  });
});
