import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { PROFILES } from '../../mesh/profiles/index.ts';
import { describeShape, shapeFor } from './shape.ts';
import { Traffic } from './traffic.ts';

const VERSIONS = PROFILES.map(({ proxyVersion }) => proxyVersion);

describe('shapeFor', () => {
  it.each(VERSIONS)('comes within 5%% of the series that are asked for: %s', (version) => {
    for (const series of [1000, 1500, 4000]) {
      const found = describeShape(shapeFor({ version, series })).series;
      expect(Math.abs(found / series - 1), `${found} for ${series}`).toBeLessThan(0.05);
    }
  });

  it('has the edges that are asked for, two to a Service, and as many callers as Services', () => {
    expect(shapeFor({ version: '2.20', edges: 7 })).toEqual({
      version: 'v2.359.0',
      edges: 7,
      services: 4,
      routes: 1,
      clients: 4,
      thirdStatuses: 0,
    });
  });

  it('grows with edges and routes', () => {
    const sizes = [0, 1, 2, 5, 20].map((edges) => describeShape(shapeFor({ version: '2.20', edges })).series);
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(new Set(sizes).size).toBe(sizes.length);
    const routed = describeShape(shapeFor({ version: '2.20', edges: 2, routes: 3 })).series;
    expect(routed).toBeGreaterThan(sizes[2]!);
  });

  it('refuses what no page can be', () => {
    expect(() => shapeFor({ version: '2.20', series: 50 })).toThrow(
      /a page of 50 series: one of v2\.359\.0 has \d+ at least/,
    );
    expect(() => shapeFor({ version: '2.20', edges: -1 })).toThrow('-1 edges');
    expect(() => shapeFor({ version: '2.20', edges: 1.5 })).toThrow('1.5 edges');
    expect(() => shapeFor({ version: '2.20', edges: 2000 })).toThrow('2000 edges');
    expect(() => shapeFor({ version: '9.99', edges: 1 })).toThrow('no profile of mesh version');
  });
});

describe('describeShape', () => {
  it.each(VERSIONS)('counts what stands on the page: %s', (version) => {
    const shape = shapeFor({ version, series: 1000 });
    const text = new Traffic(shape).render();
    const { samples } = parsePage(text);
    const { series, bytes, families } = describeShape(shape);
    expect(series).toBe(samples.length);
    expect(bytes).toBe(Buffer.byteLength(text));
    expect(families.reduce((sum, family) => sum + family.series, 0)).toBe(series);
    const latency = samples.filter(({ name }) => /^response_latency_ms_(?:bucket|sum|count)$/.test(name)).length;
    expect(families.find(({ name }) => name === 'response_latency_ms')?.series).toBe(latency);
    expect(describeShape(shape)).toEqual(describeShape({ ...shape }));
  });

  it('has about what a real proxy in the middle of a chain shows, whose callee has two pods', () => {
    const { series } = describeShape({
      version: 'v2.366.0',
      edges: 2,
      services: 1,
      routes: 1,
      clients: 1,
      thirdStatuses: 0,
    });
    expect(series).toBeGreaterThan(752 * 0.95);
    expect(series).toBeLessThan(752 * 1.05);
  });
});
