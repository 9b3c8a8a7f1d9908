import { describe, expect, it } from 'vitest';
import { checkRoom, needOf, ratesOf } from './memory.ts';
import type { Room } from './room.ts';
import { pointOfSettings, settingsOf } from './testing/points.ts';

const ANYWAY = 'or, at the risk that the system ends Prometheus, --no-memory-check';
const rates = ratesOf([]);
const needs = [100, 1000, 10_000].flatMap((targets) =>
  [500, 1000].map((series) => needOf(settingsOf({ targets, series }), 60, rates)),
);
const room: Room = { memoryBytes: 1e12, memoryOf: 'the machine', diskBytes: 1e12, openFiles: 1e6 };

describe('room for a sweep', () => {
  it('is there', () => {
    expect(() => checkRoom(needs, room)).not.toThrow();
    expect(() => checkRoom([], { ...room, memoryBytes: 0, diskBytes: 0, openFiles: 0 })).not.toThrow();
  });

  it('is refused where memory is short, naming points, estimate, what there is, and flags that fit', () => {
    const small = { ...room, memoryBytes: 8 * 2 ** 30, memoryOf: 'its control group' };
    expect(() => checkRoom(needs, small)).toThrow(
      expect.objectContaining({
        code: 'NOT_ENOUGH_MEMORY',
        message: expect.stringMatching(
          /^2 points of this sweep need more than there is: 10000 x 1000 series each 10 s, edge-26\.8\.3 \(about \d+\.\d GiB\), 10000 x 500 .*; its control group has 8\.0 GiB left$/,
        ),
        hint: `it fits with --targets 100,1000; ${ANYWAY}`,
      }),
    );
  });

  it('is no more than was measured, a snapshot included, and a margin', () => {
    // 2,149 MB of Prometheus with 507,849 series; a thousand pages of a thousand series took 2.8 GiB without a snapshot.
    const { fixed, perSeries } = rates.prometheus;
    expect((fixed + perSeries * 507_849) / 2149e6).toBeGreaterThan(1.1);
    expect((fixed + perSeries * 507_849) / 2149e6).toBeLessThan(1.2);
    expect(() =>
      checkRoom([needOf(settingsOf({ targets: 1000 }), 330, rates)], { ...room, memoryBytes: 5.3e9 }),
    ).not.toThrow();
  });

  it('is not insisted on when that was asked for, but what is short is said', () => {
    const lines: string[] = [];
    checkRoom(needs, { ...room, memoryBytes: 1e9 }, (line) => lines.push(line));
    expect(lines).toEqual([expect.stringMatching(/^not checked, as asked: \d points of this sweep need more/)]);
    expect(() => checkRoom(needs, { ...room, memoryBytes: 1e9, diskBytes: 1e6 }, () => {})).toThrow(
      expect.objectContaining({ code: 'NOT_ENOUGH_DISK' }),
    );
  });

  it('names what fits when no single flag does it, and when nothing does', () => {
    const mixed = [needOf(settingsOf({ targets: 10, series: 2e6 }), 60, rates), ...needs];
    const fitting = { ...room, memoryBytes: needs[3]!.memoryBytes };
    expect(() => checkRoom(mixed, fitting)).toThrow(
      expect.objectContaining({ hint: `it fits with --targets 100,1000; ${ANYWAY}` }),
    );
    expect(() => checkRoom(needs.slice(0, 1), { ...room, memoryBytes: 1e6 })).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^a point of this sweep needs more/),
        hint: `use fewer --targets, or fewer --series; ${ANYWAY}`,
      }),
    );
    const crossed = [needOf(settingsOf({ targets: 1000, series: 100 }), 60, rates), ...needs.slice(4)];
    expect(() =>
      checkRoom([...crossed, needOf(settingsOf({ targets: 1000, series: 1e5 }), 60, rates)], fitting),
    ).toThrow(expect.objectContaining({ hint: `it fits with --series 100; ${ANYWAY}` }));
  });

  it('is refused where disk or open files are short', () => {
    expect(() => checkRoom(needs, { ...room, diskBytes: 1e6 })).toThrow(
      expect.objectContaining({ code: 'NOT_ENOUGH_DISK', hint: expect.stringMatching(/--out$/) }),
    );
    expect(() => checkRoom(needs, { ...room, openFiles: 4096 })).toThrow(
      expect.objectContaining({
        code: 'NOT_ENOUGH_FILES',
        message: expect.stringMatching(/\(about 20200 open files\).*a process may have 4096 \(ulimit -Hn\)$/),
        hint: 'it fits with --targets 100,1000; or raise that limit',
      }),
    );
  });

  it('is estimated by what was measured, once that tells', () => {
    const tiny = pointOfSettings(settingsOf({ targets: 10 }), { residentBytesMax: 9e8 });
    expect(ratesOf([tiny])).toEqual(rates);
    const large = pointOfSettings(settingsOf({ targets: 1000 }), { residentBytesMax: 150e6 + 2e9 });
    const measured = ratesOf([tiny, large]);
    // 2,150 MB with room for a snapshot, less what is there without a series.
    expect(measured.prometheus).toEqual({ fixed: 150e6, perSeries: (2150e6 * 1.4 - 150e6) / 1e6 });
    const wanted = settingsOf({ targets: 3000 });
    expect(needOf(wanted, 60, measured).memoryBytes).toBeLessThan(needOf(wanted, 60, rates).memoryBytes);
  });

  it('is more where pods come and go', () => {
    const need = (churn: number) => needOf(settingsOf({ churn }), 120, rates).memoryBytes;
    // A quarter each minute: half as many series again.
    expect(need(0.25) - need(0)).toBeCloseTo(0.5 * 1e5 * rates.prometheus.perSeries);
  });
});
