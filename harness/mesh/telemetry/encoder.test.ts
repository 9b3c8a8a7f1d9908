import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePage } from '../../core/page-parser.ts';
import { legacy, registry } from '../profiles/label-groups.ts';
import { HistogramFamily, ScalarFamily } from './families.ts';
import { printLabels } from './labels.ts';
import { legacyInteger, registryFloat } from './numbers.ts';

const BOUNDS = [0.05, 0.5, 1, 10];
const legacyLatency = () => new HistogramFamily(legacy('latency_ms', 'histogram', 'Latency', ['a']));
const registryDuration = () =>
  new HistogramFamily(registry('d_seconds', 'histogram', 'D.', { labels: ['a'], unit: 'seconds', buckets: BOUNDS }));

describe('numbers', () => {
  it.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [30, '30.0'],
    [0.00004687, '0.00004687'],
    [1795358733.91018, '1795358733.91018'],
    [0.000001, '0.000001'],
    [4.687e-7, '4.687e-7'],
    [123456789012345680000, '123456789012345680000.0'],
    [1e21, '1e21'],
    [1.5e30, '1.5e30'],
    [Number.POSITIVE_INFINITY, 'inf'],
    [Number.NaN, 'NaN'],
  ])('prints %d in the registry as %s', (value, text) => {
    expect(registryFloat(value)).toBe(text);
  });

  it('prints floats so that they read back, always with a fraction or an exponent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = registryFloat(value);
        expect(Number(text)).toBe(value);
        expect(text).toMatch(/^-?\d+(\.\d+(e-?\d+)?|e-?\d+)$/);
      }),
    );
  });

  it('wraps legacy counters at 2^53', () => {
    expect([legacyInteger(5), legacyInteger(2 ** 53 - 1), legacyInteger(2 ** 53), legacyInteger(2 ** 53 + 4)]).toEqual([
      '5',
      '9007199254740991',
      '0',
      '4',
    ]);
  });
});

describe('labels', () => {
  it("are those of the bag in the family's order, groups without a comma too many", () => {
    const names = ['a', 'dst_*', 'b'];
    expect(printLabels(names, { b: '2', a: '1', other: '3' })).toBe('a="1",b="2"');
    expect(printLabels(names, { b: '2', 'dst_*': 'dst_x="y"' })).toBe('dst_x="y",b="2"');
    expect(printLabels(names, { a: '', 'dst_*': '' })).toBe('a=""');
  });
});

describe('layout', () => {
  it('of the legacy encoder: full names, le last and integral, count and sum after the buckets', () => {
    const family = legacyLatency();
    family.with({ a: 'x' }).observe(3);
    expect(family.header).toBe('# HELP latency_ms Latency\n# TYPE latency_ms histogram\n');
    const lines = family.body().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'latency_ms_bucket{a="x",le="1"} 0',
      'latency_ms_bucket{a="x",le="2"} 0',
      'latency_ms_bucket{a="x",le="3"} 1',
    ]);
    expect(lines.slice(-5)).toEqual([
      'latency_ms_bucket{a="x",le="50000"} 1',
      'latency_ms_bucket{a="x",le="+Inf"} 1',
      'latency_ms_count{a="x"} 1',
      'latency_ms_sum{a="x"} 3',
      '',
    ]);
    expect(lines).toHaveLength(26 + 2 + 1);
  });

  it('of the registry: base names, units, le first and a float, sum and count before the buckets', () => {
    const family = registryDuration();
    family.with({ a: 'x' }).observe(0.75);
    expect(family.header).toBe('# HELP d_seconds D.\n# TYPE d_seconds histogram\n# UNIT d_seconds seconds\n');
    expect(family.body()).toBe(`d_seconds_sum{a="x"} 0.75
d_seconds_count{a="x"} 1
d_seconds_bucket{le="0.05",a="x"} 0
d_seconds_bucket{le="0.5",a="x"} 0
d_seconds_bucket{le="1.0",a="x"} 1
d_seconds_bucket{le="10.0",a="x"} 1
d_seconds_bucket{le="+Inf",a="x"} 1
`);
    const counter = new ScalarFamily(registry('c', 'counter', 'C.', { labels: ['a'] }));
    counter.with({ a: 'x' }).value = 2;
    expect(counter.header + counter.body()).toBe('# HELP c C.\n# TYPE c counter\nc_total{a="x"} 2\n');
    const gauge = new ScalarFamily(registry('g_seconds', 'gauge', 'G.', { unit: 'seconds', float: true }));
    gauge.with({}).value = 30;
    expect(gauge.body()).toBe('g_seconds 30.0\n');
  });

  it.each([
    ['legacy', legacyLatency, fc.nat(60_000)],
    ['registry', registryDuration, fc.double({ min: 0, max: 20, noNaN: true })],
  ] as const)('of a %s histogram holds for all samples', (_name, make, sample) => {
    fc.assert(
      fc.property(fc.array(sample as fc.Arbitrary<number>), (values) => {
        const family = make();
        const child = family.with({ a: 'x' });
        for (const value of values) child.observe(value);
        const { samples } = parsePage(family.header + family.body());
        const one = (suffix: string) => samples.find((s) => s.name.endsWith(suffix))?.value;
        expect(one('_count')).toBe(values.length);
        expect(one('_sum')).toBe(values.reduce((sum, value) => sum + value, 0));
        const buckets = samples.filter((s) => s.name.endsWith('_bucket'));
        for (const { labels, value } of buckets) {
          const le = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
          expect(value).toBe(values.filter((v) => v <= le).length);
        }
        expect(buckets.map((s) => s.value)).toEqual(buckets.map((s) => s.value).toSorted((a, b) => a - b));
      }),
    );
  });

  it('keeps one series a label set, whatever the order of the bag', () => {
    const label = fc.constantFrom('a', 'b', 'c');
    const bag = fc.dictionary(label, fc.stringMatching(/^[ -!#-[\]-~]{0,6}$/));
    fc.assert(
      fc.property(fc.array(bag), (bags) => {
        const family = new ScalarFamily(legacy('n', 'counter', 'N', ['c', 'a', 'b']));
        for (const one of bags) family.with(Object.fromEntries(Object.entries(one).reverse())).value++;
        const { samples } = parsePage(family.header + family.body());
        expect(new Set(samples.map((s) => JSON.stringify(s.labels))).size).toBe(samples.length);
        expect(samples.reduce((sum, s) => sum + s.value, 0)).toBe(bags.length);
        for (const { labels } of samples) {
          const order = Object.keys(labels);
          expect(order).toEqual(['c', 'a', 'b'].filter((name) => order.includes(name)));
        }
      }),
    );
  });
});
