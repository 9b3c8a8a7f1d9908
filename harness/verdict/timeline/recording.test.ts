import { describe, expect, it } from 'vitest';
import type { LedgerTarget, Scrape } from '../../ledger/types.ts';
import type { Segment } from '../incarnations.ts';
import type { Instance } from '../truth.ts';
import type { ComparedCount } from '../witness.ts';
import { edgeKey } from '../witness.ts';
import { fromLead, readingsLine } from './readings-line.ts';
import { Recording } from './recording.ts';

const EDGE = { source: 'shop/web', destination: 'shop/cart', direction: 'outbound' } as const;
const scrape = (t: number): Scrape => ({ t, fromMs: t, untilMs: t + 2, ok: true, startTime: 1 });
const target = (): LedgerTarget => ({ job: '', namespace: 'shop', pod: 'web-0', instance: '', scrapes: [] });
const segment = (id: number, ...times: number[]): Segment => ({
  instance: { id } as Instance,
  scrapes: times.map(scrape),
});

/** A count of one status; `count` and its bounds at each scrape. */
function told(of: Segment, at: LedgerTarget, values: [count: number, low: number, high: number][]): ComparedCount {
  return {
    ...{ ledger: 'prometheus', target: at, segment: of, edge: EDGE, peer: 'out|shop/cart|*', status: '200' },
    values: Float64Array.from(values, ([count]) => count),
    intervals: values.map(([, low, high]) => ({ low, high })),
  };
}

function lineOf(...counts: ComparedCount[]) {
  const recording = new Recording();
  for (const count of counts) recording.compared(count);
  return readingsLine(recording.tracksOf('prometheus', edgeKey(EDGE)), (t) => t);
}

describe('what a judge tells of an edge', () => {
  const own = segment(0, 10, 20);
  const page = target();
  const ok = told(own, page, [
    [3, 2, 4],
    [6, 6, 8],
  ]);

  it('adds up statuses and peers, and knows failures', () => {
    const bad = {
      ...told(own, page, [
        [1, 0, 1],
        [2, 2, 2],
      ]),
      status: '503',
    };
    const elsewhere = {
      ...told(own, page, [
        [1, 1, 1],
        [1, 1, 1],
      ]),
      peer: 'out|shop/cart-2|*',
      status: '',
    };
    expect(lineOf(ok, bad, elsewhere)).toEqual({
      atMs: [11, 21],
      count: [5, 9],
      failures: [2, 3],
      low: [3, 9],
      high: [6, 11],
    });
  });

  it('keeps to what is known of all statuses together, whichever is told first', () => {
    const whole = {
      ...told(own, page, [
        [3, 3, 9],
        [6, 0, 7],
      ]),
      status: null,
    };
    const line = { atMs: [11, 21], count: [3, 6], failures: [0, 0], low: [3, 6], high: [4, 7] };
    expect(lineOf(ok, whole)).toEqual(line);
    expect(lineOf(whole, ok)).toEqual(line);
  });

  it('takes anything for right of which nothing is known', () => {
    const open = told(own, page, [
      [3, 1, Infinity],
      [6, 1, Infinity],
    ]);
    expect(lineOf(open)).toMatchObject({ low: [1, 1], high: [3, 6] });
    expect(lineOf({ ...ok, intervals: null })).toMatchObject({ count: [3, 6], low: [0, 0], high: [3, 6] });
  });

  it('keeps no memory that is used again', () => {
    const values = Float64Array.of(3, 6);
    const recording = new Recording();
    recording.compared({ ...ok, values });
    values.fill(99);
    expect([...recording.tracksOf('prometheus', edgeKey(EDGE))[0]!.count]).toEqual([3, 6]);
    expect(recording.tracksOf('proxy', edgeKey(EDGE))).toEqual([]);
  });
});

describe('readings of several incarnations', () => {
  const page = target();
  const first = told(segment(0, 10, 20), page, [
    [3, 3, 3],
    [6, 6, 6],
  ]);

  it('of one pod go on where the last one ended', () => {
    const second = told(segment(1, 30, 40), page, [
      [1, 1, 2],
      [4, 4, 4],
    ]);
    expect(lineOf(first, second)).toMatchObject({ count: [3, 6, 7, 10], low: [3, 6, 7, 10], high: [3, 6, 8, 10] });
  });

  it('of a proxy that began anew in its pod have what it counted since, and what it had to have', () => {
    const again = told(segment(0, 30, 40), page, [
      [1, 7, 8],
      [4, 10, 10],
    ]);
    expect(lineOf(first, again)).toMatchObject({ count: [3, 6, 1, 4], low: [3, 6, 7, 10], high: [3, 6, 8, 10] });
  });

  it('of a pod that two jobs scrape count twice', () => {
    const other = told(segment(0, 15, 20), target(), [
      [4, 4, 4],
      [6, 6, 6],
    ]);
    expect(lineOf(first, other)).toEqual({
      atMs: [11, 16, 21],
      count: [3, 7, 12],
      failures: [0, 0, 0],
      low: [3, 7, 12],
      high: [3, 7, 12],
    });
  });

  it('begin a little before traffic, but for those that are wrong', () => {
    const line = lineOf(
      told(segment(0, -50, -40, -20, 10), page, [
        [0, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
        [1, 1, 1],
      ]),
    );
    expect(fromLead(line, -30).atMs).toEqual([-39, -19, 11]);
  });
});
