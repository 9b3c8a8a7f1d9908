import { describe, expect, it } from 'vitest';
import type { LedgerTarget, Scrape } from '../ledger/types.ts';
import { segmentsOf } from './incarnations.ts';
import type { Instance } from './truth.ts';

const instance = (id: number, startMs: number): Instance => ({ id, startMs }) as Instance;

const scrape = (t: number, startTime: number | null): Scrape => ({
  ...{ t, fromMs: t, untilMs: t + 5, ok: startTime !== null, startTime },
});

const target = (...scrapes: Scrape[]): LedgerTarget => ({
  ...{ job: 'linkerd-proxy', namespace: 'shop', pod: 'web-1', instance: '127.0.0.1:4191', scrapes },
});

function found(scrapes: Scrape[], instances: Instance[]): [t: number, instance: number][] {
  return segmentsOf(target(...scrapes), instances).flatMap((s) =>
    s.scrapes.map(({ t }): [number, number] => [t, s.instance.id]),
  );
}

describe('segmentsOf', () => {
  const three = [instance(0, 10_020), instance(1, 20_950), instance(2, 21_400)];

  it('finds the incarnation whose start is nearest, when some were never read', () => {
    expect(found([scrape(12_000, 10.01), scrape(23_000, 21.39)], three)).toEqual([
      [12_000, 0],
      [23_000, 2],
    ]);
    expect(found([scrape(21_100, 20.94)], three)).toEqual([[21_100, 1]]);
  });

  it('takes a start that is cut to whole seconds for any moment of that second', () => {
    // By the distance from 21 s it would be the one before.
    expect(found([scrape(12_000, 10), scrape(23_000, 21)], three)).toEqual([
      [12_000, 0],
      [23_000, 2],
    ]);
    expect(found([scrape(21_100, 20)], three)).toEqual([[21_100, 1]]);
  });

  it('of several that began in one second takes the last that was there', () => {
    const twice = [instance(0, 5000), instance(1, 20_100), instance(2, 20_700)];
    expect(found([scrape(20_400, 20)], twice)).toEqual([[20_400, 1]]);
    expect(found([scrape(22_000, 20)], twice)).toEqual([[22_000, 2]]);
  });
});
