import { describe, expect, it } from 'vitest';
import type { Timeline } from '../result/timeline/types.ts';
import { read } from './files.ts';
import { numbersIn, withNumbersOf } from './worked-example.ts';

const text = read('docs/ledgers.md');

// Another run's numbers: npm run docs -- docs/tutorial.md
describe.each(['readings', 'buckets'] as const)('the example of docs/ledgers.md: %s', (name) => {
  const rows = numbersIn(text, name);

  it('is there, and each count lies between its bounds', () => {
    expect(rows.length).toBeGreaterThan(6);
    expect(rows.flat().every((number) => Number.isInteger(number))).toBe(true);
    expect(rows.filter(([low, count, high]) => !(low! <= count! && count! <= high!))).toEqual([]);
  });

  it('shows what it says: room on the way, none at the end', () => {
    expect(rows.some(([low, , high]) => low! < high!)).toBe(true);
    const [low, count, high] = rows.at(-1)!;
    expect([low, high]).toEqual([count, count]);
  });
});

it('the numbers are those of a run: counts as they are, buckets added up to the last that somebody is in', () => {
  const flow = { source: 'shop/web', destination: 'shop/cart' };
  const timeline = {
    trafficEndMs: 1900,
    flows: [
      { ...flow, direction: 'inbound', prometheus: { atMs: [0], low: [9], count: [9], high: [9] } },
      {
        ...flow,
        direction: 'outbound',
        prometheus: { atMs: [-40, 1000, 2000], low: [0, 1, 6], count: [0, 2, 6], high: [0, 3, 6] },
      },
    ],
    latencies: [
      { ...flow, direction: 'outbound', edgesMs: [1, 10, 100, null], truth: [0, 2, 4, 0], observed: [1, 2, 3, 0] },
      { ...flow, direction: 'inbound', edgesMs: [1, 10, 100, null], truth: [2, 3, 1, 0], observed: [0, 0, 0, 0] },
    ],
  } as unknown as Timeline;
  const made = withNumbersOf('<!-- readings -->\nold\n<!-- /readings -->\n<!-- buckets --><!-- /buckets -->', timeline);
  expect(made).toContain(
    '| -0.04 s | 0 | 0 | 0 |\n| 1.00 s | 1 | 2 | 3 |\n| 2.00 s, traffic has ended | 6 | 6 | 6 |\n<!--',
  );
  expect(made).toContain('| 1 ms | 0 | 1 | 2 |\n| 10 ms | 2 | 3 | 5 |\n| 100 ms | 6 | 6 | 6 |\n<!--');
  expect(made).not.toContain('old');
  expect(numbersIn(made, 'buckets')).toEqual([
    [0, 1, 2],
    [2, 3, 5],
    [6, 6, 6],
  ]);
});
