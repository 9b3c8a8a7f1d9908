import { describe, expect, it } from 'vitest';
import type { PartUsage } from '../../result/bench/types.ts';
import { sampleCapacityPoint } from '../../result/testing/bench-sample.ts';
import { OTHERS, othersOf, othersRemark, readMachine } from './others.ts';

const part = (name: string, cores: number): PartUsage => ({
  part: name,
  cores,
  cpuSecondsPer1000Requests: 0,
  residentBytes: 0,
});
const ours = [part('app', 0.4), part('proxy', 0.6)];

describe('what others took', () => {
  it('is what the machine was busy with beyond what is ours', () => {
    const others = othersOf({ atMs: 1000, busySeconds: 50 }, { atMs: 11_000, busySeconds: 67 }, ours);
    expect(others).toEqual([part(OTHERS, expect.closeTo(0.7, 9))]);
  });

  it('is never below nothing', () => {
    const others = othersOf({ atMs: 0, busySeconds: 50 }, { atMs: 10_000, busySeconds: 55 }, ours);
    expect(others).toEqual([part(OTHERS, 0)]);
  });

  it.each([
    [null, { atMs: 1, busySeconds: 1 }, ours],
    [{ atMs: 0, busySeconds: 1 }, null, ours],
    [{ atMs: 5, busySeconds: 1 }, { atMs: 5, busySeconds: 1 }, ours],
    [{ atMs: 0, busySeconds: 1 }, { atMs: 5, busySeconds: 1 }, []],
  ])('is unknown without both readings and ours: case %#', (first, last, parts) => {
    expect(othersOf(first, last, parts)).toEqual([]);
  });
});

it('is said when it is a good deal of the machine', () => {
  const point = (cores: number) => sampleCapacityPoint({ usage: [...ours, part(OTHERS, cores)] });
  expect(othersRemark([point(0.7), point(0.8), point(0.1)], 2)).toMatch(/took 0\.70 of its 2 cores/);
  expect(othersRemark([point(0.2), point(0.8), point(0.1)], 2)).toBe('');
  expect(othersRemark([sampleCapacityPoint()], 2)).toBe('');
});

it('reads a machine that is busier after some work', () => {
  const before = readMachine();
  // The kernel counts in ticks of 10 ms.
  const until = performance.now() + 60;
  while (performance.now() < until);
  const after = readMachine();
  expect(after.busySeconds).toBeGreaterThan(before.busySeconds);
});
