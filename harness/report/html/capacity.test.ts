import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capacitySchema } from '../../result/bench/schema-capacity.ts';
import { arbitraryCapacity } from '../../result/testing/arbitrary-of.ts';
import { sampleCapacity, sampleCapacityPoint, sampleCapacitySide } from '../../result/testing/bench-sample.ts';
import { capacityBand, dots, lineThrough, rates, smoothLineThrough } from './capacity/points.ts';
import { renderCapacityHtml } from './capacity.ts';
import { hostile } from './testing/hostile.ts';
import { foreign, holes, outOfOrder, poorFigures, visible } from './testing/page-text.ts';

describe('a capacity', () => {
  it('says first what is carried and under which conditions, then the curve, the search, the CPU, the price', async () => {
    const page = await renderCapacityHtml(sampleCapacity());
    const order = [
      'Capacity of throttled: 79.8/s (78.1/s to 81.6/s)',
      'simulated mesh 2.20',
      'The mesh carries 79.8/s (78.1/s to 81.6/s)',
      'meshed',
    ];
    const then = ['What comes of each rate', 'The search', 'CPU by part', 'The price of the mesh', 'do not count'];
    expect(outOfOrder(page, [...order, ...then.slice(0, 4)])).toBe('');
    expect(visible(page)).toContain('1 point that does not count 75/s (points/003-meshed-75): the telemetry was wrong');
    expect(poorFigures(page)).toEqual([]);
    expect(holes(page)).toEqual([]);
  });

  it.each([
    [78, 'good', '78/s and more'],
    [80, 'unsure', 'is open'],
    [82, 'bad', 'less than 82/s'],
  ] as const)('that was to be %i/s at least looks %s', async (atLeast, mood, text) => {
    const page = await renderCapacityHtml({ ...sampleCapacity(), atLeast });
    expect(page).toContain(`<header class="${mood}">`);
    expect(visible(page)).toContain(text);
  });

  it('has every point of the search with why it counts, or not', async () => {
    const page = visible(await renderCapacityHtml(sampleCapacity()));
    expect(page).toContain('2 looking for a rate that is too high 100/s 80.1/s 500 100% no p99 is 1,240 ms');
    expect(page).toMatch(/3 closing in 75\/s 49\.8\/s 500 100% not counted the telemetry was wrong/);
  });

  it('draws the interval of the capacity as a band, open to the last rate where it has no end', () => {
    const open = sampleCapacitySide({ capacity: { value: 40, low: 40, high: Number.POSITIVE_INFINITY, level: 0.95 } });
    const band = (side: typeof open) => (capacityBand(side, 'x') as { markArea: { data: unknown } }).markArea.data;
    expect(band(open)).toEqual([[{ name: '40/s (95%)', xAxis: 40 }, { xAxis: 100 }]]);
    expect(band(sampleCapacitySide())).toEqual([[expect.objectContaining({ xAxis: 78.1 }), { xAxis: 81.6 }]]);
    expect(capacityBand(sampleCapacitySide({ capacity: null }), 'x')).toEqual({});
    expect(rates(open)).toEqual([50, 100, 75, 40, 48]);
  });

  it('goes through the medians of repeats', () => {
    const dots = [
      [20, 5],
      [10, 1],
      [10, 9],
      [10, 2],
      [20, 7],
    ] as const;
    expect(lineThrough(dots)).toEqual([
      [10, 2],
      [20, 6],
    ]);
  });

  it('draws its line through rates that are almost one as through one', () => {
    const search = [80.1, 79.9, 80.4, 79.2, 80].map((rate, i): [number, number] => [rate, 100 + i]);
    const all: [number, number][] = [[20, 5], ...search, [120, 900]];
    expect(smoothLineThrough(all)).toEqual([
      [20, 5],
      [80, 102],
      [120, 900],
    ]);
    // Each as it is where they are all that there is.
    expect(smoothLineThrough(search)).toHaveLength(5);
    expect(lineThrough(all)).toHaveLength(7);
    expect(smoothLineThrough([])).toEqual([]);
  });

  it('leaves out what does not count', () => {
    const own = dots(sampleCapacitySide().points, ({ latencyMs }) => latencyMs?.p99);
    expect(own).toEqual([
      [50, 58.4],
      [100, 1240],
    ]);
  });

  it('of nothing draws nothing', async () => {
    const none = sampleCapacitySide({ capacity: null, stopped: 'even 1/s misses its objectives', points: [] });
    const page = await renderCapacityHtml(sampleCapacity({ sides: [none], price: null }));
    expect(visible(page)).toContain('No capacity was found: even 1/s misses its objectives');
    expect(page).not.toContain('<svg');
    const uncounted = sampleCapacitySide({ capacity: null, points: [sampleCapacityPoint({ sustained: null })] });
    expect(poorFigures(await renderCapacityHtml(sampleCapacity({ sides: [uncounted], price: null })))).toEqual([]);
  });

  it('escapes whatever a record holds', async () => {
    const page = await renderCapacityHtml(hostile(sampleCapacity(), capacitySchema));
    expect(foreign(page)).toEqual([]);
    expect(page).toContain('&lt;script&gt;');
  });

  it('can be made of any record', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryCapacity, async (result) => {
        const page = await renderCapacityHtml(result);
        expect(foreign(page)).toEqual([]);
        expect(poorFigures(page)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});
