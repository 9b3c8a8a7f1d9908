import { describe, expect, it } from 'vitest';
import { storedBy, targetsOf } from './scrapes.ts';

const window = { intervalMs: 1000, fromMs: 100_000, untilMs: 160_000 };
const FOREVER = Number.POSITIVE_INFINITY;
const up = (pod: string) => ({ labels: { namespace: 'shop', pod }, samples: [{ t: 120_000, v: 1 }] });

describe('targets of a window', () => {
  it('are the pods that were there, each while it was', () => {
    const lives = new Map([
      ['shop/old', { fromMs: 0, untilMs: FOREVER }],
      ['shop/unseen', { fromMs: 0, untilMs: FOREVER }],
      ['shop/gone', { fromMs: 0, untilMs: 90_000 }],
      ['shop/going', { fromMs: 0, untilMs: 130_000 }],
      ['shop/new', { fromMs: 110_000, untilMs: FOREVER }],
      ['shop/brief', { fromMs: 110_000, untilMs: 115_000 }],
      ['shop/last', { fromMs: 155_000, untilMs: FOREVER }],
    ]);
    const targets = targetsOf([up('old'), up('new'), up('going')], lives, window);
    const old = { fromMs: 100_000, untilMs: 160_000 };
    expect(targets).toEqual([
      { name: 'shop/old', up: up('old').samples, ...old },
      { name: 'shop/unseen', up: [], ...old },
      { name: 'shop/going', up: up('going').samples, fromMs: 100_000, untilMs: 129_000 },
      // It is discovered within ten seconds, and scraped within an interval.
      { name: 'shop/new', up: up('new').samples, fromMs: 121_000, untilMs: 160_000 },
    ]);
  });
});

describe('what was stored of a window', () => {
  const series = (pod: string, samples: [t: number, v: number][]) => ({
    labels: { namespace: 'shop', pod },
    samples: samples.map(([t, v]) => ({ t, v })),
  });
  const before: [number, number] = [100_000, 1];
  const after: [number, number] = [160_001, 1];

  it('is of scrapes that were answered within it, the end included', () => {
    const answers = series('a', [before, [100_001, 1], [110_000, 0], [160_000, 1], after]);
    const kept = series(
      'a',
      answers.samples.map(({ t }) => [t, 500]),
    );
    expect(storedBy([answers], [kept], window)).toEqual({ scrapes: 2, samples: 1000 });
  });

  it('is of the same scrapes, whatever lands between two questions', () => {
    const [a, b] = [series('a', [[120_000, 1]]), series('b', [[120_000, 1]])];
    const later = [series('a', [[120_000, 500]]), series('b', [[120_000, 400]]), series('late', [[119_000, 300]])];
    later[0]!.samples.push({ t: 121_000, v: 500 });
    expect(storedBy([a, b], later, window)).toEqual({ scrapes: 2, samples: 900 });
  });
});
